"""Rows of tables that people change: added, set and deleted as one step that can be undone."""

import pytest
from tests.project.made_tables import NOTES, notes, notes_registered

from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project
from tunedesk.project.table_rows import TableChange

STEP = ChangeName("worded", {"text": "Change notes"})


@pytest.fixture
def project(tmp_path):
    with notes_registered(), Project.create(tmp_path / "Test.tunedesk") as project:
        yield project


def test_many_rows_are_one_step(project):
    with TableChange(project.context, STEP) as change:
        for number in range(3):
            change.add(NOTES, {"title": str(number), "body": number})
    assert change.changed
    assert notes(project) == {"0": 0, "1": 1, "2": 2}
    project.undo()
    assert notes(project) == {}
    project.redo()
    assert notes(project) == {"0": 0, "1": 1, "2": 2}


def test_only_columns_that_change_are_written_down(project):
    with TableChange(project.context, STEP) as change:
        row = change.add(NOTES, {"title": "a", "body": "one"})
    with TableChange(project.context, STEP) as change:
        assert change.set(NOTES, row, {"title": "a", "body": "two"})
    items = project.context.store.rows(
        "SELECT column_name, before, after FROM change_item JOIN changed_column"
        " ON changed_column.id = column_id WHERE change_id = ?",
        (change.change_id,),
    )
    assert items == [("body", "one", "two")]


@pytest.mark.parametrize("values", [{}, {"title": "a"}, {"title": "a", "body": "one"}])
def test_what_changes_nothing_is_no_step(project, values):
    with TableChange(project.context, STEP) as change:
        row = change.add(NOTES, {"title": "a", "body": "one"})
    with TableChange(project.context, STEP) as change:
        assert not change.set(NOTES, row, values)
        assert not change.set(NOTES, row + 99, {"title": "b"})
        assert not change.delete(NOTES, row + 99)
    assert not change.changed
    project.undo()
    assert notes(project) == {}


def test_a_row_is_deleted_once_and_comes_back(project):
    with TableChange(project.context, STEP) as change:
        row = change.add(NOTES, {"title": "a", "body": None})
    with TableChange(project.context, STEP) as change:
        assert change.delete(NOTES, row)
        assert not change.delete(NOTES, row)
    assert notes(project) == {}
    project.undo()
    assert notes(project) == {"a": None}


def test_each_row_has_an_identity_of_its_own(project):
    with TableChange(project.context, STEP) as change:
        change.add(NOTES, {"title": "a", "body": 1})
        change.add(NOTES, {"title": "b", "body": 1})
        change.add(NOTES, {"title": "c", "body": 1}, uid=b"c" * 16)
    uids = [uid for (uid,) in project.context.store.rows("SELECT uid FROM note ORDER BY title")]
    assert [len(uid) for uid in uids] == [16, 16, 16]
    assert len(set(uids)) == 3
    assert uids[2] == b"c" * 16


def test_a_failure_leaves_nothing(project):
    told = []
    project.subscribe(told.append)
    change = TableChange(project.context, STEP)

    def fail():
        with change:
            change.add(NOTES, {"title": "a", "body": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert notes(project) == {}
    assert told == []
    assert project.undo() is None
