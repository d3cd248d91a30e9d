"""Reading examples: the ids of a query, rows of the table, an example whole; sources, tags."""

import contextlib
import os
from array import array
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from tunedesk.checks.facts import Facts, unchecked
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import damage
from tunedesk.project.context import ProjectContext, as_json_array, missing_example
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.query import ExampleQuery, State, order, selection, state_of
from tunedesk.project.store import Store


class Source(NamedTuple):
    """A source of examples.

    Attributes:
        id: Its number in the project.
        kind: "written", "pasted", "imported" or "generated".
        name: What filters know it by: "written", "pasted", the name of the file, that of the model.
        title: What the user reads.
        path: The file, where it lay.
        encoding: The encoding of the file.
        model: The model that generated them.
        time: When it was imported or generated, in milliseconds since 1970.
    """

    id: int
    kind: str
    name: str
    title: str
    path: str
    encoding: str
    model: str
    time: int


def sources(store: Store) -> list[Source]:
    """All sources, the oldest first."""
    return [
        Source(
            number,
            damage.text(kind),
            damage.text(name),
            _title(damage.text(kind), damage.text(name)),
            damage.text(path),
            damage.text(encoding),
            damage.text(model),
            damage.time_of(time),
        )
        for number, kind, name, path, encoding, model, time in store.rows(
            "SELECT id, kind, name, path, encoding, model, time FROM source ORDER BY id"
        )
    ]


def add_source(
    store: Store, kind: str, name: str, path: str = "", encoding: str = "", model: str = ""
) -> int:
    """Add a source; returns its number."""
    with store.transaction():
        return int(
            store.connection.execute(
                "INSERT INTO source(kind, name, path, encoding, model, time, uid)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (kind, name, path, encoding, model, store.now(), os.urandom(16)),
            ).lastrowid
            or 0
        )


def pasted_source(store: Store) -> int:
    """The number of the source of all that was pasted; made when it is needed first."""
    with store.transaction():
        number = store.value("SELECT id FROM source WHERE kind = 'pasted'")
        return int(number) if number is not None else add_source(store, "pasted", "pasted")


def source_titles(store: Store) -> dict[int, str]:
    """What the user reads, by number."""
    return {
        number: _title(damage.text(kind), damage.text(name))
        for number, kind, name in store.rows("SELECT id, kind, name FROM source")
    }


def _title(kind: str, name: str) -> str:
    titles = {"written": _("Written here"), "pasted": _("Pasted")}
    return titles.get(kind, name)


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
        kind: What kind of training example it is; "unreadable" when it is not a JSON object.
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


_ROW_COLUMNS = {
    **{
        name: f"example.{name}"
        for name in ExampleRow._fields
        if name not in ("preview", "roles", "kind")
    },
    "number": "position",
    # A longer one is not ours, and would hold the table up.
    "preview": "substr(version.preview, 1, 400)",
    "roles": "substr(version.roles, 1, 4000)",
    "tags": "tag_set",
    "source": "source_id",
    "kind": "version.kind",
}
"""Where each attribute of an ExampleRow is read; some are then put into words."""


def count(context: ProjectContext, query: ExampleQuery, progress: Progress = no_progress) -> int:
    """How many examples a query finds."""
    where = selection(context, query, progress)
    return int(
        context.store.value(f"SELECT count(*) FROM example WHERE {where.sql}", where.parameters)
    )


def ids(
    context: ProjectContext,
    query: ExampleQuery,
    progress: Progress = no_progress,
    limit: int = -1,
) -> "array[int]":
    """The ids that a query finds, in its order."""
    where = selection(context, query, progress)
    cursor = context.store.connection.execute(
        f"SELECT id FROM example WHERE {where.sql} ORDER BY {order(context, query)} LIMIT ?",
        (*where.parameters, limit),
    )
    found = array("q")
    while chunk := cursor.fetchmany(_CHUNK):
        found.extend([row[0] for row in chunk])
        progress(len(found), None)
    return found


def rows(context: ProjectContext, ids: Sequence[int]) -> list[ExampleRow]:
    """What the table shows of these examples, in the order given; those deleted are left out."""
    found: dict[int, ExampleRow] = {}
    try:
        titles = source_titles(context.store)
        found = _read_rows(context, ids, titles)
    except ProjectDamagedError:
        # One page is damaged: what stands on others is shown, the rest marked.
        titles = {}
        with contextlib.suppress(ProjectDamagedError):
            titles = source_titles(context.store)
        for one in ids:
            try:
                found.update(_read_rows(context, [one], titles))
            except ProjectDamagedError:
                found[one] = damaged_row(one)
    return [found[wanted] for wanted in ids if wanted in found]


