"""The tables: every version can be made, differs from the others, and is known again."""

import contextlib
import sqlite3

import pytest

from tunedesk.project import schema
from tunedesk.project.project import Project


@pytest.fixture
def connection():
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize("version", sorted(schema.SCHEMAS))
def test_each_version_can_be_made_and_is_known_again(connection, version):
    schema.create_tables(connection, version)
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert schema.found_objects(connection) == schema.expected_objects(version)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_two_versions_have_the_same_tables():
    assert len({schema.expected_objects(version) for version in schema.SCHEMAS}) == len(
        schema.SCHEMAS
    )


def test_the_latest_version_is_that_of_new_projects(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        assert schema.found_objects(project.context.store.connection) == schema.expected_objects(
            max(schema.SCHEMAS)
        )
    assert max(schema.SCHEMAS) == schema.SCHEMA_VERSION


def test_how_the_sql_is_laid_out_makes_no_difference(connection):
    for statement in schema.statements(schema.SCHEMAS[schema.SCHEMA_VERSION]):
        connection.execute(statement.replace("(", " (\n").replace(",", " , ", 1))
    assert schema.found_objects(connection) == schema.expected_objects(schema.SCHEMA_VERSION)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE preset ADD COLUMN more TEXT",
        "DROP TABLE preset",
        "CREATE TABLE more(x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE INDEX more ON preset(name)",
    ],
)
def test_any_other_table_is_seen(connection, change):
    schema.create_tables(connection)
    connection.execute(change)
    assert schema.found_objects(connection) != schema.expected_objects(schema.SCHEMA_VERSION)


def test_statements_come_without_comments():
    script = "CREATE TABLE a(x); -- a comment; with a semicolon\n\n;CREATE TABLE b(y)"
    assert schema.statements(script) == ["CREATE TABLE a(x)", "CREATE TABLE b(y)"]


def test_every_table_is_strict():
    """A value of another type than its column's is refused by SQLite itself."""
    tables = [
        statement
        for statement in schema.statements(schema.SCHEMAS[schema.SCHEMA_VERSION])
        if statement.startswith("CREATE TABLE")
    ]
    assert len(tables) > 10
    assert [statement for statement in tables if "STRICT" not in statement[-30:]] == []
