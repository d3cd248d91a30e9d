"""Comparing runs: which ones, then their curves in one chart and their settings in one table."""

import contextlib
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.run_facts import ComparedRow, compare
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.chart.loss_chart import LossChart
from tunedesk.gui.fine_tune.run_cards import DetailsReader, RunDetails
from tunedesk.gui.fine_tune.run_list import RunRow
from tunedesk.gui.fine_tune.run_text import state_text
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.accessible_roles import set_role
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.i18n import _, ngettext
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run

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


WIDTH, HEIGHT = 1040, 860
ROW = 28
MARK_WIDTH, NAME_WIDTH = 30, 240


class CompareDialog(Dialog):
    """Compares two or more runs.

    Attributes:
        chart: Their losses, over each other.
        table: What differs, and what does not.
    """

    def __init__(
        self,
        *,
        runs: Sequence[tuple[Run, ChartedRun]],
        theme: Theme,
        feedback: Feedback,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            theme,
            ngettext("Compare {n} run", "Compare {n} runs", len(runs)).format(n=len(runs)),
            parent=parent,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.be_large(WIDTH, HEIGHT)
        self.chart = LossChart(theme=theme, feedback=feedback)
        self.chart.smooth.setChecked(True)
        self.model = CompareModel(theme, self)
        self.model.show_rows(
            [run.name for run, _chart in runs],
            compare([(run, chart.curves) for run, chart in runs]),
        )
        self.table = QTableView()
        self.table.setAccessibleName(_("Comparison"))
        self.only_differences = QCheckBox(_("Only what differs"))
        self.only_differences.toggled.connect(self.model.show_only_differences)
        self.only_differences.toggled.connect(self._span)
        self._lay_out()
        self.chart.show_runs([chart for _run, chart in runs])
        self._span()
        close = self.add_button(_("Close"), default=True)
        close.clicked.connect(self.accept)

    def _lay_out(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, MARK_WIDTH), (1, NAME_WIDTH)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        count = self.model.differences
        words = ngettext(
            "They differ in {n} line, marked ≠.", "They differ in {n} lines, marked ≠.", count
        ).format(n=count)
        line = QHBoxLayout()
        line.addWidget(
            Label(self.theme, words if count else _("They are the same."), "base", "muted")
        )
        line.addStretch()
        line.addWidget(self.only_differences)
        self.body.addWidget(self.chart, 5)
        self.body.addSpacing(4)
        self.body.addLayout(line)
        self.body.addWidget(table, 4)

    def _span(self) -> None:
        """Let the names of the groups have their line for themselves."""
        self.table.clearSpans()
        for row in range(self.model.rowCount()):
            if self.model.is_heading(row):
                self.table.setSpan(row, 0, 1, self.model.columnCount())


MOST = 6
"""The most runs that have colours of their own that can be told apart."""


class CompareRunsDialog(Dialog):
    """A check box a run; the chosen one and its neighbour are on at first."""

    def __init__(
        self, context: PageContext, *, rows: list[RunRow], chosen: int, parent: QWidget
    ) -> None:
        theme = context.theme
        super().__init__(theme, _("Compare runs"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project = context.project
        self._background = context.background
        self._feedback = context.feedback
        self.setMinimumSize(480, 380)
        self.boxes: dict[int, QCheckBox] = {}
        canvas = QWidget()
        column = QVBoxLayout(canvas)
        column.setSpacing(8)
        with_figures = [row for row in rows if row.run.step]
        for row in with_figures or rows:
            words = f"{row.run.name}  ·  {state_text(row.run).text}  ·  {row.under}"
            box = QCheckBox(words.replace("&", "&&"))
            box.setAccessibleName(row.run.name)
            box.toggled.connect(self._show_button)
            self.boxes[row.run.id] = box
            column.addWidget(box)
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(canvas)
        area.setAccessibleName(_("Runs to compare"))
        set_role(area, QAccessible.Role.Pane)
        self.body.addWidget(
            Label(
                theme,
                _("Choose two or more, at most {most}; the order of the list is kept.").format(
                    most=MOST
                ),
                "base",
                "muted",
                wrap=True,
            )
        )
        self.body.addWidget(area, 1)
        self.add_cancel()
        self.compare = self.add_button(_("Compare"), "primary", default=True)
        self.compare.clicked.connect(self._compare)
        first = [number for number in (chosen, *self.boxes) if number in self.boxes]
        for number in list(dict.fromkeys(first))[:2]:
            self.boxes[number].setChecked(True)
        self._show_button()

    def _wanted(self) -> list[int]:
        return [number for number, box in self.boxes.items() if box.isChecked()]

    def _show_button(self) -> None:
        count = len(self._wanted())
        text = ngettext("Compare {n} run", "Compare {n} runs", count).format(n=count)
        self.compare.setText(text if count else _("Compare"))
        self.compare.setAccessibleName(_("Compare"))
        self.compare.setEnabled(2 <= count <= MOST)

    def _compare(self) -> None:
        window = self.parentWidget()
        feedback, theme = self._feedback, self.theme

        def show(found: list[RunDetails]) -> None:

            CompareDialog(
                runs=[(details.run, details.chart) for details in found],
                theme=theme,
                feedback=feedback,
                parent=window,
            ).open()

        self._background.run(_read, self._project, self._wanted(), on_result=show)
        self.accept()


def _read(project: Project, run_ids: list[int]) -> list[RunDetails]:
    with contextlib.closing(project.handle()) as handle:
        return [DetailsReader(number)(handle) for number in run_ids]
