"""Before the window closes on a training, it is said once that the training goes on."""

from PySide6.QtWidgets import QDialog, QPushButton

from tunedesk.gui.training_question import TOLD, ask_about_training


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
    assert settings.window[TOLD] is True
    assert not ask_about_training(settings, feedback, lambda: closed.append(True))
