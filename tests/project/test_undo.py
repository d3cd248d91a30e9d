"""Undo and redo: named, linear, over a history that only grows."""

import sqlite3

import pytest
from tests.project.made_examples import (
    add,
    example_text,
    new_example,
    redo_name,
    retype,
    undo_name,
    words,
)

from tunedesk.errors import Cancelled, UserError
from tunedesk.project import row_edits, undo
from tunedesk.project.bulk_changes import StreamedChange
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.undo import Interrupted, interrupted_sentence, interrupted_summary


@pytest.fixture
def clock(project):
    """The clock of the project, which stands still until it is moved."""
    time = [1000.0]
    project.context.store.shared.clock = lambda: time[0]
    return time


def versions(project):
    return project.context.store.value("SELECT count(*) FROM version")


def test_typing_in_one_field_becomes_one_step(project, clock):
    one = add(project, "")
    for length in range(1, 6):
        clock[0] += 1
        retype(project, one, "hello"[:length], merge_key="1/messages/0")
    assert words(project) == ["hello"]
    assert versions(project) == 2
    assert project.context.store.value("SELECT count(*) FROM version_text") == 2
    project.undo()
    assert words(project) == [""]
    project.redo()
    assert words(project) == ["hello"]


@pytest.mark.parametrize("break_by", ["pause", "field", "other change", "undo"])
def test_typing_begins_a_new_step(project, clock, break_by):
    one = add(project, "")
    other = add(project, "other")
    retype(project, one, "a", merge_key="field")
    key = "field"
    if break_by == "pause":
        clock[0] += 5
    elif break_by == "field":
        key = "another field"
    elif break_by == "other change":
        project.set_state([other], "approved")
    else:
        retype(project, one, "ab", merge_key="field")
        project.undo()
        project.redo()
    retype(project, one, "abc", merge_key=key)
    project.undo()
    assert words(project)[0] in ("a", "ab")


def test_a_new_change_ends_the_redo_but_not_the_history(project):
    one = add(project, "one")
    retype(project, one, "two")
    project.undo()
    assert redo_name(project) == "Edit message 1"
    retype(project, one, "three")
    assert redo_name(project) is None
    assert project.redo() is None
    entries = [(entry.name, entry.direction) for entry in reversed(project.history(one))]
    assert entries == [
        ("Add 1 example", "done"),
        ("Edit message 1", "done"),
        ("Edit message 1", "undone"),
        ("Edit message 1", "done"),
    ]


def test_a_change_that_changes_nothing_is_no_step(project):
    one = add(project, "one")
    project.set_state([one], "approved")
    project.undo()
    assert project.set_state([one], "draft") == 0
    retype(project, one, "one")
    assert project.move([one], None) == 0
    assert project.remove_tag([one], "none") == 0
    assert redo_name(project) == "Approve 1 example"
    assert undo_name(project) == "Add 1 example"


