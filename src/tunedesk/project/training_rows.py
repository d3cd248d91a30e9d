"""The examples of a query as a run needs them: versions, lengths and what is wrong with them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tunedesk.progress import Progress, no_progress
from tunedesk.project.parts import as_json_array
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery, order
from tunedesk.project.selection import selection

_CHUNK = 1000


class TrainingRow(NamedTuple):
    """An example that may be trained on.

    Attributes:
        example_id: The example.
        version_id: Its version now.
        uid: What never changes about it, also in copies of the project.
        question: Hash of all that stands before its last answer; None without one.
        tokens: Its length.
        codes: The codes of its problems.
        unreadable: Whether it is no JSON object.
    """

    example_id: int
    version_id: int
    uid: bytes
    question: int | None
    tokens: int
    codes: tuple[str, ...]
    unreadable: bool


def training_rows(
    project: Project, query: ExampleQuery, progress: Progress = no_progress
) -> list[TrainingRow]:
    """The examples of a query in its order, as they are at this moment."""
    parts = project.parts
    with parts.store.snapshot():
        where = selection(parts, query, progress)
        codes = parts.codes.all()
        # `kind` stands in the large table: it is looked up only where something is wrong.
        rows = parts.store.rows(
            "SELECT id, version_id, uid, (SELECT question FROM version WHERE id = version_id),"
            " tokens, code_set, errors > 0 AND (SELECT kind = 'unreadable' FROM version"
            " WHERE version.id = version_id)"
            f" FROM example WHERE {where.sql} ORDER BY {order(parts, query)}",
            where.parameters,
        )
    return [
        TrainingRow._make((*row[:5], tuple(codes.get(row[5], ())), bool(row[6]))) for row in rows
    ]


def version_records(
    project: Project, version_ids: Sequence[int], progress: Progress = no_progress
) -> Iterator[list[bytes]]:
    """The exact texts of versions, in the order given, some at a time."""
    for start in range(0, len(version_ids), _CHUNK):
        part = version_ids[start : start + _CHUNK]
        yield [
            row[0]
            for row in project.parts.store.rows(
                "SELECT text FROM json_each(?) AS wanted CROSS JOIN version_text"
                " ON version_text.id = wanted.value",
                (as_json_array(part),),
            )
        ]
        progress(min(start + _CHUNK, len(version_ids)), len(version_ids))
