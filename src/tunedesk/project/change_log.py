"""The log of changes: written while a change is made, and read as the history of an example."""

import os
from collections.abc import Collection
from typing import Any, Literal, NamedTuple

from tunedesk.project import change_names, damage
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.query import state_of
from tunedesk.project.store import Store
from tunedesk.project.undoable_tables import EXAMPLES, UndoableTable, column_id

MERGE_SECONDS = 4.0
"""Typing in the same field is one step as long as no pause is longer than this."""

NOT_ON_STACK, UNDOABLE, REDOABLE = 0, 1, 2


class Item(NamedTuple):
    """One changed column of one row."""

    column: str
    row_id: int
    before: Any
    after: Any


def begin(
    store: Store,
    name: ChangeName,
    *,
    incomplete: bool = False,
    merge_key: str | None = None,
    undoes: int | None = None,
    redoes: int | None = None,
) -> int:
    """Write down that a change begins, inside the caller's transaction; returns its id.

    Undo and redo do not stand on the stack themselves; any other change ends the redo, a bulk one
    not before its end, since it may come to nothing.
    """
    on_stack = undoes is None and redoes is None
    if on_stack and not incomplete:
        drop_redo(store)
    change_id = int(
        store.connection.execute(
            "INSERT INTO change(code, parameters, actor, machine, time, stack, undoes, redoes,"
            " incomplete, merge_key, uid) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name.code,
                name.stored(),
                store.shared.author,
                store.shared.machine,
                store.now(),
                UNDOABLE if on_stack else NOT_ON_STACK,
                undoes,
                redoes,
                int(incomplete),
                merge_key,
                os.urandom(16),
            ),
        ).lastrowid
        or 0
    )
    if on_stack:
        store.last_change = change_id
    return change_id


def drop_redo(store: Store) -> None:
    """A new change makes what was undone unreachable; it stays in the history."""
    store.execute(f"UPDATE change SET stack = {NOT_ON_STACK} WHERE stack = {REDOABLE}")


def record(
    store: Store, change_id: int, items: Collection[Item], table: UndoableTable = EXAMPLES
) -> None:
    """Write down what a change did to columns of a table's rows."""
    numbers = {
        column: column_id(store, table, column) for column in {item.column for item in items}
    }
    store.connection.executemany(
        "INSERT INTO change_item(change_id, column_id, row_id, before, after)"
        " VALUES (?, ?, ?, ?, ?)",
        [(change_id, numbers[item.column], item.row_id, item.before, item.after) for item in items],
    )


def record_new_versions(store: Store, change_id: int, first: int, last: int) -> None:
    """Write down that examples get the versions with these ids; they must have the old ones yet."""
    store.execute(
        "INSERT INTO change_item(change_id, column_id, row_id, before, after)"
        " SELECT ?, ?, example_id, version_id, version.id FROM version"
        " CROSS JOIN example ON example.id = version.example_id"
        " WHERE version.id BETWEEN ? AND ?",
        (change_id, column_id(store, EXAMPLES, "version_id"), first, last),
    )


def record_added(store: Store, change_id: int, first: int, last: int) -> None:
    """Write down that a change added the examples with these ids."""
    store.execute(
        "UPDATE change SET first_added = min(coalesce(first_added, ?), ?), last_added = ?"
        " WHERE id = ?",
        (first, first, last, change_id),
    )


def end(store: Store, change_id: int, name: ChangeName) -> None:
    """A change is whole; its name now tells how many it concerned."""
    if store.value("SELECT incomplete FROM change WHERE id = ?", (change_id,)):
        drop_redo(store)
    store.execute(
        "UPDATE change SET incomplete = 0, code = ?, parameters = ? WHERE id = ?",
        (name.code, name.stored(), change_id),
    )


def merge_target(store: Store, merge_key: str | None, example_id: int) -> tuple[int, Any] | None:
    """The change that typing goes on with, and the version before it; None to begin a new one.

    Only the latest entry of the whole history qualifies: after an undo, or anything else, the next
    keystroke is a new step.
    """
    if merge_key is None:
        return None
    row = store.row(
        "SELECT change.id, change_item.before FROM change JOIN change_item"
        " ON change_item.change_id = change.id"
        " WHERE change.id = (SELECT max(id) FROM change) AND change.stack = ?"
        " AND change.merge_key = ? AND change.time >= ?"
        " AND change_item.column_id = ? AND change_item.row_id = ?",
        (
            UNDOABLE,
            merge_key,
            store.now() - int(MERGE_SECONDS * 1000),
            column_id(store, EXAMPLES, "version_id"),
            example_id,
        ),
    )
    return (row[0], row[1]) if row else None


