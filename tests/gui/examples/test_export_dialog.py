"""Export says what it will write, writes it, and says what it wrote."""

import json

import pytest
from PySide6.QtWidgets import QDialog, QPushButton
from shiboken6 import isValid

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.export_dialog import CHOICES, ExportDialog, start_export
from tunedesk.project.exporting import NOT_REJECTED, default_query
from tunedesk.project.query import ExampleQuery
from tunedesk.project.row_edits import NewExample

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


def choose(dialog, choice):
    dialog._choices.button(CHOICES.index(choice)).click()


def chosen(dialog):
    return CHOICES[dialog._choices.checkedId()]


def test_the_filter_and_the_approved(qtbot, make, add, project, feedback, tmp_path):
    ids = add("first", "second", "third")
    project.set_state(ids[2:], "approved")
    project.add_tag(ids[:2], "day")
    dialog = make(ExampleQuery(tags=("day",), sort="number", descending=True))
    assert dialog._summary.text() == "1 example will be written."
    choose(dialog, "filter")
    assert dialog._summary.text() == "2 examples will be written."
    choose(dialog, "approved")
    assert dialog._summary.text() == "1 example will be written."
    out = tmp_path / "out"
    dialog._file.setText(str(out))
    dialog._write.click()
    written = tmp_path / "out.jsonl"
    qtbot.waitUntil(written.exists)
    assert questions(written) == ["third"]
    qtbot.waitUntil(lambda: bool(feedback.toasts()))


def test_the_approved_are_the_default_once_there_are_any_and_the_rejected_never(make, add, project):
    ids = add("first", "second", "third")
    project.set_state(ids[:1], "rejected")
    dialog = make()
    assert chosen(dialog) == "not_rejected"
    assert dialog._summary.text() == "2 examples will be written."
    assert default_query(project) == NOT_REJECTED
    project.set_state(ids[1:2], "approved")
    dialog = make()
    assert chosen(dialog) == "approved"
    assert dialog.focusWidget() is dialog._choices.checkedButton()
    assert default_query(project) == ExampleQuery(states=("approved",))


def test_the_last_choice_is_remembered(qtbot, make, add, project, feedback, tmp_path):
    ids = add("first", "second")
    add("broken", problems=ERROR)
    project.set_state(ids[:1], "approved")
    dialog = make()
    choose(dialog, "all")
    dialog._without_errors.setChecked(False)
    write(qtbot, dialog, tmp_path / "out.jsonl", feedback)
    dialog = make()
    assert chosen(dialog) == "all"
    assert not dialog.leave_out_errors
    choose(dialog, "approved")
    write(qtbot, dialog, tmp_path / "other.jsonl", feedback)
    dialog = make()
    assert chosen(dialog) == "approved"
    assert dialog.focusWidget() is dialog._choices.checkedButton()
    project.undo()
    assert chosen(make()) == "not_rejected"  # none is approved any more


def test_what_was_chosen_in_one_project_is_not_the_beginning_in_another(
    qtbot, make, add, project, feedback, tmp_path, settings
):
    ids = add("first", "second")
    project.set_state(ids[:1], "approved")
    dialog = make()
    choose(dialog, "all")
    write(qtbot, dialog, tmp_path / "out.jsonl", feedback)
    kept = settings.places.pop(str(project.path))
    settings.places["another.tunedesk"] = kept
    assert chosen(make()) == "approved"
    settings.places[str(project.path)] = kept
    assert chosen(make()) == "all"


def test_a_new_name_is_proposed_where_one_is_taken(make, add, project):
    add("first")
    folder = project.path.parent
    assert make()._path() == folder / "Test.jsonl"
    (folder / "Test.jsonl").write_text("old")
    (folder / "Test 2.jsonl").write_text("old")
    assert make()._path() == folder / "Test 3.jsonl"


def test_replacing_a_file_is_asked_for(qtbot, make, add, window, tmp_path):
    add("first")
    dialog = make()
    out = tmp_path / "old.jsonl"
    out.write_text("old")
    dialog._file.setText(str(out))
    assert "asked before it is replaced" in dialog._file_note.text()
    for answer in ("reject", "accept"):
        dialog._write.click()
        question = next(
            found for found in window.findChildren(QDialog) if "Replace" in found.windowTitle()
        )
        assert question.windowTitle() == "Replace “old.jsonl”?"
        assert out.read_text() == "old"
        getattr(question, answer)()
        qtbot.waitUntil(lambda question=question: not isValid(question))
    qtbot.waitUntil(lambda: out.read_text() != "old")
    assert questions(out) == ["first"]


def test_no_file_name_no_writing(make, add):
    add("first")
    dialog = make()
    dialog._file.setText("")
    assert not dialog._write.isEnabled()


def test_rows_that_are_no_objects_are_counted_within_the_choice(make, add, project):
    ids = add("blank", problems=(Problem("blanks_around", (), {}),))
    checker = project.checker()
    project.add_examples([NewExample(t, checker.check(t)) for t in (b"[1]", b"{", b"7")])
    dialog = make(ExampleQuery(problems=("blanks_around",)))
    choose(dialog, "filter")
    dialog._without_errors.setChecked(False)
    assert dialog._summary.text() == "1 example will be written."
    assert dialog._write.isEnabled()
    choose(dialog, "all")
    assert dialog._summary.text() == "1 example will be written."
    assert "3 rows are not JSON objects" in dialog._leaves_out.text()
    assert len(ids) == 1


def test_nothing_to_write(make, add):
    add("broken", problems=ERROR)
    dialog = make()
    assert not dialog._write.isEnabled()
    dialog._without_errors.setChecked(False)
    assert dialog._write.isEnabled()


def texts(feedback):
    return [toast.accessibleName() for toast in feedback.toasts()]


def wait(qtbot, operations):
    qtbot.waitUntil(lambda: not operations.running)


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
