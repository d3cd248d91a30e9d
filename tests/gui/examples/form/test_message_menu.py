"""The menu of a message."""

from PySide6.QtCore import QPoint
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