def test_a_thousand_steps_are_kept(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        one = add(project, "0")
        for step in range(1, 1101):
            retype(project, one, str(step))
    with Project.open(path) as project:
        for step in range(1099, -1, -1):
            project.undo()
            assert project.text(one) == example_text(str(step))


def test_a_step_of_many_rows_is_one_step(project):
    ids = project.add_examples([new_example(str(number)) for number in range(1500)])
    assert undo_name(project) == "Add 1,500 examples"
    project.set_state(ExampleQuery(), "approved")
    project.add_tag(ids[:1200], "law")
    project.delete(ids[100:1400])
    project.move(ids[:50], None)
    assert project.count() == 200
    for name in (
        "Move 50 examples",
        "Delete 1,300 examples",
        "Tag 1,200 examples “law”",
        "Approve 1,500 examples",
    ):
        assert undo_name(project) == name
        project.undo()
    assert list(project.ids()) == ids
    assert project.totals().by_state["draft"] == 1500
    assert project.tags() == []
    project.undo()
    assert project.count() == 0
    while project.redo():
        pass
    assert project.count() == 200


def test_what_was_typed_during_a_bulk_change_is_left_to_its_own_step(project):
    ids = project.add_examples([new_example(str(number)) for number in range(4)])
    parts = project.context
    with StreamedChange(parts, lambda count: ChangeName.of(f"bulk {count}"), 4) as c:
        project.set_state([ids[3]], "rejected")
        c.write(ids, lambda change, part: row_edits._write_column(parts, change, part, "state", 2))
    states = [row.state for row in project.rows(ids)]
    assert states == ["approved"] * 3 + ["rejected"]
    project.undo()
    assert [row.state for row in project.rows(ids)] == ["approved"] * 3 + ["draft"]
    assert undo_name(project) == "bulk 3"
    project.undo()
    assert [row.state for row in project.rows(ids)] == ["draft"] * 4


def test_nothing_is_undone_while_a_bulk_change_runs(project):
    one = add(project, "one")
    change = StreamedChange(project.context, lambda _count: ChangeName.of("x"), 1)
    with change, pytest.raises(UserError):
        project.undo()
    assert words(project) == ["one"]
    project.delete([one])
    project.undo()
    assert words(project) == ["one"]


def test_presets_are_undone(project):
    project.set_preset("Pharmacist", "You are a pharmacist.")
    project.set_preset("Pharmacist", "You are the pharmacist.")
    project.set_preset("Pharmacist", None)
    assert project.presets() == {}
    project.undo()
    assert project.presets() == {"Pharmacist": "You are the pharmacist."}
    project.undo()
    assert project.presets() == {"Pharmacist": "You are a pharmacist."}
    assert undo_name(project) == "Keep the preset “Pharmacist”"
    project.undo()
    project.redo()
    assert project.presets() == {"Pharmacist": "You are a pharmacist."}


def test_the_views_are_told_what_an_undo_changed(project):
    one = add(project, "one")
    project.set_state([one], "approved")
    told = []
    stop = project.subscribe(told.append)
    project.undo()
    project.undo()
    project.redo()
    stop()
    project.undo()
    assert [(set(change.kinds), change.ids, change.actor) for change in told] == [
        ({"state", "set"}, (one,), "Ann"),
        ({"deleted", "set"}, (one,), "Ann"),
        ({"added", "set"}, (one,), "Ann"),
    ]


def test_what_is_done_during_a_long_undo_ends_the_redo(project, monkeypatch):
    ids = project.add_examples([new_example(str(number)) for number in range(1500)])
    project.set_state(ids, "approved")
    real = undo._item_ranges
    typed = []

    def slices_with_typing(*arguments):
        for piece in real(*arguments):
            yield piece
            if not typed:
                with project.handle() as handle:
                    retype(handle, ids[0], "typed meanwhile")
                typed.append(True)

    monkeypatch.setattr(undo, "_item_ranges", slices_with_typing)
    project.undo()
    assert project.totals().by_state["approved"] == 0
    assert redo_name(project) is None
    assert undo_name(project) == "Edit message 1"
    project.undo()
    project.undo()
    assert project.count() == 0


def test_one_change_is_undone_only_while_it_is_the_latest(project):
    one, two = add(project, "one"), add(project, "two")
    project.add_tag([one], "red")
    red = project.last_change_id()
    project.add_tag([two], "blue")
    blue = project.last_change_id()
    assert red != blue
    assert project.undo_change(red) is undo.UndoOutcome.LATER_CHANGES
    assert [tag.name for tag in project.tags()] == ["blue", "red"]
    assert project.undo_change(blue) is undo.UndoOutcome.UNDONE
    assert project.undo_change(blue) is undo.UndoOutcome.ALREADY_UNDONE
    assert project.undo_change(red) is undo.UndoOutcome.UNDONE
    assert project.tags() == []
    project.redo()
    assert project.undo_change(red) is undo.UndoOutcome.UNDONE


def test_the_last_change_is_that_of_this_handle_and_one_that_stands(project):
    one = add(project, "one")
    handle = project.handle()
    assert handle.last_change_id() is None
    project.add_tag([one], "red")
    mine = project.last_change_id()
    assert handle.last_change_id() is None
    handle.add_tag([one], "blue")
    assert project.last_change_id() == mine
    assert handle.last_change_id() not in (None, mine)
    handle.undo()
    assert handle.last_change_id() is None
    handle.close()


def test_a_change_that_came_to_nothing_is_not_the_last(project):
    one = add(project, "one")
    project.add_tag([one], "red")
    red = project.last_change_id()
    assert project.add_tag([one], "red") == 0
    assert project.last_change_id() == red


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            Interrupted("Import 1,148 examples from a.jsonl", "kept", 7, 1148, "a.jsonl"),
            "The import of a.jsonl had been cut off. 1,148 examples had come in and were kept.",
        ),
        (
            Interrupted("Import 1 example from a.jsonl", "kept", 7, 1, "a.jsonl"),
            "The import of a.jsonl had been cut off. 1 example had come in and was kept.",
        ),
        (
            Interrupted("Import 0 examples from a.jsonl", "kept", 7, 0, "a.jsonl"),
            "The import of a.jsonl had been cut off before any example came in.",
        ),
        (
            Interrupted("Delete 300 examples", "taken back", 7),
            "“Delete 300 examples” had been cut off, so it was taken back: nothing of it was kept.",
        ),
        (
            Interrupted("Delete 3,000 examples", "undone", 7),
            "Undo of “Delete 3,000 examples” had been cut off; it is finished now.",
        ),
        (
            Interrupted("Delete 3,000 examples", "redone", 7),
            "Redo of “Delete 3,000 examples” had been cut off; it is finished now.",
        ),
    ],
)
def test_what_is_said_of_a_change_that_was_cut_off(step, sentence):
    assert interrupted_sentence(step) == sentence


