"""Merging: what others did to the rows of a table in their copy of a project comes into this one.

Rows are the same by their random ids (uid). A value is taken over where it was changed in the copy
since the two parted and not here; where both changed it this project keeps its own, and the
conflict is told. Which changes came since is known by the random ids of the changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext, as_json_array
from tunedesk.project.store import Row, Store
from tunedesk.project.stored_values import loaded
from tunedesk.project.table_rows import TableChange
from tunedesk.project.undoable_tables import UndoableTable

_CODE = "merge"


@dataclass(frozen=True)
class MergeConflict:
    """A value that was changed in both copies; this project keeps its own.

    Attributes:
        uid: The row.
        column: The column; "deleted" where one copy deleted what the other changed.
        ours: The value here, which stays.
        theirs: The value in the copy.
    """

    uid: bytes
    column: str
    ours: Any
    theirs: Any


@dataclass
class MergeSummary:
    """What a merge did.

    Attributes:
        change_id: The change that undo takes back; None when there was nothing to do.
        added: How many rows came in.
        changed: How many rows were changed.
        deleted: How many rows were deleted.
        renamed: What the copy calls rows whose name was taken here, and what they are called now.
        conflicts: What was changed in both.
    """

    change_id: int | None = None
    added: int = 0
    changed: int = 0
    deleted: int = 0
    renamed: dict[str, str] = field(default_factory=dict)
    conflicts: list[MergeConflict] = field(default_factory=list)


def merge_table(
    context: ProjectContext, copy: ProjectContext, table: UndoableTable
) -> MergeSummary:
    """Bring the rows of a registered table of a copy of the project in, as one step.

    Args:
        context: The project.
        copy: The other copy; only read.
        table: The table. Its columns must hold all that a row is.

    Raises:
        ValueError: Columns of the table name rows of other tables.
    """
    if table.copies:
        raise ValueError(f"Rows of {table.name} are not whole without those of other tables.")
    return _Merge(context, copy, table).run()


class _Merge:
    """One merge under way."""

    def __init__(self, context: ProjectContext, copy: ProjectContext, table: UndoableTable) -> None:
        self._context = context
        self._copy = copy
        self._table = table
        self._columns = [column for column in table.columns if column != "deleted"]
        self._summary = MergeSummary()

    def run(self) -> MergeSummary:
        summary = self._summary
        ours, theirs = self._context.store, self._copy.store
        with theirs.snapshot():
            last = theirs.value("SELECT uid FROM change ORDER BY id DESC LIMIT 1")
            name = ChangeName(_CODE, {"file": theirs.path.name, "seen": last.hex() if last else ""})
            with TableChange(self._context, name) as step:
                seen = _last_seen(ours, theirs)
                changed_here = _changed(ours, self._table, f"code != '{_CODE}'", _uids(theirs))
                changed_there = _changed(theirs, self._table, f"id > {seen}", _uids(ours))
                rows = self._rows(ours)
                for uid, row in self._rows(theirs).items():
                    if uid in rows:
                        self._bring_up(step, rows[uid], row, changed_here, changed_there)
                    elif not row["deleted"]:
                        self._add(step, row)
        summary.change_id = step.change_id if step.changed else None
        return summary

    def _rows(self, store: Store) -> dict[bytes, dict[str, Any]]:
        columns = ["uid", "id", "deleted", *self._columns]
        return {
            row[0]: dict(zip(columns, row, strict=True))
            for row in store.rows(
                f"SELECT {', '.join(columns)} FROM {self._table.name} ORDER BY id"
            )
        }

    def _add(self, step: TableChange, row: Mapping[str, Any]) -> None:
        values = {column: row[column] for column in self._columns}
        if self._is_here(values):
            return
        step.add(self._table, self._with_free_key(values), row["uid"])
        self._summary.added += 1

    def _bring_up(
        self,
        step: TableChange,
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
        changed_here: set[Row],
        changed_there: set[Row],
    ) -> None:
        """Take over what was changed in the copy alone."""
        uid = ours["uid"]
        edited_here = any((uid, column) in changed_here for column in self._columns)
        edited_there = any((uid, column) in changed_there for column in self._columns)
        taken: dict[str, Any] = {}
        for column in (*self._columns, "deleted"):
            here, there = (uid, column) in changed_here, (uid, column) in changed_there
            if ours[column] == theirs[column]:
                continue
            if column == "deleted" and (edited_here if theirs["deleted"] else edited_there):
                # One copy deleted what the other went on with.
                here = there = True
            if here and there:
                conflict = MergeConflict(uid, column, ours[column], theirs[column])
                self._summary.conflicts.append(conflict)
            elif there:
                taken[column] = theirs[column]
        key = self._table.key
        live = not taken.get("deleted", ours["deleted"])
        if live and key is not None and ({key, "deleted"} & taken.keys()):
            taken = self._with_free_key({key: ours[key], **taken}, ours["id"])
        if step.set(self._table, ours["id"], taken):
            if taken.get("deleted"):
                self._summary.deleted += 1
            else:
                self._summary.changed += 1

    def _is_here(self, values: Mapping[str, Any]) -> bool:
        """Whether a row that is told apart by its name stands here, the same in all."""
        return self._table.key is not None and bool(
            self._context.store.value(
                f"SELECT 1 FROM {self._table.name} WHERE deleted = 0"
                + "".join(f" AND {column} IS ?" for column in values),
                tuple(values.values()),
            )
        )

    def _with_free_key(self, values: dict[str, Any], row_id: int = 0) -> dict[str, Any]:
        """The values, under another name if a row that is not deleted has that one."""
        key = self._table.key
        if key is None:
            return values
        wanted = name = values[key]
        number = 2
        while self._context.store.value(
            f"SELECT 1 FROM {self._table.name} WHERE deleted = 0 AND {key} = ? AND id != ?",
            (name, row_id),
        ):
            name = f"{wanted} ({number})"
            number += 1
        if name != wanted:
            self._summary.renamed[wanted] = name
        return {**values, key: name}


def _uids(store: Store) -> set[bytes]:
    return {row[0] for row in store.rows("SELECT uid FROM change")}


def _last_seen(ours: Store, theirs: Store) -> int:
    """The last change of the copy that an earlier merge has looked at; 0 for none."""
    seen = 0
    for (parameters,) in ours.rows(
        "SELECT parameters FROM change WHERE code = ? AND undoes IS NULL AND redoes IS NULL"
        " AND stack = 1",
        (_CODE,),
    ):
        stored: dict[str, Any] = loaded(parameters, {})
        uid = str(stored.get("seen", ""))
        try:
            found = theirs.value("SELECT id FROM change WHERE uid = ?", (bytes.fromhex(uid),))
        except ValueError:
            continue
        seen = max(seen, found or 0)
    return seen


def _changed(store: Store, table: UndoableTable, since: str, known: set[bytes]) -> set[Row]:
    """Which rows (uid) were changed in which columns by changes that the other copy lacks.

    Undoing or redoing a change that both have is such a change too.
    """
    changes: set[int] = set()
    for number, undoes, redoes, uid in store.rows(
        f"SELECT id, undoes, redoes, uid FROM change WHERE {since}"
    ):
        if uid not in known:
            changes.add(undoes or redoes or number)
    return set(
        store.rows(
            f"SELECT DISTINCT {table.name}.uid, column_name FROM change_item"
            " JOIN changed_column ON changed_column.id = column_id"
            f" JOIN {table.name} ON {table.name}.id = row_id"
            " WHERE table_name = ? AND change_id IN (SELECT value FROM json_each(?))",
            (table.name, as_json_array(sorted(changes))),
        )
    )
