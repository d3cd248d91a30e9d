"""The window tells what happened, asks before what cannot be taken back, and shows progress."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSystemTrayIcon, QWidget

from tunedesk.errors import UserError
from tunedesk.gui import feedback as feedback_module


def _button(widget, text):
    return next(b for b in widget.findChildren(QPushButton) if b.text() == text)


def test_toast_says_text_as_it_is_and_goes(feedback, window, qtbot):
    window.show()
    toast = feedback.toast("<b>Not bold</b>")
    assert toast.sentence.text() == "<b>Not bold</b>"
    assert toast.sentence.textFormat() == Qt.TextFormat.PlainText
    assert toast.isVisible()
    assert window.rect().contains(toast.geometry())
    toast._timer.setInterval(1)
    toast._timer.start()
    qtbot.waitUntil(lambda: not feedback.toasts())


def test_toast_offers_one_thing_to_do(feedback, window, qtbot):
    window.show()
    done = []
    toast = feedback.toast("Deleted 3 examples", "Undo", lambda: done.append(True))
    qtbot.mouseClick(_button(toast, "Undo"), Qt.MouseButton.LeftButton)
    assert done == [True]
    assert not feedback.toasts()


def test_error_stays_until_it_is_closed(feedback, window, qtbot):
    window.show()
    toast = feedback.error(UserError("The file cannot be read.", "Choose another one."))
    assert not toast._timer.isActive()
    assert toast.accessibleName() == "The file cannot be read. Choose another one."
    qtbot.keyClick(_button(toast, "Close"), Qt.Key.Key_Escape)
    assert not feedback.toasts()


def test_at_most_three_messages_show(feedback, window):
    window.show()
    for number in range(5):
        feedback.toast(f"Message {number}")
    assert [toast.sentence.text() for toast in feedback.toasts()] == [
        "Message 2",
        "Message 3",
        "Message 4",
    ]
    tops = [toast.y() for toast in feedback.toasts()]
    assert tops == sorted(tops)


def test_messages_keep_their_place_when_the_window_grows(feedback, window, qtbot):
    window.show()
    toast = feedback.toast("Here")
    window.resize(1200, 800)
    qtbot.waitUntil(lambda: toast.geometry().bottom() > 600)
    assert 1200 - 30 < toast.geometry().right() < 1200


def test_progress_shows_how_far_and_can_be_cancelled(feedback, qtbot):
    line = feedback.progress_line
    qtbot.addWidget(line)
    cancelled = []
    handle = feedback.progress("Importing", lambda: cancelled.append(True))
    handle.report(3_000_000_000, 6_000_000_000)
    handle.set_note("40,000 rows a second")
    assert not line.isHidden()
    assert "50 %" in line._label.text()
    assert "40,000 rows a second" in line._label.text()
    _button(line, "Cancel").click()
    _button(line, "Cancel").click()
    assert cancelled == [True]
    handle.close()
    assert line.isHidden()


def test_progress_without_an_end_and_several_at_once(feedback, qtbot):
    line = feedback.progress_line
    qtbot.addWidget(line)
    first, second = feedback.progress("Checking"), feedback.progress("Indexing")
    second.report(5, None)
    assert line._bar.maximum() == 0
    assert "Indexing" in line._label.text()
    assert "1 more" in line._label.text()
    second.close()
    assert "Checking" in line._label.text()
    first.close()


@pytest.mark.parametrize("danger", [False, True])
def test_enter_leaves_everything_as_it_is_in_every_question(feedback, window, qtbot, danger):
    window.show()
    done = []
    dialog = feedback.confirm(
        "Approve an example with an empty message?",
        "A model that learns from it learns to say nothing.",
        "Approve anyway",
        lambda: done.append(True),
        danger=danger,
    )
    assert _button(dialog, "Cancel").isDefault()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert done == []


def test_confirm_says_what_it_does(feedback, window, qtbot):
    window.show()
    done = []
    dialog = feedback.confirm(
        "Delete the preset?",
        "It cannot come back.",
        "Delete",
        lambda: done.append(True),
        danger=True,
    )
    assert _button(dialog, "Cancel").isDefault()
    _button(dialog, "Delete").click()
    assert done == [True]


def test_news_while_the_user_is_elsewhere_stays_and_is_told_by_the_desktop(
    feedback, window, qtbot, monkeypatch
):
    window.show()
    alerted, told, done = [], [], []
    monkeypatch.setattr(feedback_module, "is_in_front", lambda: False)
    monkeypatch.setattr(QApplication, "alert", lambda *_args: alerted.append(True))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    # Without a screen there is no place for its icon.
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda _tray: None)
    monkeypatch.setattr(QWidget, "raise_", lambda _window: None)
    monkeypatch.setattr(
        QSystemTrayIcon, "showMessage", lambda _tray, title, text, _icon: told.append((title, text))
    )
    toast = feedback.news("“v1” is ready.", "Show", lambda: done.append(True))
    assert not toast._timer.isActive()
    assert (alerted, told) == ([True], [("Tunedesk", "“v1” is ready.")])
    message = feedback._system_message
    message.back.emit()
    assert toast._timer.isActive()
    (tray,) = message.findChildren(QSystemTrayIcon)
    tray.messageClicked.emit()
    assert done == [True]
    qtbot.waitUntil(lambda: not message.findChildren(QSystemTrayIcon))


def test_news_in_front_of_the_user_is_a_toast_alone(feedback, window, monkeypatch):
    window.show()
    monkeypatch.setattr(feedback_module, "is_in_front", lambda: True)
    toast = feedback.news("“v1” is ready.", "Show", lambda: None)
    assert toast._timer.isActive()
    assert not feedback._system_message.findChildren(QSystemTrayIcon)


def test_no_button_lies_over_the_text_of_a_message(window, feedback):
    window.show()
    toast = feedback.error(
        UserError("“Law” was deleted while it was open.", "Nothing is lost: it goes on. " * 3),
        "Save elsewhere …",
        lambda: None,
    )
    texts = [label.geometry() for label in toast.findChildren(QLabel)]
    buttons = [button.geometry() for button in toast.findChildren(QPushButton)]
    assert len(texts) == 2
    assert len(buttons) == 2
    assert not any(text.intersects(button) for text in texts for button in buttons)
    assert window.rect().contains(toast.geometry())


def _shown(feedback):
    return [toast.sentence.text() for toast in feedback.toasts()]


def test_errors_have_one_place_and_those_before_come_back_when_the_newest_is_closed(
    feedback, window
):
    window.show()
    for number in range(3):
        feedback.error(UserError(f"Error {number}", "Do something."))
    toast = feedback.toast("In passing")
    assert _shown(feedback) == ["Error 2", "In passing"]
    newest = feedback.toasts()[0]
    assert newest.accessibleDescription() == "2 earlier messages are behind this one."
    newest.close_now()
    assert _shown(feedback) == ["In passing", "Error 1"]
    assert feedback.toasts()[1].accessibleDescription() == "1 earlier message is behind this one."
    assert feedback.toasts()[1].isVisible()
    feedback.toasts()[1].close_now()
    assert feedback.toasts()[1].accessibleDescription() == ""
    feedback.toasts()[1].close_now()
    assert feedback.toasts() == [toast]


def test_all_errors_can_be_closed_at_once(feedback, window, qtbot):
    window.show()
    for number in range(30):
        feedback.error(f"Error {number}")
    assert _shown(feedback) == ["Error 29"]
    newest = feedback.toasts()[0]
    assert newest.accessibleDescription() == "20 earlier messages are behind this one."
    qtbot.mouseClick(_button(newest, "Close all"), Qt.MouseButton.LeftButton)
    assert not feedback.toasts()
    feedback.error("Another")
    assert _shown(feedback) == ["Another"]
    assert feedback.toasts()[0].accessibleDescription() == ""


def test_what_is_said_again_stands_once_with_its_count(feedback, window):
    window.show()
    feedback.error("Once.")
    assert feedback.toasts()[0].accessibleDescription() == ""
    feedback.error("Once.")
    assert feedback.toasts()[0].accessibleDescription() == "Said 2 times."
    feedback.toasts()[0].close_now()
    for _number in range(3):
        feedback.error("The disk is full.")
        feedback.error("Something else.")
    feedback.error("The disk is full.")
    assert _shown(feedback) == ["The disk is full."]
    assert feedback.toasts()[0].accessibleDescription() == (
        "Said 4 times. 1 earlier message is behind this one."
    )
    feedback.toasts()[0].close_now()
    assert _shown(feedback) == ["Something else."]
    assert feedback.toasts()[0].accessibleDescription() == "Said 3 times."
    feedback.toast("Nothing was to be done.")
    feedback.toast("Nothing was to be done.")
    assert _shown(feedback) == ["Something else.", "Nothing was to be done."]


def test_what_has_to_be_read_is_not_pushed_away_by_messages_in_passing(feedback, window):
    window.show()
    feedback.toast("The import had been cut off.", lasting=True)
    for number in range(5):
        feedback.toast(f"Message {number}")
    assert _shown(feedback) == ["The import had been cut off.", "Message 3", "Message 4"]
    assert not feedback.toasts()[0]._timer.isActive()


def test_the_focus_goes_back_where_it_was_when_a_message_closes(feedback, window, qtbot):
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.field.hasFocus())
    feedback.error("First")
    second = feedback.error("Second")
    feedback.remember_focus()
    second.close_button.setFocus()
    feedback.remember_focus()
    qtbot.keyClick(second.close_button, Qt.Key.Key_Escape)
    first = feedback.toasts()[0]
    assert first.close_button.hasFocus()
    qtbot.keyClick(first.close_button, Qt.Key.Key_Escape)
    assert window.field.hasFocus()
