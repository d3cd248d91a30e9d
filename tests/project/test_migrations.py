"""Older files are brought to this version after a copy was made; all of it or nothing."""

import contextlib
import sqlite3

import pytest
from tests.project.made_examples import add, words

from tunedesk.errors import UserError
from tunedesk.project import migrations, schema
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
