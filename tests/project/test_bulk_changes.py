"""What a crash or a full disk left half done is put right."""

import os
import re
import sqlite3

import pytest
from tests.project.made_examples import new_example, redo_name, undo_name

from tunedesk.project import change_log, row_edits, undo
from tunedesk.project.bulk_changes import StreamedChange
from tunedesk.project.change_names import ChangeName
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project import Project
from tunedesk.project.text_edits import find_and_replace


@pytest.fixture
def path(tmp_path):
    return tmp_path / "Test.tunedesk"


def _deletion(count):
    return ChangeName("delete", {"count": count})


def crash(project):
    """Close the connection as a crash would: nothing is tidied up."""
    store = project.context.store
    store.connection.close()
    lock = store.shared.lock
    os.close(lock.descriptor)
    lock._lock.release()
    del lock._held[lock.file]


def filled(path, count=3000):
    project = Project.create(path)
    ids = project.add_examples([new_example(str(number)) for number in range(count)])
    return project, ids


def test_half_a_bulk_edit_is_rolled_back(path):
    project, ids = filled(path)
    change = StreamedChange(project.context, _deletion, 3000)
    change.__enter__()
    change.write(
        ids[:1000],
        lambda number, part: row_edits._write_column(project.context, number, part, "deleted", 1),
    )
    assert project.count() == 2000
    crash(project)
    with Project.open(path) as project:
        (step,) = project.interrupted
        assert (step.name, step.outcome) == ("Delete 3,000 examples", "taken back")
        assert list(project.ids()) == ids
        assert undo_name(project) == "Add 3,000 examples"
        assert [entry.direction for entry in project.history(ids[0])] == ["undone", "done", "done"]


class FullDisk:
    """Stands before a connection: after so many statements that write there is no more room."""

    def __init__(self, store, statements, lasting=True):
        self.left = statements
        self.lasting = lasting
        self._store = store
        self._connection = store.connection
        store.connection = self

    def execute(self, sql, parameters=()):
        if sql.startswith(("INSERT", "UPDATE", "DELETE", "COMMIT")):
            self.left -= 1
            if self.left < 0 and (self.lasting or self.left == -1):
                self._connection.execute("ROLLBACK")
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
        return self._connection.execute(sql, parameters)

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def make_room(self):
        self._store.connection = self._connection


def visible(project):
    rows = project.context.store.rows(
        "SELECT id, state, tag_set, position, version_id FROM example WHERE deleted = 0 ORDER BY id"
    )
    return rows, project.context.store.value("SELECT count(*) FROM change WHERE incomplete")


CHANGES = {
    "delete": lambda project, ids: project.delete(ids),
    "state": lambda project, ids: project.set_state(ids, "approved"),
    "tag": lambda project, ids: project.add_tag(ids, "law"),
    "move": lambda project, ids: project.move(ids[1000:], ids[0]),
    "duplicate": lambda project, ids: project.duplicate(ids),
    "add": lambda project, _ids: project.add_examples([new_example("more")] * 1500),
    "replace": lambda project, _ids: find_and_replace(project.context, None, re.compile("1"), "2"),
}


@pytest.mark.parametrize("lasting", [True, False])
@pytest.mark.parametrize("room", [0, 1, 4])
@pytest.mark.parametrize("change", CHANGES)
def test_a_full_disk_leaves_nothing_half_done(path, change, room, lasting):
    """What was done by then is taken back: at once if there is room for that, later if not."""
    project, ids = filled(path)
    with project:
        before = visible(project)
        disk = FullDisk(project.context.store, room, lasting)
        with pytest.raises(DiskFullError) as told:
            CHANGES[change](project, ids)
        disk.make_room()
        assert lasting or not project.has_unfinished
        if project.has_unfinished:
            assert "stopped on the way" in told.value.sentence
            assert "taken back by itself" in told.value.advice
            (step,) = project.finish_unfinished()
            assert step.outcome == "taken back"
        else:
            assert told.value.sentence == "The disk is full, so the last change was not kept."
        assert visible(project) == before
        assert undo_name(project) == "Add 3,000 examples"
        # All goes on as before.
        CHANGES[change](project, ids)
        assert visible(project) != before
        project.undo()
        assert visible(project) == before
        assert project.find_damage() == []


