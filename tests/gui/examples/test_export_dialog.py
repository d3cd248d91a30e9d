"""Export says what it will write, writes it, and says what it wrote."""

import json

import pytest

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.export_dialog import ExportDialog
from tunedesk.project.query import ExampleQuery

ERROR = (Problem("no_assistant", ("messages",), {}),)


@pytest.fixture
def make(qtbot, window, context):
    def make(query=None):
        dialog = ExportDialog(context, query or ExampleQuery(), window)
        qtbot.waitUntil(lambda: bool(dialog._totals))
        return dialog

    return make


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def questions(path):
    return [record["messages"][0]["content"] for record in lines(path)]


def write(qtbot, dialog, path, feedback):
    dialog._file.setText(str(path))
    dialog._write.click()
    qtbot.waitUntil(lambda: path.exists() and bool(feedback.toasts()))
    return feedback.toasts()[-1].accessibleName()


def test_all_without_errors(qtbot, make, add, feedback, tmp_path):
    add("first", "second")
    add("broken", problems=ERROR)
    dialog = make()
    assert dialog._summary.text() == "2 examples will be written."
    assert "left out" in dialog._leaves_out.text()
    out = tmp_path / "out.jsonl"
    said = write(qtbot, dialog, out, feedback)
    assert questions(out) == ["first", "second"]
    assert "2 examples written to out.jsonl" in said
    assert "1 example with errors was left out" in said


def test_errors_may_stay_in(qtbot, make, add, feedback, tmp_path):
    add("first")
    add("broken", problems=ERROR)
    dialog = make()
    dialog._without_errors.setChecked(False)
    assert dialog._summary.text() == "2 examples will be written."
    assert "may refuse" in dialog._leaves_out.text()
    out = tmp_path / "out.jsonl"
    write(qtbot, dialog, out, feedback)
    assert questions(out) == ["first", "broken"]


def test_the_filter_and_the_approved(qtbot, make, add, project, feedback, tmp_path):
    ids = add("first", "second", "third")
    project.set_state(ids[2:], "approved")
    project.add_tag(ids[:2], "day")
    dialog = make(ExampleQuery(tags=("day",), sort="number", descending=True))
    assert dialog._summary.text() == "2 examples will be written."
    dialog._choices.button(1).click()
    assert dialog._summary.text() == "1 example will be written."
    out = tmp_path / "out"
    dialog._file.setText(str(out))
    dialog._write.click()
    written = tmp_path / "out.jsonl"
    qtbot.waitUntil(written.exists)
    assert questions(written) == ["third"]
    qtbot.waitUntil(lambda: bool(feedback.toasts()))


def test_a_file_that_is_there_is_named_before_it_is_replaced(make, add, tmp_path):
    add("first")
    dialog = make()
    out = tmp_path / "old.jsonl"
    out.write_text("old")
    dialog._file.setText(str(out))
    assert "will be replaced" in dialog._file_note.text()
    dialog._file.setText("")
    assert not dialog._write.isEnabled()


def test_nothing_to_write(make, add):
    add("broken", problems=ERROR)
    dialog = make()
    assert not dialog._write.isEnabled()
    dialog._without_errors.setChecked(False)
    assert dialog._write.isEnabled()
