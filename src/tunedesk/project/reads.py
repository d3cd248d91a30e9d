"""Reading examples: the ids of a query, the rows that the table shows, one example whole."""

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from tunedesk.checks.facts import Facts
from tunedesk.progress import Progress, no_progress
from tunedesk.project.parts import ProjectParts, as_json_array, missing_example
from tunedesk.project.query import ExampleQuery, order
from tunedesk.project.selection import selection
from tunedesk.project.sources import source_titles
from tunedesk.project.states import State, state_of

_CHUNK = 4096


class ExampleRow(NamedTuple):
    """What the table shows of an example.

    Attributes:
        id: The example.
        number: Its place in the whole project, from 1.
        state: Its state of review.
        preview: One line of its text.
        roles: One letter a message.
        turns: How many messages it has.
        tokens: Its length.
        trained_tokens: The tokens that are trained on.
        errors: How many errors it has at the project's target.
        warnings: How many warnings.
        hints: How many hints.
        tags: Its tags, sorted.
        source: Where it came from, in words.
        source_line: The line there.
        changed_at: When it was changed last, in milliseconds since 1970.
        kind: What kind of training example it is; "unreadable" when it is no JSON object.
        version_id: Its version, another one after each change of its text.
    """

    id: int
    number: int
    state: State
    preview: str
    roles: str
    turns: int
    tokens: int
    trained_tokens: int
    errors: int
    warnings: int
    hints: int
    tags: tuple[str, ...]
    source: str
    source_line: int | None
    changed_at: int
    kind: str
    version_id: int


def count(parts: ProjectParts, query: ExampleQuery, progress: Progress = no_progress) -> int:
    """How many examples a query finds."""
    where = selection(parts, query, progress)
    return int(
        parts.store.value(f"SELECT count(*) FROM example WHERE {where.sql}", where.parameters)
    )


def ids(
    parts: ProjectParts,
    query: ExampleQuery,
    progress: Progress = no_progress,
    limit: int = -1,
) -> "array[int]":
    """The ids that a query finds, in its order."""
    where = selection(parts, query, progress)
    cursor = parts.store.connection.execute(
        f"SELECT id FROM example WHERE {where.sql} ORDER BY {order(parts, query)} LIMIT ?",
        (*where.parameters, limit),
    )
    found = array("q")
    while chunk := cursor.fetchmany(_CHUNK):
        found.extend([row[0] for row in chunk])
        progress(len(found), None)
    return found


def rows(parts: ProjectParts, ids: Sequence[int]) -> list[ExampleRow]:
    """What the table shows of these examples, in the order given; those deleted are left out."""
    titles = source_titles(parts.store)
    found = {
        row[0]: row
        for row in parts.store.rows(
            "SELECT example.id, position, state, version.preview, version.roles,"
            " example.tokens, example.trained_tokens, example.errors, example.warnings,"
            " example.hints, tag_set, source_id, source_line, changed_at, version.kind, version.id"
            " FROM json_each(?) AS wanted CROSS JOIN example ON example.id = wanted.value"
            " CROSS JOIN version ON version.id = example.version_id WHERE hidden = 0",
            (as_json_array(ids),),
        )
    }
    return [
        ExampleRow(
            id=row[0],
            number=parts.numbers.number(row[1]),
            state=state_of(row[2]),
            preview=row[3],
            roles=row[4],
            turns=len(row[4]),
            tokens=row[5],
            trained_tokens=row[6],
            errors=row[7],
            warnings=row[8],
            hints=row[9],
            tags=parts.tags.members(row[10]),
            source=titles.get(row[11], ""),
            source_line=row[12],
            changed_at=row[13],
            kind=row[14],
            version_id=row[15],
        )
        for row in (found[wanted] for wanted in ids if wanted in found)
    ]


def version_of(parts: ProjectParts, example_id: int) -> int:
    """The current version of an example, which may be deleted."""
    found: int | None = parts.store.value(
        "SELECT version_id FROM example WHERE id = ?", (example_id,)
    )
    if found is None:
        raise missing_example()
    return found


def text(parts: ProjectParts, example_id: int) -> bytes:
    """The record of an example."""
    found = parts.versions.text(version_of(parts, example_id))
    assert found is not None
    return found


def facts(parts: ProjectParts, example_id: int) -> Facts:
    """What was worked out from the record of an example."""
    found = parts.versions.facts(version_of(parts, example_id))
    assert found is not None
    return found


def number_of(parts: ProjectParts, example_id: int) -> int | None:
    """The place of an example in the whole project, from 1; None if it is deleted."""
    row = parts.store.row("SELECT position FROM example WHERE id = ? AND hidden = 0", (example_id,))
    return parts.numbers.number(row[0]) if row else None