@pytest.mark.parametrize("room", [0, 1, 3, 5, 7])
@pytest.mark.parametrize("direction", ["undo", "redo"])
def test_an_undo_that_a_full_disk_stopped_is_finished_when_there_is_room(path, direction, room):
    project, ids = filled(path)
    with project:
        states = [visible(project)]
        project.set_state(ids, "approved")
        states.append(visible(project))
        if direction == "redo":
            project.undo()
            states.reverse()
        wanted, before = states
        disk = FullDisk(project.context.store, room)
        with pytest.raises(DiskFullError) as told:
            getattr(project, direction)()
        # As long as there is no room it is said again, and nothing else is undone.
        if project.has_unfinished:
            assert f"{direction} of “Approve 3,000 examples” stopped" in told.value.sentence
            disk.left = 0
            with pytest.raises(DiskFullError):
                project.undo()
            disk.make_room()
            (step,) = project.finish_unfinished()
            assert step.outcome == ("undone" if direction == "undo" else "redone")
            assert visible(project) == wanted
        else:
            disk.make_room()
            assert visible(project) == before


@pytest.mark.parametrize("direction", ["undo", "redo"])
def test_half_an_undo_is_completed(path, direction, monkeypatch):
    project, ids = filled(path)
    project.set_state(ids, "approved")
    if direction == "redo":
        project.undo()
    real, calls = undo._turn_items, []

    def failing(*args, **keywords):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(args)
        real(*args, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(undo, "_turn_items", failing)
        with pytest.raises(KeyboardInterrupt):
            getattr(project, direction)()
    assert 0 < project.totals().by_state["approved"] < 3000
    crash(project)
    with Project.open(path) as project:
        wanted = 0 if direction == "undo" else 3000
        assert project.totals().by_state["approved"] == wanted
        assert (redo_name(project) is None) == (direction == "redo")
        (project.redo if direction == "undo" else project.undo)()
        assert project.totals().by_state["approved"] == 3000 - wanted


def test_half_a_roll_back_is_completed(path, monkeypatch):
    project, ids = filled(path)
    real, calls = undo._turn_items, []

    def failing(*args, **keywords):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*args, **keywords)

    def cancel(done, total):
        if done == total:
            raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(undo, "_turn_items", failing)
        with pytest.raises(KeyboardInterrupt):
            project.set_state(ids, "approved", cancel)
    crash(project)
    with Project.open(path) as project:
        assert project.totals().by_state["draft"] == 3000
        assert undo_name(project) == "Add 3,000 examples"
        assert redo_name(project) is None


def test_cancelled_bulk_work_leaves_nothing(path):
    project, ids = filled(path)

    def cancel(done, total):
        if done > 1000:
            raise RuntimeError

    for work in (
        lambda: project.set_state(ids, "approved", cancel),
        lambda: project.add_tag(ids, "law", cancel),
        lambda: project.delete(ids, cancel),
        lambda: project.move(ids[:1500], None, cancel),
        lambda: project.duplicate(ids, cancel),
        lambda: project.add_examples([new_example("x")] * 3000, progress=cancel),
    ):
        with pytest.raises(RuntimeError):
            work()
        assert list(project.ids()) == ids
        assert project.totals().by_state["draft"] == 3000
        assert project.tags() == []
        assert undo_name(project) == "Add 3,000 examples"
    assert (
        project.context.store.value(
            "SELECT count(*) FROM change WHERE incomplete OR stack = ?", (change_log.REDOABLE,)
        )
        == 0
    )
    project.close()
