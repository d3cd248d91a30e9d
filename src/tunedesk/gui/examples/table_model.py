"""The examples as rows: the ids of all of them, and a small cache of those that are looked at."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from tunedesk.checks.problem import Problem, severity
from tunedesk.gui.background import Background
from tunedesk.gui.examples.columns import CellTexts, Column, column_looks
from tunedesk.gui.examples.table_rows import IdFeed, RowCache, row_of, splice_between
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery
from tunedesk.project.reads import ExampleRow

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()

ID_ROLE = int(Qt.ItemDataRole.UserRole)
STATE_ROLE = ID_ROLE + 1

LARGE_SPLICE = 20_000
"""A change of more rows than this in the middle is published as a reset, which costs less."""

LOOKED_THROUGH = 2_000_000
"""Ids that are compared in the GUI thread to follow a change; beyond, the background does it."""

MEMBERSHIP_KINDS = frozenset({"text", "facts", "state", "tags"})
ORDER_KINDS = frozenset({"added", "deleted", "order"})


class ExampleTableModel(QAbstractTableModel):
    """Rows of the project for one query.

    Attributes:
        current_row: The row of the open example, as the view says; -1 for none.
        empty_text: What stands for a preview that has no text.

    Signals:
        complete: All ids of the query are there.
        rows_about_to_change, rows_changed: Around a change of the rows of the same query.
    """

    complete = Signal()
    rows_about_to_change = Signal()
    rows_changed = Signal()

    def __init__(self, project: Project, background: Background, parent: Any | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._ids: array[int] = array("q")
        self._query = ExampleQuery()
        self._cache = RowCache(project)
        self._texts = CellTexts(QLocale())
        self._looks = column_looks()
        self._complete = False
        self._fresh = True
        self._spoken: tuple[int, tuple[int, int, int]] | None = None
        self.current_row = -1
        self.empty_text = _("(no text)")
        self._feed = IdFeed(project, background, self)
        self._feed.first_arrived.connect(self._on_first_ids)
        self._feed.all_arrived.connect(self._on_all_ids)

    # What the rows are

    @property
    def query(self) -> ExampleQuery:
        """What the rows were asked for."""
        return self._query

    @property
    def ids(self) -> "array[int]":
        """The ids of all rows, in their order; not to be changed."""
        return self._ids

    @property
    def is_complete(self) -> bool:
        """Whether all rows of the query are here."""
        return self._complete

    def ask(self, query: ExampleQuery) -> None:
        """Show the rows of another query, as soon as the first of them are known."""
        self._query = query
        self._complete = False
        self._fresh = True
        self._feed.ask(query)

    def close(self) -> None:
        """Ask the project no more."""
        self._feed.close()

    def id_at(self, row: int) -> int | None:
        """The example in a row."""
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def row_of(self, example_id: int | None, hint: int | None = None) -> int:
        """The row of an example, or -1."""
        if example_id is None:
            return -1
        return row_of(self._ids, example_id, self.current_row if hint is None else hint)

    def row_at(self, row: int) -> ExampleRow | None:
        """What a row shows; None if the example is gone meanwhile."""
        found = self._cache.row(self._ids, row)
        if found is None or self._spoken is None or found.id != self._spoken[0]:
            return found
        errors, warnings, hints = self._spoken[1]
        return found._replace(errors=errors, warnings=warnings, hints=hints)

    def show_begun(self, example_id: int | None, problems: Iterable[Problem], target: str) -> None:
        """Of a new example that is being written, count only what is spoken of yet.

        Args:
            example_id: The example; None if none is being begun.
            problems: Those that its form and its panel show.
            target: Where the data will be trained.
        """
        before = self._spoken
        self._spoken = None
        if example_id is not None:
            counts = Counter(severity(problem.code, target) for problem in problems)
            self._spoken = (example_id, (counts["error"], counts["warning"], counts["hint"]))
        if self._spoken != before:
            changed = [entry[0] for entry in (before, self._spoken) if entry is not None]
            self._notify_rows(changed)

    def preview_at(self, row: int) -> str:
        """The first words of the example, or those around the first hit of the search."""
        return self._cache.preview(self._ids, row, self._query.search)

    def text_of(self, row: ExampleRow, number: int, column: int) -> str:
        """The text of a cell."""
        if column == Column.PREVIEW:
            return self.preview_at(number)
        return self._texts.text(row, Column(column))

    # What changes them

    def apply_change(self, change: ProjectChange) -> None:
        """Follow a change of the project."""
        kinds = change.kinds
        if kinds & ORDER_KINDS:
            self._cache.clear()
            self._change_at_once(change)
            self._feed.refresh()
            self._notify_all()
            return
        if not kinds & MEMBERSHIP_KINDS:
            return
        if change.ids is None:
            self._cache.clear()
            self._notify_all()
        else:
            self._notify_rows(change.ids)
        if _may_move_rows(self._query):
            self._feed.refresh()

    def _change_at_once(self, change: ProjectChange) -> None:
        """Take away or bring single rows now; the answer from the background confirms it."""
        ids = change.ids
        if ids is None or not self._may_look_up(len(ids)) or not self._complete:
            return
        if "deleted" in change.kinds:
            rows = sorted({self.row_of(example_id) for example_id in ids} - {-1})
            self._remove_rows(rows)
        elif "added" in change.kinds and not _may_move_rows(self._query):
            present = self._ids[:]
            for new in sorted(self._project.rows(ids), key=lambda new: new.number):
                if row_of(present, new.id, new.number - 1) < 0:
                    present.insert(new.number - 1, new.id)
            self._change_to(present)

    def _remove_rows(self, rows: list[int]) -> None:
        """Take rows away, neighbours together, from the end to the beginning."""
        if not rows:
            return
        self.rows_about_to_change.emit()
        self._ids = self._ids[:]
        while rows:
            last = first = rows.pop()
            while rows and rows[-1] == first - 1:
                first = rows.pop()
            self.beginRemoveRows(ROOT, first, last)
            del self._ids[first : last + 1]
            self.endRemoveRows()
        self.rows_changed.emit()

    def _may_look_up(self, count: int) -> bool:
        """Whether so many ids are found among the rows without a stall."""
        return count * len(self._ids) <= LOOKED_THROUGH

    def _notify_rows(self, example_ids: Sequence[int]) -> None:
        for example_id in example_ids:
            self._cache.forget(example_id)
        if not self._may_look_up(len(example_ids)):
            self._notify_all()
            return
        last = len(Column) - 1
        for example_id in example_ids:
            row = self.row_of(example_id)
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, last))

    def _notify_all(self) -> None:
        if self._ids:
            end = self.index(len(self._ids) - 1, len(Column) - 1)
            self.dataChanged.emit(self.index(0, 0), end)

    def _on_first_ids(self, ids: "array[int]") -> None:
        self._reset(ids)

    def _on_all_ids(self, ids: "array[int]") -> None:
        fresh, self._fresh = self._fresh, False
        self._complete = True
        shown = len(self._ids)
        if fresh and (not shown or ids[:shown] != self._ids):
            self._reset(ids)
        else:
            self._change_to(ids if fresh else self._with_current(ids))
        self.complete.emit()

    def _with_current(self, ids: "array[int]") -> "array[int]":
        """Keep the open example in its row though it left the filter, until another is open."""
        current = self.id_at(self.current_row)
        if current is None or row_of(ids, current, self.current_row) >= 0:
            return ids
        if not self._project.rows([current]):
            return ids
        kept = ids[:]
        kept.insert(min(self.current_row, len(kept)), current)
        return kept

    def release_current(self) -> None:
        """Another example is open: rows that were kept only for the last one may go."""
        if self._complete and not self._feed.busy and _may_move_rows(self._query):
            self._feed.refresh()

    def _reset(self, ids: "array[int]") -> None:
        self.beginResetModel()
        self._ids = ids
        self._cache.clear()
        self.current_row = -1
        self.endResetModel()

    def _change_to(self, ids: "array[int]") -> None:
        """Turn the rows into these with the least disturbance of selection and scrolling."""
        row, removed, inserted = splice_between(self._ids, ids)
        if not removed and not inserted:
            return
        self.rows_about_to_change.emit()
        if not removed:
            self._insert(row, len(inserted), ids)
        elif not inserted:
            self._remove(row, removed, ids)
        elif max(removed, len(inserted)) > LARGE_SPLICE:
            self._reset(ids)
        elif sorted(self._ids[row : row + removed]) == sorted(inserted):
            self._lay_out(ids)
        else:
            self._remove(row, removed, ids[:row] + ids[row + len(inserted) :])
            self._insert(row, len(inserted), ids)
        self.rows_changed.emit()

    def _insert(self, row: int, count: int, ids: "array[int]") -> None:
        self.beginInsertRows(ROOT, row, row + count - 1)
        self._ids = ids
        self.endInsertRows()

    def _remove(self, row: int, count: int, ids: "array[int]") -> None:
        self.beginRemoveRows(ROOT, row, row + count - 1)
        self._ids = ids
        self.endRemoveRows()

    def _lay_out(self, ids: "array[int]") -> None:
        """Set the same rows into another order."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        old, self._ids = self._ids, ids
        rows_by_id: dict[int, int] = {}
        after = []
        for index in before:
            example_id = old[index.row()]
            if example_id not in rows_by_id:
                rows_by_id[example_id] = row_of(self._ids, example_id, index.row())
            after.append(self.index(rows_by_id[example_id], index.column()))
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    # What Qt asks

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = ROOT) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The texts of the cells, also for screen readers and tests; the delegate paints rows."""
        if not index.isValid():
            return None
        number, column = index.row(), index.column()
        if role == ID_ROLE:
            return self.id_at(number)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if self._looks[Column(column)].numeric
                else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        if role not in _TEXT_ROLES:
            return None
        row = self.row_at(number)
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text_of(row, number, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == Column.PREVIEW:
                return self.preview_at(number) or self.empty_text
            return self._texts.spoken(row, Column(column))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._texts.tooltip(row, Column(column))
        return row.state

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles of the columns; rows have none."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        look = self._looks[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return look.short
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return look.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{look.title}: {look.hint}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if look.numeric else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be selected and dragged, and something can be dropped between them."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return _ROW_FLAGS


_ROW_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsDragEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
)
"""Made once: Qt asks for them for every cell that is selected or gone to."""
_TEXT_ROLES = frozenset(
    (
        int(Qt.ItemDataRole.DisplayRole),
        int(Qt.ItemDataRole.AccessibleTextRole),
        int(Qt.ItemDataRole.ToolTipRole),
        STATE_ROLE,
    )
)


def _may_move_rows(query: ExampleQuery) -> bool:
    """Whether a change of some example's content may bring rows, take them or move them."""
    return query != ExampleQuery()
