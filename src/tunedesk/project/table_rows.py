"""Rows of the registered tables: added, changed and deleted as one step that can be undone."""

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from tunedesk.project import change_log, change_names
from tunedesk.project.change_log import Item
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.undoable_tables import UndoableTable


class TableChange:
    """One step over rows of registered tables, in one transaction: `with TableChange(...) as step`.

    A step that changes nothing leaves nothing behind; after an exception nothing is changed.

    Attributes:
        change_id: Its entry in the history.
        changed: Whether anything was changed.
    """

    def __init__(self, context: ProjectContext, name: ChangeName) -> None:
        self.change_id = 0
        self.changed = False
        self._context = context
        self._store = context.store
        self._name = name
        self._kinds: set[str] = set()
        self._transaction = context.store.transaction()

    def __enter__(self) -> "TableChange":
        self._transaction.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None and self.changed:
            self._store.publish(
                ProjectChange(
                    frozenset(self._kinds),
                    (),
                    self._store.shared.author,
                    change_names.worded(self._name),
                )
            )
        self._transaction.__exit__(exc_type, exc, traceback)

    def add(self, table: UndoableTable, values: Mapping[str, Any], uid: bytes | None = None) -> int:
        """Add a row with these values in its own columns; returns its id.

        Args:
            table: The table.
            values: A value for each of its columns.
            uid: Its identity in a copy of the project; a new one if None.
        """
        self.begin()
        columns = list(values)
        row_id = int(
            self._store.connection.execute(
                f"INSERT INTO {table.name}(uid, deleted, {', '.join(columns)})"
                f" VALUES ({', '.join('?' * (len(columns) + 2))})",
                (uid or os.urandom(16), 0, *(values[column] for column in columns)),
            ).lastrowid
            or 0
        )
        self._record(table, [Item("deleted", row_id, 1, 0)])
        self._kinds |= table.added_kinds
        return row_id

    def set(self, table: UndoableTable, row_id: int, values: Mapping[str, Any]) -> bool:
        """Set columns of a row; False if it has these values already, or is not there."""
        columns = list(values)
        if not columns:
            return False
        before = self._store.row(
            f"SELECT {', '.join(columns)} FROM {table.name} WHERE id = ?", (row_id,)
        )
        if before is None:
            return False
        items = [
            Item(column, row_id, old, values[column])
            for column, old in zip(columns, before, strict=True)
            if old != values[column]
        ]
        if not items:
            return False
        self.begin()
        self._store.execute(
            f"UPDATE {table.name} SET {', '.join(f'{item.column} = ?' for item in items)}"
            " WHERE id = ?",
            (*(item.after for item in items), row_id),
        )
        self._follow(table, row_id, items)
        self._record(table, items)
        for item in items:
            if item.column == "deleted":
                self._kinds |= table.deleted_kinds if item.after else table.added_kinds
            else:
                self._kinds |= table.columns[item.column]
        return True

    def _follow(self, table: UndoableTable, row_id: int, items: list[Item]) -> None:
        """Bring up what goes with the changed columns: the copies of facts, the time."""
        for item in items:
            if (copied := table.copies.get(item.column)) is not None:
                self._store.execute(
                    f"UPDATE {table.name} SET {copied.assignments} FROM {copied.table}"
                    f" WHERE {copied.table}.id = ? AND {table.name}.id = ?",
                    (item.after, row_id),
                )
        if table.time_column is not None:
            self._store.execute(
                f"UPDATE {table.name} SET {table.time_column} = ? WHERE id = ?",
                (self._store.now(), row_id),
            )

    def delete(self, table: UndoableTable, row_id: int) -> bool:
        """Delete a row; False if it is deleted, or not there."""
        return self.set(table, row_id, {"deleted": 1})

    def note_added(self, table: UndoableTable) -> None:
        """Rows were added to a table under `change_id` by other means."""
        self._kinds |= table.added_kinds

    def begin(self) -> int:
        """Write the step down if it is not; returns `change_id`."""
        if not self.changed:
            self.changed = True
            self.change_id = change_log.begin(self._store, self._name)
        return self.change_id

    def _record(self, table: UndoableTable, items: list[Item]) -> None:
        change_log.record(self._store, self.change_id, items, table)
