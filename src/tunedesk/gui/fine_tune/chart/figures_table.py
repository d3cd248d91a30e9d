"""The figures of a chart as a table, for those who cannot see the lines or want the numbers."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import format_accuracy, format_loss
from tunedesk.i18n import _

_CURVES = (
    *("train_loss", "valid_loss", "full_valid_loss"),
    *("train_accuracy", "valid_accuracy", "full_valid_accuracy"),
)
Index = QModelIndex | QPersistentModelIndex
HEADING_MARGIN = 24
"""Pixels left and right of a heading together."""


class FiguresModel(QAbstractTableModel):
    """A row for each step of each run, a column for each kind of figure that there is."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[ChartedRun] = []
        self._ends: list[int] = []
        self._curves: list[str] = []

    def show_runs(self, runs: Sequence[ChartedRun]) -> None:
        """Show the figures of these runs, one run after the other."""
        self.beginResetModel()
        self._runs = list(runs)
        self._ends = list(accumulate(len(run.curves) for run in runs))
        self._curves = [
            name for name in _CURVES if any(len(run.curves.points(name)) for run in runs)
        ]
        self.endResetModel()

    @property
    def _first(self) -> list[str]:
        """The names of the columns before the figures."""
        return [_("Run"), _("Step")] if len(self._runs) > 1 else [_("Step")]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The steps of all runs."""
        return 0 if parent.isValid() or not self._ends else self._ends[-1]

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The step and its figures."""
        return 0 if parent.isValid() else len(self._first) + len(self._curves)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """What each column holds."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = {
            "train_loss": _("Training loss"),
            "valid_loss": _("Validation loss, a few examples"),
            "full_valid_loss": _("Validation loss, all held back"),
            "train_accuracy": _("Training accuracy"),
            "valid_accuracy": _("Validation accuracy, a few examples"),
            "full_valid_accuracy": _("Validation accuracy, all held back"),
        }
        names = [*self._first, *(titles[name] for name in self._curves)]
        # In two lines: there may be seven columns.
        return names[section].replace(", ", ",\n") if 0 <= section < len(names) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A figure as people read it; empty where nothing was measured."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole or not 0 <= index.row() < self.rowCount():
            return None
        number = bisect_right(self._ends, index.row())
        run = self._runs[number]
        row = index.row() - (self._ends[number - 1] if number else 0)
        column = index.column() - len(self._first)
        if column == -2:
            return run.name
        if column == -1:
            return f"{int(run.curves.steps[row]):,}"
        name = self._curves[column]
        figure = float(getattr(run.curves, name)[row])
        if figure != figure:  # NaN: not measured at this step
            return ""
        return format_accuracy(figure) if name.endswith("accuracy") else format_loss(figure)


class FiguresTable(QTableView):
    """The table itself; read by rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures = FiguresModel(self)
        self.setModel(self.figures)
        self.setAccessibleName(_("Figures of the chart"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_runs(self, runs: Sequence[ChartedRun]) -> None:
        """Show the figures of these runs; the place in the table is kept."""
        bar = self.verticalScrollBar()
        at = bar.value()
        self.figures.show_runs(runs)
        self._keep_headings_whole()
        bar.setValue(at)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._keep_headings_whole()

    def _keep_headings_whole(self) -> None:
        """No column is narrower than its heading; where there is too little room, it scrolls."""
        header, model = self.horizontalHeader(), self.figures
        lines = [
            line
            for column in range(model.columnCount())
            for line in str(model.headerData(column, Qt.Orientation.Horizontal)).splitlines()
        ]
        metrics = header.fontMetrics()
        widest = max((metrics.horizontalAdvance(line) for line in lines), default=0)
        header.setMinimumSectionSize(widest + HEADING_MARGIN)
