"""A table that only the tests have: what a new undoable table takes is what stands here."""

import contextlib
from collections.abc import Iterator
from unittest import mock

from tunedesk.project import schema, undoable_tables
from tunedesk.project.undoable_tables import undoable_table

NOTES = undoable_table("note", "title", "body", kind="notes", key="title")

_CREATE = """
CREATE TABLE note(
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL,
    deleted INTEGER NOT NULL,
    title TEXT NOT NULL,
    body ANY
) STRICT;
"""


@contextlib.contextmanager
def notes_registered() -> Iterator[None]:
    """New projects have the table, and it is registered."""
    version = schema.SCHEMA_VERSION
    with (
        mock.patch.dict(schema.SCHEMAS, {version: schema.SCHEMAS[version] + _CREATE}),
        mock.patch.dict(undoable_tables.UNDOABLE_TABLES, {NOTES.name: NOTES}),
    ):
        schema.expected_objects.cache_clear()
        try:
            yield
        finally:
            schema.expected_objects.cache_clear()


def notes(project) -> dict[str, object]:
    """The bodies of the notes by title."""
    return dict(
        project.context.store.rows("SELECT title, body FROM note WHERE deleted = 0 ORDER BY title")
    )
