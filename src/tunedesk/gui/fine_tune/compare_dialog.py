"""Runs laid over each other in one chart, with their settings, data and results side by side."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QWidget,
)

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.run_facts import compare
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.chart.loss_chart import LossChart
from tunedesk.gui.fine_tune.compare_model import CompareModel
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _, ngettext
from tunedesk.project.run_records import Run

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
