"""What a crash left half done is put right at the next opening."""

import pytest
from tests.project.made_examples import new_example, redo_name, undo_name

from tunedesk.project import change_log, row_edits, undo
from tunedesk.project.bulk_changes import StreamedChange
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project


@pytest.fixture
def path(tmp_path):
    return tmp_path / "Test.tunedesk"


def _deletion(count):
    return ChangeName("delete", {"count": count})


def crash(project):
    """Close the connection as a crash would: nothing is tidied up."""
    store = project.context.store
    store.connection.close()
    store.shared.lock._lock.release()


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
