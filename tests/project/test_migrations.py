"""Older files are brought to this version after a copy was made; all of it or nothing."""

import contextlib
import gzip
import json
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.project.made_examples import add, redo_name, undo_name, words

from tunedesk.errors import Cancelled, UserError
from tunedesk.project import migrations, opening, schema, store
from tunedesk.project.project import Project
from tunedesk.project.store import connect

NOW = schema.SCHEMA_VERSION


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        add(project, "one")
    return path


def add_a_table(connection):
    connection.execute("CREATE TABLE rating(id INTEGER PRIMARY KEY)")


def add_and_fail(connection):
    add_a_table(connection)
    raise RuntimeError


def version(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_every_older_version_has_a_migration():
    assert set(migrations.MIGRATIONS) == set(range(1, schema.SCHEMA_VERSION))
    assert set(schema.SCHEMAS) == set(range(1, schema.SCHEMA_VERSION + 1))


def test_a_migration_keeps_a_copy(path):
    with contextlib.closing(connect(path)) as connection:
        backup = migrations.migrate(connection, path, {NOW: add_a_table}, NOW + 1)
    assert backup.name == f"Test.version-{NOW}.tunedesk"
    assert (version(path), version(backup)) == (NOW + 1, NOW)
    with Project.open(backup) as project:
        assert words(project) == ["one"]


def test_a_copy_is_never_written_over(path):
    path.with_name(f"Test.version-{NOW}.tunedesk").write_text("mine")
    with contextlib.closing(connect(path)) as connection:
        backup = migrations.migrate(connection, path, {NOW: add_a_table}, NOW + 1)
    assert backup.name == f"Test.version-{NOW}-1.tunedesk"
    assert path.with_name(f"Test.version-{NOW}.tunedesk").read_text() == "mine"


def test_a_migration_that_fails_changes_nothing(path):
    with (
        contextlib.closing(connect(path)) as connection,
        pytest.raises(RuntimeError),
    ):
        migrations.migrate(connection, path, {NOW: add_and_fail}, NOW + 1)
    assert version(path) == NOW
    with Project.open(path) as project:
        assert words(project) == ["one"]


@pytest.mark.parametrize("at_call", [1, 2, 5])
def test_a_migration_can_be_cancelled_and_changes_nothing(path, monkeypatch, at_call):
    monkeypatch.setattr(store, "_STEPS_PER_REPORT", 1)
    calls = []

    def cancel(done, total):
        calls.append((done, total))
        if len(calls) == at_call:
            raise Cancelled

    with contextlib.closing(connect(path)) as connection, pytest.raises(Cancelled):
        migrations.migrate(connection, path, {NOW: add_a_table}, NOW + 1, progress=cancel)
    assert version(path) == NOW
    with Project.open(path) as project:
        assert words(project) == ["one"]
    assert not list(path.parent.glob(".*"))


def test_what_is_written_by_the_same_connection_meanwhile_is_in_the_copy(path, monkeypatch):
    monkeypatch.setattr(migrations, "_PAGES_PER_STEP", 1)
    copy = path.with_name("Copy.tunedesk")
    with Project.open(path) as project:

        def write_once(done, total):
            if done == total // 2:
                add(project, "two")

        project.save_copy(copy, write_once, shared=True)
        assert words(project) == ["one", "two"]
    with Project.open(copy) as copied:
        assert words(copied) == ["one", "two"]
        assert copied.find_damage() == []


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("with_a_log", [False, True])
def test_a_copy_comes_to_an_end_although_others_write_all_the_time(
    path, monkeypatch, shared, with_a_log
):
    monkeypatch.setattr(migrations, "_PAGES_PER_STEP", 8)
    if not with_a_log:
        monkeypatch.setattr(opening, "storage_note", lambda _path: "A network folder.")
    copy = path.with_name("Copy.tunedesk")
    with Project.open(path) as project, contextlib.closing(project.handle()) as other:
        calls = []

        def write(done, total):
            calls.append((done, total))
            assert len(calls) < 50
            add(other, f"more {len(calls)}")

        project.save_copy(copy, write, shared=shared)
        written = words(project)
    with Project.open(copy) as copied:
        assert copied.find_damage() == []
        assert words(copied) == (["one"] if with_a_log and not shared else written)


def test_a_pipe_is_not_replaced_by_a_copy(path):
    pipe = path.with_name("Pipe.tunedesk")
    os.mkfifo(pipe)
    with Project.open(path) as project, pytest.raises(UserError, match="is not a file"):
        project.save_copy(pipe)
    assert pipe.is_fifo()
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["Pipe.tunedesk", path.name]


def test_a_copy_that_is_cancelled_leaves_nothing(path):
    def cancel(_done, _total):
        raise Cancelled

    with Project.open(path) as project, pytest.raises(Cancelled):
        migrations.save_copy(
            project.context.store.connection, path.with_name("Copy.tunedesk"), cancel
        )
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_of_this_version_is_left_alone(path):
    with contextlib.closing(connect(path)) as connection:
        assert migrations.migrate(connection, path) is None
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_no_copy_no_migration(path, monkeypatch):
    with contextlib.closing(connect(path)) as connection:
        monkeypatch.setattr(migrations.sqlite3, "connect", _no_room)
        with pytest.raises(UserError, match="no copy"):
            migrations.migrate(connection, path, {NOW: add_a_table}, NOW + 1)
    monkeypatch.undo()
    assert version(path) == NOW
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def _no_room(*_arguments):
    raise sqlite3.OperationalError("disk full")


FILES = Path(__file__).parent / "files"


@pytest.fixture(params=[1, 2, 3])
def old(request, tmp_path):
    """A project that the code of an older version made, and what that code showed of it."""
    path = tmp_path / "Old.tunedesk"
    packed = (FILES / f"version-{request.param}.tunedesk.gz").read_bytes()
    path.write_bytes(gzip.decompress(packed))
    seen = json.loads((FILES / f"version-{request.param}.json").read_text(encoding="utf-8"))
    return SimpleNamespace(path=path, version=request.param, seen=seen, bytes=path.read_bytes())


def contents(project):
    """What a user sees, as the code of the older version has written it down."""
    rows = project.rows(project.ids())
    return {
        "rows": [
            [
                *(row.number, project.text(row.id), row.state, list(row.tags), row.source),
                *(row.tokens, row.errors, row.warnings, row.preview, row.source_line),
            ]
            for row in rows
        ],
        "presets": project.presets(),
        "tags": [list(use) for use in project.tags()],
        "undo": undo_name(project),
        "redo": redo_name(project),
    }


def dump(path):
    """All that a file holds; its first bytes count how often it was written."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_an_older_project_is_what_it_was_and_is_undone_as_it_was(old):
    with Project.open(old.path, author="Ann") as project:
        assert contents(project) == old.seen["first"]
        for step in old.seen["redone"]:
            assert project.redo() is not None
            assert contents(project) == step
        assert project.redo() is None
        for _step in old.seen["redone"]:
            project.undo()
        for step in old.seen["undone"]:
            assert project.undo() is not None
            assert contents(project) == step
        assert project.undo() is None
        while project.redo() is not None:
            pass
        assert contents(project) == old.seen["redone"][-1]
        assert project.find_damage() == []
    backup = old.path.with_name(f"Old.version-{old.version}.tunedesk")
    (untouched := old.path.with_name("untouched")).write_bytes(old.bytes)
    assert dump(backup) == dump(untouched)
    assert backup.stat().st_mode == old.path.stat().st_mode
    untouched.unlink()
    assert {entry.name for entry in old.path.parent.iterdir()} == {"Old.tunedesk", backup.name}


def test_an_older_project_goes_on(old):
    with Project.open(old.path, author="Ben") as project:
        before = contents(project)
        project.set_preset("Kind", "Be kinder.")
        project.set_preset("New", "This is new.")
        ids = project.ids()
        project.set_state(ids, "changes_wanted")
        history = project.history(ids[0])
        assert history[0].actor == "Ben"
        assert {entry.actor for entry in history[1:]} == {"Ann"}
        for _step in range(3):
            project.undo()
        assert contents(project)["rows"] == before["rows"]
        assert project.presets() == before["presets"]


def test_runs_of_an_older_project_are_kept(old):
    with Project.open(old.path) as project:
        runs = project.runs.all()
        expected = old.seen.get("runs", [])
        assert [[run.key, run.name, run.status] for run in runs] == expected
        for run in runs:
            assert [point.train_loss for point in project.runs.metrics(run.id)] == [2.5, 1.25]
            assert [event.message for event in project.runs.events(run.id)] == ["Step 1/2"]
            assert [point.step for point in project.runs.checkpoints(run.id)] == [2]
            assert len(project.runs.examples(run.id)) == 2
            assert run.training is not None


def test_copies_that_are_brought_up_apart_agree_on_their_ids(old, tmp_path):
    other = tmp_path / "Copy.tunedesk"
    other.write_bytes(old.bytes)
    found = []
    for path in (old.path, other):
        with Project.open(path) as project:
            found.append(
                {
                    table: [
                        row[0]
                        for row in project.context.store.rows(
                            f"SELECT uid FROM {table} ORDER BY id"
                        )
                    ]
                    for table in ("change", "version", "source", "example", "preset")
                }
            )
    assert found[0] == found[1]
    for uids in found[0].values():
        assert len(set(uids)) == len(uids)
        assert {len(uid) for uid in uids} == {16}


def test_an_older_project_that_cannot_be_written_is_read(old):
    with Project.open(old.path, read_only=True) as project:
        assert contents(project) == old.seen["first"]
        copy = project.context.store.shared.file
        assert copy.exists()
        with contextlib.closing(project.handle()) as handle:
            assert handle.count() == project.count()
        with pytest.raises(UserError, match="reading only"):
            project.undo()
    assert not copy.exists()
    assert old.path.read_bytes() == old.bytes
    assert [entry.name for entry in old.path.parent.iterdir()] == ["Old.tunedesk"]


def test_a_copy_gets_its_name_when_it_is_whole(old, monkeypatch):
    def fail(_path):
        raise OSError("The power is gone.")

    monkeypatch.setattr(migrations, "flush", fail)
    with pytest.raises(UserError, match="no copy"):
        Project.open(old.path)
    assert [entry.name for entry in old.path.parent.iterdir()] == ["Old.tunedesk"]
    assert old.path.read_bytes() == old.bytes
