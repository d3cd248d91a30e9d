import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from tunedesk.gui.help_dialogs import KeysDialog


@pytest.fixture
def dialog(qtbot, theme, actions):
    for action_id in ("example.new", "example.duplicate", "example.reject", "edit.undo"):
        actions.bind(action_id, lambda: None)
    dialog = KeysDialog(theme, actions)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def _row(dialog, action_id):
    return next(row for row in dialog.rows if row.spec.id == action_id)


def test_only_what_can_be_done_is_listed(dialog):
    assert {row.spec.id for row in dialog.rows} == {
        "example.new",
        "example.duplicate",
        "example.reject",
        "edit.undo",
    }


def test_search_narrows_by_name_and_key(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "ctrl+d")
    assert [row.label for row in dialog.rows if row.isVisible()] == ["Duplicate example"]
    dialog.search.setText("reject")
    assert [row.label for row in dialog.rows if row.isVisible()] == ["Reject"]
    dialog.search.setText("nonsense")
    assert dialog._nothing.isVisible()


def test_key_is_changed_by_pressing_it(dialog, actions, qtbot):
    row = _row(dialog, "example.reject")
    row.change.click()
    assert row.editor.hasFocus() or row.editor.isVisible()
    qtbot.keyClick(row.editor, Qt.Key.Key_X)
    assert actions["example.reject"].shortcut() == QKeySequence("X")
    assert not row.editor.isVisible()
    assert row.reset.isVisible()
    row.reset.click()
    assert actions["example.reject"].shortcut() == QKeySequence("R")


def test_conflict_is_said_in_the_row(dialog, actions, qtbot):
    row = _row(dialog, "example.duplicate")
    row.change.click()
    qtbot.keyClick(row.editor, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert "New example" in row.message.text()
    assert row.message.isVisible()
    assert actions.keys("example.duplicate") == ["Ctrl+D"]


def test_escape_leaves_the_key_and_the_dialog(dialog, actions, qtbot):
    row = _row(dialog, "example.reject")
    row.change.click()
    qtbot.keyClick(row.editor, Qt.Key.Key_Escape)
    assert not row.editor.isVisible()
    assert dialog.isVisible()
    assert actions.keys("example.reject") == ["R"]


def test_reset_all(dialog, actions, settings):
    actions.set_key("example.reject", "X")
    actions.set_key("example.new", "Ctrl+Alt+N")
    dialog._reset_all()
    assert settings.keys == {}
    assert not _row(dialog, "example.reject").reset.isVisible()
