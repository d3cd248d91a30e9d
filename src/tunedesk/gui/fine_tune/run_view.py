"""The view of one run: head, chart, advice, result, log."""

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.examples.panel.project_answer import ProjectAnswer
from tunedesk.gui.fine_tune.events_log import EventsLog
from tunedesk.gui.fine_tune.run_details import DETAIL_KINDS, RunDetails, find_details
from tunedesk.gui.fine_tune.run_head import RunHead
from tunedesk.gui.fine_tune.run_words import seconds_left
from tunedesk.gui.theme import Theme
from tunedesk.project.project import Project

MARGIN = 20
TICK_MS = 5_000


class RunView(QScrollArea):
    """Shows the run that is chosen and keeps to it as it goes on.

    Attributes:
        details: What is shown; None before the first answer.
    """

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        actions: Actions,
        theme: Theme,
        on_place: Callable[[int, int | None], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self.details: RunDetails | None = None
        self.head = RunHead(theme, actions)
        self.events = EventsLog(theme, on_place)
        self._answer = ProjectAnswer(
            project=project,
            background=background,
            question=find_details,
            kinds=DETAIL_KINDS,
            parent=self,
        )
        self._answer.ready.connect(self._take)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show_head)
        self._lay_out()

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        canvas = QWidget()
        canvas.setProperty("canvas", True)
        self._column = QVBoxLayout(canvas)
        self._column.setContentsMargins(MARGIN, 14, MARGIN, MARGIN)
        self._column.setSpacing(12)
        self._column.addWidget(self.head)
        self._column.addWidget(self.events, 1)
        canvas.hide()
        self.setWidget(canvas)

    def show_run(self, run_id: int) -> None:
        """Show another run; 0 shows none."""
        self.details = None
        self._answer.watch(False)
        if run_id:
            self._answer.ask(run_id)
            self._answer.watch(True)
            self._tick.start()
        else:
            self.widget().hide()
            self._tick.stop()

    def close_project(self) -> None:
        """The project closes."""
        self._tick.stop()
        self._answer.close()

    def _take(self, details: RunDetails) -> None:
        self.details = details
        self._show_head()
        self.events.show_events(details.run, details.events)
        self.widget().show()

    def _show_head(self) -> None:
        if self.details is not None:
            run, metrics = self.details.run, self.details.metrics
            self.head.show_run(run, seconds_left(run, metrics, round(time.time() * 1000)))
