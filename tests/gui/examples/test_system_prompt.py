"""The same system prompt on many examples: progress, Cancel, and one step of undo."""

import json

from PySide6.QtWidgets import QDialog, QPushButton

from tunedesk.gui.examples.row_actions import SelectedRows
from tunedesk.gui.examples.system_prompt import SystemPromptSetter


class FixedRows:
    """Stands for the actions on rows: what is selected, and what the filter shows."""

    def __init__(self, selected, everything):
        self._selected = selected
        self._everything = everything

    def rows(self):
        return SelectedRows(self._selected, len(self._selected))

    def all_rows(self):
        return SelectedRows(self._everything, len(self._everything))


def texts(feedback):
    return [toast.accessibleName() for toast in feedback.toasts()]


def prompts(project, ids):
    messages = [json.loads(project.text(one))["messages"][0] for one in ids]
    return [message["content"] if message["role"] == "system" else None for message in messages]


def press(widget, text):
    next(b for b in widget.findChildren(QPushButton) if b.text() == text).click()


def wait(qtbot, operations):
    qtbot.waitUntil(lambda: not operations.running)


def test_one_prompt_on_the_selected_examples_is_one_step(
    context, operations, add, project, feedback, qtbot
):
    ids = add("first", "second", "third")
    prompt = SystemPromptSetter(context, FixedRows(ids[:2], ids))
    prompt.ask("Be kind.")
    wait(qtbot, operations)
    assert prompts(project, ids) == ["Be kind.", "Be kind.", None]
    assert texts(feedback) == ["System prompt set in 2 examples."]
    press(feedback.toasts()[0], "Undo")
    qtbot.waitUntil(lambda: prompts(project, ids) == [None, None, None])


def test_with_one_selected_all_are_asked_about(context, operations, add, project, window, qtbot):
    window.show()
    ids = add("first", "second")
    SystemPromptSetter(context, FixedRows(ids[:1], ids)).ask("Be kind.")
    (dialog,) = window.findChildren(QDialog)
    assert dialog.windowTitle() == "Set this system prompt on all 2 examples?"
    assert prompts(project, ids) == [None, None]
    press(dialog, "Set on 2 examples")
    wait(qtbot, operations)
    qtbot.waitUntil(lambda: prompts(project, ids) == ["Be kind.", "Be kind."])


def test_a_prompt_that_is_cancelled_changes_nothing(
    context, operations, add, project, feedback, busy, qtbot
):
    ids = add("first", "second")
    SystemPromptSetter(context, FixedRows(ids, ids)).ask("Be kind.")
    operations.running[0].cancel()
    busy.set()
    wait(qtbot, operations)
    assert prompts(project, ids) == [None, None]
    assert texts(feedback) == []
