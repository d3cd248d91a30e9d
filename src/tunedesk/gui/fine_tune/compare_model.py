"""The table that compares runs: a line each for settings, data and results, what differs marked."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tunedesk.fine_tuning.run_facts import ComparedRow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
MARK = "≠"
RUNS_FROM = 2
"""The column of the first run."""


class CompareModel(QAbstractTableModel):
    """First a mark where the runs differ, then what is compared, then a column for each run.

    A group begins with a line that has only its name.
    """

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._names: list[str] = []
        self._rows: list[ComparedRow | str] = []
        self._all: list[ComparedRow] = []
        self._only_differences = False
        theme.changed.connect(self._repaint)

    def show_rows(self, names: Sequence[str], rows: Sequence[ComparedRow]) -> None:
        """Compare these runs."""
        self._names = list(names)
        self._all = list(rows)
        self._fill()

    def show_only_differences(self, only: bool) -> None:
        """Leave out what is the same in all runs."""
        self._only_differences = only
        self._fill()

    def _fill(self) -> None:
        self.beginResetModel()
        self._rows = []
        group = ""
        for row in self._all:
            if self._only_differences and not row.differs:
                continue
            if row.group != group:
                group = row.group
                self._rows.append(group)
            self._rows.append(row)
        self.endResetModel()

    def is_heading(self, row: int) -> bool:
        """Whether a line is the beginning of a group."""
        return isinstance(self._rows[row], str)

    @property
    def differences(self) -> int:
        """In how many lines the runs differ."""
        return sum(row.differs for row in self._all)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """The lines, with those of the groups."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """The mark, the name, and one for each run."""
        return 0 if parent.isValid() else RUNS_FROM + len(self._names)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The names of the runs."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ["", _("Compared"), *self._names][section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The lines can be gone through; those of the groups say nothing."""
        if index.isValid() and self.is_heading(index.row()):
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if isinstance(row, str):
            return self._heading(row, column, role)
        text = [MARK if row.differs else "", row.name, *row.values][column]
        if role == Qt.ItemDataRole.DisplayRole:
            return text or ("–" if column >= RUNS_FROM else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(text if column else _("The runs differ here") if text else "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _("{text}, differs").format(text=text) if row.differs and column else text
        if role == Qt.ItemDataRole.BackgroundRole and row.differs:
            return self._theme.color("warning_soft")
        if role == Qt.ItemDataRole.ForegroundRole and column < RUNS_FROM:
            return self._theme.color("text" if row.differs else "text_muted")
        if role == Qt.ItemDataRole.FontRole and row.differs and column >= RUNS_FROM:
            return self._theme.font("strong")
        if role == Qt.ItemDataRole.TextAlignmentRole and not column:
            return int(Qt.AlignmentFlag.AlignCenter)
        return None

    def _heading(self, group: str, column: int, role: int) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return group if column == 0 else ""
        if role == Qt.ItemDataRole.FontRole:
            return self._theme.font("strong")
        return None

    def _repaint(self) -> None:
        if self._rows:
            last = self.index(len(self._rows) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
