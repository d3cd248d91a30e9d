"""The tables that people change, each registered once: its columns, and what they are to the views.

What is registered here is logged, undone, redone, shown in the history and merged from copies of
the project, by the same code for all. A registered table has, beside its own columns, `id INTEGER
PRIMARY KEY`, `uid BLOB` (random, the same in all copies of the project) and `deleted INTEGER`: a
row that is deleted, or whose addition is undone, stays in the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tunedesk.project.store import Store
from tunedesk.project.versions import COPIED_FACTS


class Copied(NamedTuple):
    """What goes with a column that names a row of another table.

    Attributes:
        table: The other table.
        assignments: SET clause that copies from it, the naming column included.
    """

    table: str
    assignments: str


class Reference(NamedTuple):
    """What a number in a column stands for, by something that is the same in all copies.

    Attributes:
        table: The table whose row it is.
        column: The column of that table that is the same in all copies.
    """

    table: str
    column: str


@dataclass(frozen=True)
class UndoableTable:
    """A table that people change.

    Attributes:
        name: The table.
        columns: The columns that changes are logged of, in the order in which they are undone, and
            the kinds of ProjectChange that a change of each is.
        added_kinds: The kinds of ProjectChange that a new row is, or one that comes back.
        deleted_kinds: The kinds that a deleted row is.
        key: The text column that tells rows apart for people; two rows that are not deleted never
            have the same. None where nothing keeps rows from being alike.
        time_column: Where the time of the last change of a row stands; None without.
        copies: What goes with columns that name a row of another table.
        references: By what the rows that columns name are the same in all copies of the project.
    """

    name: str
    columns: Mapping[str, frozenset[str]]
    added_kinds: frozenset[str]
    deleted_kinds: frozenset[str]
    key: str | None = None
    time_column: str | None = None
    copies: Mapping[str, Copied] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)


def undoable_table(name: str, *columns: str, kind: str, key: str | None = None) -> UndoableTable:
    """A table whose views show it anew, as a whole, after any change of it."""
    kinds = frozenset({kind})
    return UndoableTable(name, dict.fromkeys((*columns, "deleted"), kinds), kinds, kinds, key)


EXAMPLES = UndoableTable(
    "example",
    {
        "version_id": frozenset({"text", "facts", "set"}),
        "state": frozenset({"state", "set"}),
        "tag_set": frozenset({"tags", "set"}),
        "deleted": frozenset(),
        "position": frozenset({"order"}),
    },
    added_kinds=frozenset({"added", "set"}),
    deleted_kinds=frozenset({"deleted", "set"}),
    time_column="changed_at",
    copies={"version_id": Copied("version", COPIED_FACTS)},
    references={
        "version_id": Reference("version", "uid"),
        "tag_set": Reference("tag_set", "members"),
    },
)

PRESETS = undoable_table("preset", "name", "text", kind="presets", key="name")

UNDOABLE_TABLES = {table.name: table for table in (EXAMPLES, PRESETS)}
"""All of them, by name."""


class LoggedColumn(NamedTuple):
    """A column that changes are logged of, with its number in this file."""

    id: int
    table: UndoableTable
    name: str


def column_id(store: Store, table: UndoableTable, column: str) -> int:
    """The number of a column in the log; given when first used, in the caller's transaction."""
    key = (table.name, column)
    known = store.column_ids.get(key)
    if known is not None:
        return known
    found = store.value(
        "SELECT id FROM changed_column WHERE table_name = ? AND column_name = ?", key
    )
    if found is None:
        store.execute("INSERT INTO changed_column(table_name, column_name) VALUES (?, ?)", key)
        found = store.value(
            "SELECT id FROM changed_column WHERE table_name = ? AND column_name = ?", key
        )
    number = store.column_ids[key] = int(found)
    return number


def logged_columns(store: Store) -> Iterator[LoggedColumn]:
    """The columns that changes of this file are logged of, in the order in which they are undone.

    What a file names and is not registered here is passed over: a stranger may have written it.
    """
    numbers: dict[tuple[Any, Any], int] = {
        (table, column): number
        for number, table, column in store.rows(
            "SELECT id, table_name, column_name FROM changed_column"
        )
    }
    for table in UNDOABLE_TABLES.values():
        for column in table.columns:
            if (table.name, column) in numbers:
                yield LoggedColumn(numbers[table.name, column], table, column)