def test_many_changes_that_were_cut_off_are_told_in_one_sentence():
    steps = [
        Interrupted("Import 2 examples", "kept", 1, 2, "a.jsonl"),
        Interrupted("Delete 3 examples", "undone", 2),
        Interrupted("Delete 3 examples", "redone", 3),
        *[Interrupted("Reject 900 examples", "taken back", number) for number in range(4, 1004)],
    ]
    assert interrupted_summary(steps) == (
        "1,003 changes had been cut off. Imports of which all that had come in was kept: 1;"
        " undone or redone to the end: 2; taken back, so that nothing of them was kept: 1,000."
    )


def left_unfinished(path, statement="UPDATE change SET incomplete = 1"):
    """The file as a crash, or a stranger, may leave it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()
    return Project.open(path, finish=False)


@pytest.mark.parametrize(
    ("changes", "examples", "slowly"), [(1, 5, False), (3, 5, False), (30, 1, True), (1, 600, True)]
)
def test_much_that_was_cut_off_is_known_before_it_is_put_right(tmp_path, changes, examples, slowly):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        assert not project.finishes_slowly()
        for _change in range(changes):
            project.add_examples([new_example(str(number)) for number in range(examples)])
    with left_unfinished(path) as project:
        assert project.finishes_slowly() is slowly
        assert project.interrupted == ()
        project.finish_interrupted()
        assert [step.outcome for step in project.interrupted] == ["taken back"] * changes
        assert project.count() == 0
        assert not project.finishes_slowly()
    with left_unfinished(path) as project, Project.open(path) as reader:
        assert reader.read_only
        assert not reader.finishes_slowly()
        project.finish_interrupted()


def test_putting_right_can_be_stopped_and_goes_on_the_next_time(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        kept = add(project, "kept")
        project.add_examples([new_example(str(number)) for number in range(1500)])
    calls = []

    def cancel(done, total):
        calls.append((done, total))
        if len(calls) == 3:
            raise Cancelled

    with (
        left_unfinished(path, "UPDATE change SET incomplete = 1 WHERE id = 2") as project,
        pytest.raises(Cancelled),
    ):
        project.finish_interrupted(cancel)
    with Project.open(path, read_only=True) as project:
        assert 1 < project.count() < 1501
    with Project.open(path) as project:
        assert [step.outcome for step in project.interrupted] == ["taken back"]
        assert list(project.ids()) == [kept]
