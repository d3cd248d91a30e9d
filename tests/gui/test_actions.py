import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.action_table import ACTIONS, ActionSpec
from tunedesk.gui.actions import FORBIDDEN_KEYS, Actions
from tunedesk.settings import Settings


@pytest.fixture
def screen(qtbot, actions, theme):
    """A window with texts and a button, in which the keys of all actions act."""
    screen = QWidget()
    screen.text, screen.field, screen.button = QPlainTextEdit(), QLineEdit(), QPushButton("Row")
    layout = QVBoxLayout(screen)
    for widget in (screen.text, screen.field, screen.button):
        layout.addWidget(widget)
    actions.add_to(screen)
    qtbot.addWidget(screen)
    screen.show()
    qtbot.waitUntil(screen.isActiveWindow)
    screen.button.setFocus()
    return screen


def test_names_and_keys_are_unique():
    ids = [spec.id for spec in ACTIONS]
    assert len(ids) == len(set(ids))
    keys = [QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys]
    assert sorted(keys) == sorted(set(keys))
    assert "" not in keys


def test_no_key_destroys_by_habit():
    for spec in ACTIONS:
        for key in spec.keys:
            assert "Backspace" not in key, spec.id
            assert key not in FORBIDDEN_KEYS, spec.id
        if "delete" in spec.id:
            assert all(len(key) > 1 for key in spec.keys), spec.id


def test_unconnected_action_shows_nowhere(actions):
    assert not actions["example.new"].isVisible()
    actions.bind("example.new", lambda: None)
    assert actions["example.new"].isVisible()
    actions.release("example.new")
    assert not actions["example.new"].isVisible()
    assert not actions.connected("example.new")


def test_handler_is_called_and_replaced(actions):
    calls = []
    actions.bind("example.new", lambda: calls.append(1))
    actions.bind("example.new", lambda: calls.append(2))
    actions["example.new"].trigger()
    assert calls == [2]


def test_checkable_action_tells_its_state(actions):
    states = []
    actions.bind("view.raw", states.append)
    actions["view.raw"].trigger()
    actions["view.raw"].trigger()
    assert states == [True, False]


def test_tooltip_has_the_key_as_plain_text(actions):
    assert actions["example.new"].toolTip() == "New example (Ctrl+N)"
    actions.declare(ActionSpec("x.y", "Say <b>this</b>", ("Ctrl+7",)))
    assert "&lt;b&gt;" in actions["x.y"].toolTip()


def test_key_is_changed_kept_and_reset(actions, settings):
    actions.set_key("example.new", "Ctrl+Alt+N")
    assert actions["example.new"].shortcut() == QKeySequence("Ctrl+Alt+N")
    assert "Ctrl+Alt+N" in actions["example.new"].toolTip()
    again = Actions(settings)
    assert again["example.new"].shortcut() == QKeySequence("Ctrl+Alt+N")
    actions.reset_keys("example.new")
    assert actions["example.new"].shortcut() == QKeySequence("Ctrl+N")
    assert settings.keys == {}


def test_conflict_is_said(actions):
    with pytest.raises(UserError, match="New example"):
        actions.set_key("example.duplicate", "Ctrl+N")
    assert actions.keys("example.duplicate") == ["Ctrl+D"]


@pytest.mark.parametrize("key", ["Backspace", "Tab", "Space"])
def test_keys_of_writing_are_refused(actions, key):
    with pytest.raises(UserError, match="writing"):
        actions.set_key("example.reject", key)


def test_key_can_be_taken_away(actions):
    actions.set_key("example.reject", "")
    assert actions.keys("example.reject") == []
    assert actions["example.reject"].toolTip() == "Reject"


def test_letter_acts_outside_a_text_only(actions, screen, qtbot):
    calls = []
    actions.bind("example.reject", lambda: calls.append("reject"))
    actions.bind("help.keys", lambda: calls.append("keys"))
    for widget in (screen.text, screen.field):
        widget.setFocus()
        qtbot.keyClicks(widget, "are?")
    assert screen.text.toPlainText() == screen.field.text() == "are?"
    assert calls == []
    screen.button.setFocus()
    qtbot.keyClick(screen.button, Qt.Key.Key_R)
    qtbot.keyClick(screen.button, Qt.Key.Key_Question)
    assert calls == ["reject", "keys"]


def test_letter_does_not_act_in_a_text_that_can_only_be_read(actions, screen, qtbot):
    calls = []
    actions.bind("example.reject", lambda: calls.append("reject"))
    screen.text.setReadOnly(True)
    screen.text.setFocus()
    qtbot.keyClick(screen.text, Qt.Key.Key_R)
    assert calls == []


def test_undo_is_the_projects_where_the_text_has_none(actions, screen, qtbot):
    calls = []
    actions.bind("edit.undo", lambda: calls.append("undo"))
    screen.text.setFocus()
    qtbot.keyClicks(screen.text, "words")
    qtbot.keyClick(screen.text, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert calls == []
    screen.text.setUndoRedoEnabled(False)
    qtbot.keyClick(screen.text, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert calls == ["undo"]


def test_editing_keys_stay_with_the_text(actions, screen, qtbot):
    actions.declare(ActionSpec("x.copy", "Copy rows", ("Ctrl+C",)))
    actions.bind("x.copy", lambda: pytest.fail("copied rows"))
    screen.text.setFocus()
    screen.text.setPlainText("words")
    screen.text.selectAll()
    qtbot.keyClick(screen.text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)


def test_control_keys_act_in_a_text(actions, screen, qtbot):
    calls = []
    actions.bind("project.export", lambda: calls.append("export"))
    screen.text.setFocus()
    qtbot.keyClick(screen.text, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert calls == ["export"]


def test_unknown_keys_in_the_settings_do_no_harm(qapp):
    actions = Actions(Settings(keys={"gone.action": "Ctrl+9"}))
    actions.reset_keys()
    assert actions.keys("example.new") == ["Ctrl+N"]
