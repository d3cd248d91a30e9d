"""Merging: what others did in their copy of a project comes into this one.

Rows are the same by their random ids (uid). A value is taken over where it was changed in the copy
since the two parted and not here; where both changed it this project keeps its own, and the
conflict is told. Which changes came since is known by the random ids of the changes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext, as_json_array
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.query import state_of
from tunedesk.project.reads import refuse_incomplete_lists
from tunedesk.project.row_edits import NewExample, keys_behind, write_new_examples
from tunedesk.project.store import Row, Store
from tunedesk.project.stored_values import loaded
from tunedesk.project.table_rows import TableChange
from tunedesk.project.undoable_tables import EXAMPLES, UNDOABLE_TABLES, UndoableTable
from tunedesk.project.versions import NewVersion

_CODE = "merge"


@dataclass(frozen=True)
class MergeConflict:
    """A value that was changed in both copies; this project keeps its own.

    Attributes:
        table: The table.
        uid: The row.
        column: The column; "deleted" where one copy deleted what the other changed.
        ours: The value here, which stays.
        theirs: The value in the copy.
    """

    table: str
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


def merge(context: ProjectContext, copy: ProjectContext) -> MergeSummary:
    """Bring in what was done to all registered tables in a copy of the project, as one step.

    One transaction: nothing comes in by halves. Where both copies changed a value since they
    parted, this project keeps its own.

    Args:
        context: The project.
        copy: The other copy; only read.

    Raises:
        UserError: The other is no copy of this project.
        ProjectDamagedError: A list of examples is damaged in one of them.
    """
    summary = MergeSummary()
    ours, theirs = context.store, copy.store
    if ours.path == theirs.path or not _uids(ours) & _uids(theirs):
        raise UserError(
            _("“{name}” is not a copy of this project.").format(name=theirs.path.name),
            _("Export its examples, and import them here."),
        )
    with theirs.snapshot():
        for one in (context, copy):
            refuse_incomplete_lists(one)
        last = theirs.value("SELECT uid FROM change ORDER BY id DESC LIMIT 1")
        name = ChangeName(_CODE, {"file": theirs.path.name, "seen": last.hex() if last else ""})
        with TableChange(context, name) as step:
            seen = _last_seen(ours, theirs)
            for table in UNDOABLE_TABLES.values():
                _TableMerge(context, copy, table, step, summary).run(seen)
    if step.changed:
        summary.change_id = step.change_id
        ours.order_changed()
    return summary


class _TableMerge:
    """The merge of one table."""

    def __init__(
        self,
        context: ProjectContext,
        copy: ProjectContext,
        table: UndoableTable,
        step: TableChange,
        summary: MergeSummary,
    ) -> None:
        self._context = context
        self._copy = copy
        self._table = table
        self._step = step
        self._columns = [column for column in table.columns if column != "deleted"]
        self._summary = summary

    def run(self, seen: int) -> None:
        """Take over what changed in the copy after its change `seen`."""
        ours, theirs = self._context.store, self._copy.store
        changed_here = _changed(ours, self._table, f"code != '{_CODE}'", _uids(theirs))
        changed_there = _changed(theirs, self._table, f"id > {seen}", _uids(ours))
        rows = self._rows(ours)
        for uid, row in self._rows(theirs).items():
            if uid in rows:
                self._bring_up(rows[uid], row, changed_here, changed_there)
            elif not row["deleted"]:
                self._add(row)

    def _rows(self, store: Store) -> dict[bytes, dict[str, Any]]:
        """All rows by uid; what a column names stands there as it is in all copies."""
        columns = ["uid", "id", "deleted", *self._columns]
        return {
            row[0]: dict(zip(columns, row, strict=True))
            for row in store.rows(
                f"SELECT {', '.join(map(self._shared, columns))}"
                f" FROM {self._table.name} ORDER BY id"
            )
        }

    def _shared(self, column: str) -> str:
        """The SQL of a column's value as it is in all copies."""
        if (reference := self._table.references.get(column)) is None:
            return column
        return (
            f"(SELECT {reference.column} FROM {reference.table}"
            f" WHERE {reference.table}.id = {self._table.name}.{column})"
        )

    def _stored(self, values: Mapping[str, Any], row_id: int, theirs: int) -> dict[str, Any]:
        """Values that are the same in all copies, as they stand in this file.

        Args:
            values: The values by column.
            row_id: The row here.
            theirs: The same row in the copy.
        """
        stored = dict(values)
        for column, reference in self._table.references.items():
            if column in values and reference.table == "tag_set":
                stored[column] = self._context.tags.number(json.loads(values[column]))
            elif column in values:
                stored[column] = self._version(values[column], row_id, theirs)
        return stored

    def _version(self, uid: bytes, example_id: int, theirs: int) -> int:
        """The number of a version here; it is brought in if it is new."""
        store = self._context.store
        found = store.value("SELECT id FROM version WHERE uid = ?", (uid,))
        if found is not None:
            return int(found)
        new = self._example(theirs)
        ids = [
            row[0]
            for row in self._context.versions.add(
                self._step.begin(),
                [NewVersion(example_id, new.text, new.facts)],
                self._context.basis,
                self._context.target,
            )
        ]
        store.execute("UPDATE version SET uid = ? WHERE id = ?", (uid, ids[0]))
        return int(ids[0])

    def _example(self, theirs: int) -> NewExample:
        """The text of an example of the copy, with what is known of it there."""
        row = self._copy.store.row(
            "SELECT version_id, source_line FROM example WHERE id = ?", (theirs,)
        )
        version_id, line = row or (0, None)
        text, facts = self._copy.versions.text(version_id), self._copy.versions.facts(version_id)
        if text is None or facts is None:
            raise ProjectDamagedError
        return NewExample(text, facts, line if isinstance(line, int) else None)

    def _add(self, row: Mapping[str, Any]) -> None:
        values = {column: row[column] for column in self._columns}
        if self._table is EXAMPLES:
            self._add_example(row)
        elif self._is_here(values):
            return
        else:
            self._step.add(self._table, self._with_free_key(values), row["uid"])
        self._summary.added += 1

    def _add_example(self, row: Mapping[str, Any]) -> None:
        context, store = self._context, self._context.store
        change_id = self._step.begin()
        key = row["position"]
        stands = store.value("SELECT id FROM example WHERE position = ? AND deleted = 0", (key,))
        if stands is not None:
            # Both copies put an example at the same place.
            key = keys_behind(context, stands, 1)[0]
        new, tags = self._example(row["id"]), context.tags.number(json.loads(row["tag_set"]))
        ids = write_new_examples(
            context, change_id, [new], [key], state_of(row["state"]), self._source(row["id"]), tags
        )
        store.execute("UPDATE example SET uid = ? WHERE id = ?", (row["uid"], ids[0]))
        store.execute(
            "UPDATE version SET uid = ? WHERE id = (SELECT version_id FROM example WHERE id = ?)",
            (row["version_id"], ids[0]),
        )
        self._step.note_added(self._table)

    def _source(self, theirs: int) -> int:
        """Where an example of the copy comes from, as a source of this file."""
        columns = "kind, name, path, encoding, model, time, uid"
        row = self._copy.store.row(
            f"SELECT {columns} FROM source WHERE id = (SELECT source_id FROM example WHERE id = ?)",
            (theirs,),
        )
        if row is None:
            raise ProjectDamagedError
        store = self._context.store
        found = store.value("SELECT id FROM source WHERE uid = ?", (row[-1],))
        if found is None:
            store.execute(f"INSERT INTO source({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            found = store.value("SELECT id FROM source WHERE uid = ?", (row[-1],))
        return int(found)

    def _bring_up(
        self,
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
                conflict = MergeConflict(
                    self._table.name, uid, column, ours[column], theirs[column]
                )
                self._summary.conflicts.append(conflict)
            elif there:
                taken[column] = theirs[column]
        key = self._table.key
        live = not taken.get("deleted", ours["deleted"])
        if live and key is not None and ({key, "deleted"} & taken.keys()):
            taken = self._with_free_key({key: ours[key], **taken}, ours["id"])
        if self._step.set(self._table, ours["id"], self._stored(taken, ours["id"], theirs["id"])):
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
    numbers = as_json_array(sorted(changes))
    found = set(
        store.rows(
            f"SELECT DISTINCT {table.name}.uid, column_name FROM change_item"
            " JOIN changed_column ON changed_column.id = column_id"
            f" JOIN {table.name} ON {table.name}.id = row_id"
            " WHERE table_name = ? AND change_id IN (SELECT value FROM json_each(?))",
            (table.name, numbers),
        )
    )
    if table is EXAMPLES:
        # Examples that a change added are not written down one by one: that it was undone is.
        found |= set(
            store.rows(
                "SELECT uid, 'deleted' FROM example"
                " WHERE created_change IN (SELECT value FROM json_each(?))",
                (numbers,),
            )
        )
    return found
