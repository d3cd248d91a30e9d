"""The view of one run: head, chart, advice, result or failure, log."""

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.advice_card import AdviceCard
from tunedesk.gui.fine_tune.chart.loss_chart import LossChart
from tunedesk.gui.fine_tune.events_log import EventsLog
from tunedesk.gui.fine_tune.failure_card import FailureCard
from tunedesk.gui.fine_tune.result_section import ResultSection
from tunedesk.gui.fine_tune.run_details import DETAIL_KINDS, DetailsReader, read_details
from tunedesk.gui.fine_tune.run_head import RunHead
from tunedesk.gui.fine_tune.run_words import seconds_left
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys

if TYPE_CHECKING:
    from tunedesk.gui.fine_tune.run_details import RunDetails

MARGIN = 14
TICK_MS = 5_000


class RunView(QScrollArea):
    """Shows the run that is chosen and keeps to it as it goes on.

    Attributes:
        details: What is shown; None before the first answer.

    Signals:
        shown: `details` are others now.
        place_asked: Show the example of a `Place` in the training file.
        stop_asked: Stop the training and keep what was learned.
    """

    shown = Signal()
    place_asked = Signal(object)
    stop_asked = Signal()

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        theme: Theme,
        keys: Keys,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.details: RunDetails | None = None
        self.head = RunHead(theme, actions)
        self.failure = FailureCard(theme)
        self.chart = LossChart(theme=theme, feedback=feedback)
        self.advice = AdviceCard(theme=theme)
        self.result = ResultSection(
            project=project, background=background, actions=actions, theme=theme, keys=keys
        )
        self.events = EventsLog(theme)
        self._answer = LiveQuery(
            project=project,
            background=background,
            question=read_details,
            kinds=DETAIL_KINDS,
            parent=self,
        )
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._lay_out()
        self._answer.ready.connect(self._take)
        self._tick.timeout.connect(self._show_head)
        self.failure.log_asked.connect(self.show_log)
        self.failure.place_asked.connect(self.place_asked)
        self.events.place_asked.connect(self.place_asked)
        self.advice.stop_wanted.connect(self.stop_asked)
        self.advice.checkpoint_wanted.connect(self._use_checkpoint)

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas = QWidget()
        canvas.setProperty("canvas", True)
        column = QVBoxLayout(canvas)
        column.setContentsMargins(MARGIN, 14, MARGIN, MARGIN)
        column.setSpacing(12)
        column.addWidget(self.head)
        column.addWidget(self.failure)
        column.addWidget(self.chart, 1)
        column.addWidget(self.advice)
        column.addWidget(self.result)
        column.addWidget(self.events)
        self.setWidget(canvas)
        canvas.hide()

    def show_run(self, run_id: int) -> None:
        """Show another run; 0 shows none."""
        self.details = None
        self._answer.watch(False)
        self.verticalScrollBar().setValue(0)
        if run_id:
            self._answer.ask(DetailsReader(run_id))
            self._answer.watch(True)
            self._tick.start()
        else:
            self.widget().hide()
            self._tick.stop()
            self.shown.emit()

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self.details.run if self.details is not None else None

    @property
    def model(self) -> str:
        """The tuned model or the checkpoint that is chosen; empty: there is none."""
        return self.result.model if not self.result.isHidden() else ""

    def show_log(self) -> None:
        """Bring the log into sight."""
        self.ensureWidgetVisible(self.events)
        self.events.view.setFocus()

    def close_project(self) -> None:
        """The project closes."""
        self._tick.stop()
        self._answer.close()

    def _take(self, details: "RunDetails") -> None:
        self.details = details
        run = details.run
        self._show_head()
        self.failure.show_run(run)
        if len(details.chart.curves):
            self.chart.show_runs([details.chart])
        else:
            self.chart.show_nothing(*_nothing_words(run))
        self.chart.setVisible(bool(len(details.chart.curves)) or run.status != "failed")
        found = details.advice if len(details.chart.curves) else []
        self.advice.show_advice(found, running=run.stage == "following")
        self.chart.set_gist(self.advice.gist)
        self.result.show_run(run, details.checkpoints)
        self.events.show_events(run, details.events)
        self.widget().show()
        self.shown.emit()

    def _show_head(self) -> None:
        if self.details is not None:
            run = self.details.run
            now = round(time.time() * 1000)
            self.head.show_run(run, seconds_left(run, self.details.latest, now))

    def _use_checkpoint(self, step: int) -> None:
        if self.result.choose_step(step):
            self.ensureWidgetVisible(self.result)
            self.result.which.setFocus()


def _nothing_words(run: Run) -> tuple[str, str]:
    """What stands in the place of the chart while there are no figures."""
    if run.ended:
        return _("No figures"), _("The service told no losses of this run.")
    if run.stage in ("preparing", "uploading", "creating"):
        return _("It has not begun yet"), _(
            "The examples are on their way. The loss is drawn here, step by step, once the "
            "training has begun."
        )
    return "", ""