def _read_rows(
    context: ProjectContext, ids: Sequence[int], titles: dict[int, str]
) -> dict[int, ExampleRow]:
    found: dict[int, ExampleRow] = {}
    sound: list[dict[str, Any]] = []
    for values in context.store.rows(
        f"SELECT {', '.join(_ROW_COLUMNS.values())}"
        " FROM json_each(?) AS wanted CROSS JOIN example ON example.id = wanted.value"
        " LEFT JOIN version ON version.id = example.version_id WHERE deleted = 0",
        (as_json_array(ids),),
    ):
        row: dict[str, Any] = dict(zip(_ROW_COLUMNS, values, strict=True))
        example_id = row["id"]
        numbers = _numbers_of(row)
        whole = all(type(n) is int and 0 <= n <= damage.MOST_COUNTED for n in numbers)
        if not whole or not isinstance(row["kind"], str):
            row = damaged_row(example_id)._asdict() | {
                name: damage.whole(row[name]) for name in _ROW_NUMBERS
            }
            row["state"] = state_of(0)
            found[example_id] = ExampleRow(**row)
            continue
        row["state"] = state_of(row["state"])
        row["tags"] = context.tags.members(row["tags"])
        row["source"] = titles.get(row["source"], "")
        row["source_line"] = damage.whole_or_none(row["source_line"])
        row["preview"] = damage.text(row["preview"])
        row["roles"] = damage.text(row["roles"], most=4000)
        row["changed_at"] = damage.time_of(row["changed_at"])
        sound.append(row)
    positions = context.numbers.numbers([row["number"] for row in sound])
    for row, number in zip(sound, positions, strict=True):
        row["number"] = number
        found[row["id"]] = ExampleRow(**row)
    return found


_ROW_NUMBERS = ("state", "turns", "tokens", "trained_tokens", "errors", "warnings", "hints")
"""What is a whole number in every row that Tunedesk wrote."""
_numbers_of = itemgetter(*_ROW_NUMBERS)


def damaged_row(example_id: int) -> ExampleRow:
    """What the table shows of an example that cannot be read: that it is damaged."""
    return ExampleRow(
        id=example_id,
        number=0,
        state=state_of(0),
        preview=_("This row of the project file is damaged."),
        roles="",
        turns=0,
        tokens=0,
        trained_tokens=0,
        errors=1,
        warnings=0,
        hints=0,
        tags=(),
        source="",
        source_line=None,
        changed_at=0,
        kind=UNREADABLE.name,
        version_id=0,
    )


_LIVE = "SELECT count(*), total(id) FROM example {} WHERE deleted = 0"
_WAYS = ("NOT INDEXED", "INDEXED BY example_position", "INDEXED BY example_changed")


def refuse_incomplete_lists(context: ProjectContext) -> None:
    """Before examples leave the project: see that all ways to list them give as many.

    A damaged index may have lost some without any sign; four milliseconds for 30,000 examples.

    Raises:
        ProjectDamagedError: Some would be left out in silence.
    """
    found = {context.store.row(_LIVE.format(way)) for way in _WAYS}
    if len(found) > 1:
        counts = sorted(row[0] for row in found if row is not None)
        raise ProjectDamagedError(
            _(
                "The project file is damaged: its lists of examples differ ({fewest} and {most}),"
                " so some would be left out."
            ).format(fewest=f"{counts[0]:,}", most=f"{counts[-1]:,}")
        )


def version_of(context: ProjectContext, example_id: int) -> int:
    """The current version of an example, which may be deleted."""
    row = context.store.row("SELECT version_id FROM example WHERE id = ?", (example_id,))
    if row is None:
        raise missing_example()
    found = damage.row_id(row[0])
    if found is None:
        raise ProjectDamagedError(_("This row of the project file is damaged."))
    return found


def text(context: ProjectContext, example_id: int) -> bytes:
    """The record of an example.

    Raises:
        UserError: The example is not there.
        ProjectDamagedError: Its text is not.
    """
    found = context.versions.text(version_of(context, example_id))
    if found is None:
        raise ProjectDamagedError(_("The text of this example is missing in the project file."))
    return found


def facts(context: ProjectContext, example_id: int) -> Facts:
    """What was worked out from the record of an example; where that is damaged, its beginning."""
    version_id = version_of(context, example_id)
    found = context.versions.facts(version_id)
    if found is None:
        beginning = (context.versions.text(version_id) or b"")[:160]
        return unchecked(beginning.decode("utf-8", "replace"))
    return found


def number_of(context: ProjectContext, example_id: int) -> int | None:
    """The place of an example in the whole project, from 1; None if it is deleted."""
    row = context.store.row(
        "SELECT position FROM example WHERE id = ? AND deleted = 0", (example_id,)
    )
    return context.numbers.number(row[0]) if row else None


class TagUse(NamedTuple):
    """A tag.

    Attributes:
        name: The tag.
        examples: How many examples carry it.
    """

    name: str
    examples: int


def tags(context: ProjectContext) -> list[TagUse]:
    """The tags in use, by name."""
    uses: dict[str, int] = {}
    for number, examples in context.store.rows(
        "SELECT tag_set, count(*) FROM example WHERE deleted = 0 GROUP BY tag_set"
    ):
        for tag in context.tags.members(number):
            uses[tag] = uses.get(tag, 0) + examples
    return [TagUse(name, uses[name]) for name in sorted(uses, key=str.casefold)]
