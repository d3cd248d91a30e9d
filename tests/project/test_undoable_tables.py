"""One declaration gives a table undo, redo, history and merging; strangers' entries do no harm."""

import shutil
import sqlite3

import pytest
from tests.project.made_examples import add, undo_name
from tests.project.made_tables import NOTES, notes, notes_registered

from tunedesk.project.change_log import history
from tunedesk.project.change_names import ChangeName
from tunedesk.project.merging import merge
from tunedesk.project.project import Project
from tunedesk.project.table_rows import TableChange
from tunedesk.project.undoable_tables import EXAMPLES, UNDOABLE_TABLES, logged_columns


@pytest.fixture
def path(tmp_path):
    with notes_registered():
        yield tmp_path / "Test.tunedesk"


def change(project, name):
    return TableChange(project.context, ChangeName.of(name))


def write(project, title, body):
    """Add a note, or change the one of that title."""
    with change(project, f"Write {title}") as step:
        row_id = project.context.store.value(
            "SELECT id FROM note WHERE deleted = 0 AND title = ?", (title,)
        )
        if row_id is None:
            return step.add(NOTES, {"title": title, "body": body})
        step.set(NOTES, row_id, {"body": body})
        return row_id


def test_a_new_table_is_undone_and_redone_after_a_restart(path):
    seen = [{}]
    with Project.create(path) as project:
        one = write(project, "one", "first")
        seen.append(notes(project))
        write(project, "one", b"\x00bytes")
        seen.append(notes(project))
        write(project, "two", None)
        seen.append(notes(project))
        with change(project, "Delete one") as step:
            assert step.delete(NOTES, one)
        seen.append(notes(project))
        assert undo_name(project) == "Delete one"
    with Project.open(path) as project:
        for state in reversed(seen[:-1]):
            assert project.undo() is not None
            assert notes(project) == state
        assert project.undo() is None
        for state in seen[1:]:
            assert project.redo() is not None
            assert notes(project) == state


def test_its_history_is_told(path):
    with Project.create(path, author="Ann") as project:
        one = write(project, "one", "first")
        write(project, "one", "second")
        project.undo()
        told = [
            (entry.name, entry.direction, entry.actor, entry.details)
            for entry in history(project.context, one, NOTES)
        ]
        assert told == [
            ("Write one", "undone", "Ann", (("body", "second", "first"),)),
            ("Write one", "done", "Ann", (("body", "first", "second"),)),
            ("Write one", "done", "Ann", (("deleted", "1", "0"),)),
        ]


def test_rows_of_two_tables_with_the_same_number_keep_apart(path):
    with Project.create(path) as project:
        example, note = add(project, "one"), write(project, "one", "first")
        assert example == note
        assert [entry.name for entry in project.history(example)] == ["Add 1 example"]
        assert [entry.name for entry in history(project.context, note, NOTES)] == ["Write one"]
        project.undo()
        assert (project.count(), notes(project)) == (1, {})


def test_its_rows_come_in_from_a_copy(path):
    with Project.create(path) as project:
        write(project, "one", "first")
    copy = path.with_name("Copy.tunedesk")
    shutil.copy(path, copy)
    with Project.open(path) as mine, Project.open(copy) as theirs:
        write(theirs, "one", "second")
        write(theirs, "two", "theirs")
        summary = merge(mine.context, theirs.context)
        assert (summary.added, summary.changed) == (1, 1)
        assert notes(mine) == notes(theirs)
        mine.undo()
        assert notes(mine) == {"one": "first"}


def test_the_views_are_told(path):
    with Project.create(path) as project:
        told = []
        project.subscribe(told.append)
        write(project, "one", "first")
        project.undo()
        assert [(set(change.kinds), change.name) for change in told] == [
            ({"notes"}, "Write one"),
            ({"notes"}, "Write one"),
        ]


def test_a_step_that_changes_nothing_is_no_step(path):
    with Project.create(path) as project:
        one = write(project, "one", "first")
        project.undo()
        project.redo()
        before = project.context.store.value("SELECT count(*) FROM change")
        with change(project, "Nothing") as step:
            assert not step.set(NOTES, one, {"title": "one", "body": "first"})
            assert not step.set(NOTES, one + 1, {"title": "two"})
            assert not step.set(NOTES, one, {})
        assert not step.changed
        assert project.context.store.value("SELECT count(*) FROM change") == before


def _add_one_that_fails(step):
    step.add(NOTES, {"title": "one", "body": "first"})
    step.add(NOTES, {"title": None, "body": "second"})


def test_a_step_that_fails_changes_nothing(path):
    with Project.create(path) as project:
        told = []
        project.subscribe(told.append)
        with pytest.raises(sqlite3.DatabaseError), change(project, "Fail") as step:
            _add_one_that_fails(step)
        assert notes(project) == {}
        assert undo_name(project) is None
        assert told == []
        write(project, "one", "first")
        assert undo_name(project) == "Write one"


def test_what_a_stranger_registered_is_passed_over(project):
    example = add(project, "one")
    project.set_state([example], "approved")
    store = project.context.store
    with store.transaction():
        store.execute(
            "INSERT INTO changed_column(table_name, column_name)"
            " VALUES ('setting', 'value'), ('example', 'uid = uid; --'), ('sqlite_master', 'sql')"
        )
        store.execute(
            "INSERT INTO change_item(change_id, column_id, row_id, before, after)"
            " SELECT (SELECT max(id) FROM change), id, 1, 'x', 'y' FROM changed_column"
            " WHERE table_name != 'example' OR column_name LIKE 'uid%'"
        )
    columns = {(column.table.name, column.name) for column in logged_columns(store)}
    assert columns <= {(t.name, c) for t in UNDOABLE_TABLES.values() for c in t.columns}
    project.undo()
    assert project.rows([example])[0].state != "approved"
    assert [entry.name for entry in project.history(example)]


def test_every_registered_table_has_its_columns(project):
    for table in UNDOABLE_TABLES.values():
        found = {row[1] for row in project.context.store.rows(f"PRAGMA table_info({table.name})")}
        assert {"id", "uid", "deleted", *table.columns} <= found
        own = found - {"id", "uid", "deleted"}
        if table is not EXAMPLES:
            assert own == table.columns.keys() - {"deleted"}
