"""Closing while this computer trains is asked about, until the user has agreed."""

from PySide6.QtWidgets import QDialog, QPushButton

from tunedesk.gui.workspace import TOLD_THAT_TRAINING_GOES_ON, ask_about_training


def press(window, text):
    dialog = window.findChildren(QDialog)[-1]
    next(b for b in dialog.findChildren(QPushButton) if b.text() == text).click()


def test_is_asked_until_the_user_has_agreed(window, feedback, settings, qtbot):
    window.show()
    closed = []
    assert ask_about_training(settings, feedback, lambda: closed.append(True))
    press(window, "Cancel")
    assert closed == []
    assert ask_about_training(settings, feedback, lambda: closed.append(True))
    press(window, "Close the window")
    assert closed == [True]
    assert settings.window[TOLD_THAT_TRAINING_GOES_ON] is True
    assert not ask_about_training(settings, feedback, lambda: closed.append(True))