def prolong(store: Store, change_id: int, example_id: int, version_id: int) -> None:
    """Typing goes on in a change: it now leads to another version."""
    store.execute(
        "UPDATE change_item SET after = ? WHERE change_id = ? AND column_id = ? AND row_id = ?",
        (version_id, change_id, column_id(store, EXAMPLES, "version_id"), example_id),
    )
    store.execute("UPDATE change SET time = ? WHERE id = ?", (store.now(), change_id))


def forget(store: Store, change_id: int) -> None:
    """Take out a change that did nothing at all."""
    store.execute("DELETE FROM change WHERE id = ?", (change_id,))
    if store.last_change == change_id:
        store.last_change = None


Direction = Literal["done", "undone", "redone"]


class HistoryEntry(NamedTuple):
    """One entry of the history of a row.

    Attributes:
        change_id: The change.
        name: What was done, in words; of an undo or redo, what was undone or redone.
        direction: Whether this entry did it, undid it or redid it.
        actor: Who did it.
        machine: On which computer.
        time: When, in milliseconds since 1970.
        version_before: The version before, if the text changed; None for the first text.
        version_after: The version after, if the text changed.
        details: What else changed: what it was, before, after. Of an example "state", "tags",
            "deleted" or "moved"; of another row the column.
    """

    change_id: int
    name: str
    direction: Direction
    actor: str
    machine: str
    time: int
    version_before: int | None
    version_after: int | None
    details: tuple[tuple[str, str, str], ...]


def history(
    context: ProjectContext, row_id: int, table: UndoableTable = EXAMPLES
) -> list[HistoryEntry]:
    """The history of a row, the newest first; of an example, unless another table is named."""
    store = context.store
    items: dict[int, list[Item]] = {}
    created = first_version = None
    if table is EXAMPLES:
        row = store.row("SELECT created_change, version_id FROM example WHERE id = ?", (row_id,))
        if row is None:
            return []
        created, first_version = row
        items[created] = []
    for change_id, *logged in store.rows(
        "SELECT change_id, column_name, row_id, before, after FROM change_item"
        " JOIN changed_column ON changed_column.id = column_id"
        " WHERE row_id = ? AND table_name = ? ORDER BY change_id",
        (row_id, table.name),
    ):
        items.setdefault(change_id, []).append(Item._make(logged))
    first_version = next(
        (
            item.before
            for of_change in items.values()
            for item in of_change
            if item.column == "version_id" and isinstance(item.before, int)
        ),
        first_version,
    )
    entries = []
    for change_id, of_change in items.items():
        for number, code, parameters, actor, machine, time, undoes, redoes in store.rows(
            "SELECT id, code, substr(parameters, 1, 100000), actor, machine, time, undoes, redoes"
            " FROM change"
            " WHERE id = ?1 OR undoes = ?1 OR redoes = ?1",
            (change_id,),
        ):
            direction: Direction = "undone" if undoes else "redone" if redoes else "done"
            versions: tuple[int | None, int | None] = (None, None)
            if change_id == created and direction != "undone":
                versions = (None, first_version)
            details = []
            for item in of_change:
                before, after = item.before, item.after
                if direction == "undone":
                    before, after = after, before
                if item.column != "version_id":
                    details.append(_detail(context, table, item.column, before, after))
                elif isinstance(before, int) and isinstance(after, int):
                    versions = (before, after)
            name = change_names.worded(change_names.from_row(code, parameters))
            entries.append(
                HistoryEntry(
                    number,
                    name,
                    direction,
                    damage.text(actor),
                    damage.text(machine),
                    damage.time_of(time),
                    *versions,
                    tuple(details),
                )
            )
    return sorted(entries, key=lambda entry: entry.change_id, reverse=True)


def _detail(
    context: ProjectContext, table: UndoableTable, column: str, before: object, after: object
) -> tuple[str, str, str]:
    if table is not EXAMPLES:
        return (damage.text(column), damage.text(str(before)), damage.text(str(after)))
    if column == "state" and isinstance(before, int) and isinstance(after, int):
        return ("state", state_of(before), state_of(after))
    if column == "tag_set" and isinstance(before, int) and isinstance(after, int):
        sets = context.tags
        return ("tags", ", ".join(sets.members(before)), ", ".join(sets.members(after)))
    if column == "deleted":
        return ("deleted", str(before), str(after))
    return ("moved", "", "")
