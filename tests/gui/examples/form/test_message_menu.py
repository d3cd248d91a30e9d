"""The menu of a message."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication


def test_the_role_is_changed_from_its_menu(show, short, card, messages, qtbot):
    show(short)
    card(1).head.role.click()
    menu = QApplication.activePopupWidget()
    next(a for a in menu.actions() if a.text() == "Assistant").trigger()
    menu.close()
    assert messages()[1][0] == "assistant"
    assert card(1).parts.first_text().accessibleName() == "Assistant message 2"


def test_the_menu_key_opens_all_that_can_be_done(show, short, text_box, qtbot):
    show(short)
    text_box(2).setFocus()
    text_box(2).menu_requested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    words = {action.text().partition("\t")[0] for action in menu.actions()}
    menu.close()
    assert {
        "Cut",
        "Paste",
        "Spelling",
        "Role",
        "Train on this",
        "Add tool call",
        "Add refusal",
    } <= words
    assert {"Split at the cursor", "Merge with the next", "Delete message"} <= words


ALT_SHIFT = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


def test_a_new_message_takes_the_role_that_comes_next(show, short, messages, actions, form):
    show(short)
    form._conversation._footer.add.click()
    assert messages()[3] == ("user", "")
    actions["message.add"].trigger()
    assert messages()[4] == ("assistant", "")
    assert QApplication.focusWidget().accessibleName() == "Assistant message 5"


def test_move_by_keys_takes_the_cursor_along(show, short, messages, text_box, qtbot, window):
    show(short)
    text_box(2).setFocus()
    text_box(2).set_cursor_position(2)
    qtbot.keyClick(text_box(2), Qt.Key.Key_Up, ALT_SHIFT)
    assert messages()[1] == ("assistant", "Hello!")
    assert text_box(1).hasFocus()
    assert text_box(1).cursor_position() == 2
    qtbot.keyClick(text_box(1), Qt.Key.Key_Down, ALT_SHIFT)
    assert messages()[2] == ("assistant", "Hello!")


def test_split_merge_duplicate_delete(show, short, messages, text_box, actions):
    show(short)
    text_box(2).setFocus()
    text_box(2).set_cursor_position(3)
    actions["message.split"].trigger()
    assert messages()[2:] == [("assistant", "Hel"), ("assistant", "lo!")]
    assert text_box(3).hasFocus()
    text_box(2).setFocus()
    actions["message.merge"].trigger()
    assert messages()[2:] == [("assistant", "Hel\n\nlo!")]
    actions["message.duplicate"].trigger()
    assert len(messages()) == 4
    actions["message.delete"].trigger()
    actions["message.delete"].trigger()
    assert [role for role, _text in messages()] == ["system", "user"]
    assert text_box(1).hasFocus()
