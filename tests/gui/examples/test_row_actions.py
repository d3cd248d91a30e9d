"""Checking all examples, and one system prompt on many: progress, Cancel, and one step of undo."""

import json
import threading

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QPushButton

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.export_dialog import start_export
from tunedesk.gui.examples.row_actions import (
    CheckAll,
    Recheck,
    SelectedRows,
    SystemPromptSetter,
    checked_text,
)
from tunedesk.project.query import ExampleQuery

ERROR = (Problem("no_assistant", ("messages",), {}),)


class FixedRows:
    """Stands for the actions on rows: what is selected, and what the filter shows."""

    def __init__(self, selected, everything):
        self._selected = selected
        self._everything = everything

    def rows(self):
        return SelectedRows(self._selected, len(self._selected))

    def all_rows(self):
        return SelectedRows(self._everything, len(self._everything))


@pytest.fixture
def busy(background, qtbot):
    """Keeps every thread of the window waiting until it is set: what is started has not begun."""
    gate = threading.Event()
    for _thread in range(6):
        background.run(gate.wait, 20)
    yield gate
    gate.set()
    qtbot.waitUntil(lambda: background.busy == 0)


def texts(feedback):
    return [toast.accessibleName() for toast in feedback.toasts()]


def prompts(project, ids):
    messages = [json.loads(project.text(one))["messages"][0] for one in ids]
    return [message["content"] if message["role"] == "system" else None for message in messages]


def press(widget, text):
    next(b for b in widget.findChildren(QPushButton) if b.text() == text).click()


def wait(qtbot, operations):
    qtbot.waitUntil(lambda: not operations.running)


def test_all_are_checked_and_the_result_is_told(context, operations, add, feedback, qtbot):
    add("first", "second", problems=ERROR)
    owner = QObject()
    check = CheckAll(context, owner)
    with qtbot.waitSignal(check.checked):
        check.start()
        check.start()
        assert len(operations.running) == 1
    wait(qtbot, operations)
    assert texts(feedback) == ["2 examples checked, no problems."]


def test_what_the_check_found_is_one_sentence(project, add):
    add("good")
    assert checked_text(project.totals()) == "1 example checked, no problems."
    add("bad", problems=ERROR)
    assert (
        checked_text(project.totals())
        == "2 examples checked: 1 with problems, 1 of them with errors."
    )
    add("odd", problems=(Problem("encoding_guessed", (), {}),))
    assert checked_text(project.totals()) == (
        "3 examples checked: 2 with problems, 1 of them with errors."
    )


def test_a_check_that_is_asked_for_again_begins_anew(
    operations, background, add, project, busy, qtbot
):
    add("first")
    recheck = Recheck(operations, background)
    recheck.start()
    (first,) = operations.running
    recheck.start()
    assert first.cancelled
    assert recheck.running
    busy.set()
    qtbot.waitUntil(lambda: not first.running)
    wait(qtbot, operations)
    assert not recheck.running
    assert first.results == []


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


def test_an_export_that_is_cancelled_leaves_no_file(
    operations, add, feedback, busy, tmp_path, qtbot
):
    add("first")
    path = tmp_path / "out.jsonl"
    start_export(operations, path, ExampleQuery(), leave_out_errors=False).cancel()
    busy.set()
    wait(qtbot, operations)
    assert not path.exists()
    assert texts(feedback) == []


def test_an_export_that_cannot_be_written_is_told(
    operations, background, add, feedback, tmp_path, qtbot
):
    background.user_error.connect(feedback.error)
    add("first")
    start_export(
        operations, tmp_path / "gone" / "out.jsonl", ExampleQuery(), leave_out_errors=False
    )
    wait(qtbot, operations)
    assert len(texts(feedback)) == 1
    assert "Open folder" not in [
        button.text() for button in feedback.toasts()[0].findChildren(QPushButton)
    ]
