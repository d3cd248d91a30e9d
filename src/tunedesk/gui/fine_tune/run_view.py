"""The view of one run: head with name, state and actions, chart, advice, result or failure, log."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.examples.json_edit import on_one_line
from tunedesk.gui.actions import Actions
from tunedesk.gui.fine_tune.chart.loss_chart import LossChart
from tunedesk.gui.fine_tune.event_log import EventsLog
from tunedesk.gui.fine_tune.result_section import ResultSection
from tunedesk.gui.fine_tune.run_cards import (
    DETAIL_KINDS,
    AdviceCard,
    DetailsReader,
    FailureCard,
    read_details,
)
from tunedesk.gui.fine_tune.run_text import (
    elsewhere_text,
    facts_text,
    progress_text,
    seconds_left,
    share_done,
    state_text,
)
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import ActionButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import Badge, ElidedLabel, Label
from tunedesk.i18n import _
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys
from tunedesk.services.redaction import redacted
from tunedesk.services.service_errors import without_ids

if TYPE_CHECKING:
    from tunedesk.gui.fine_tune.run_cards import RunDetails


MENU = (
    *("run.take_along", "run.serve", "run.train_further", "", "run.rename", "run.examples", ""),
    *("run.save_report", "run.print_report", "run.save_results", ""),
    "run.hide",
)

LEAST_FACTS = 110
LONGEST_HAPPENING = 80


class RunHead(QWidget):
    """Shows one run; its buttons do what the actions of runs do."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.name = ElidedLabel(theme, "", "title")
        self.badge = Badge(theme)
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.facts = ElidedLabel(theme, "", "small", "muted")
        self.pause = ActionButton(theme, actions["run.pause"], _("Pause"), show_key=False)
        self.resume = ActionButton(theme, actions["run.resume"], _("Resume"), show_key=False)
        self.cancel = ActionButton(
            theme, actions["run.cancel"], _("Stop the run"), kind="danger", show_key=False
        )
        self.carry_on = ActionButton(
            theme, actions["run.carry_on"], _("Carry on"), kind="primary", show_key=False
        )
        self.again = ActionButton(theme, actions["run.again"], _("Run again…"), show_key=False)
        self.playground = ActionButton(
            theme, actions["run.try"], _("Try it"), kind="primary", show_key=False
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the run"))
        self.progress = Label(theme, "", "small", "muted")
        self.note = Label(theme, "", "base", "warning", wrap=True)
        self.elsewhere = Card()
        self.elsewhere.setAccessibleName(_("Launched on another computer"))
        self.elsewhere_text = Label(theme, "", "base", wrap=True)
        self.follow = QPushButton(_("Follow this run"))
        self.follow.setAccessibleName(_("Follow this run"))
        self.follow.setToolTip(_("Ask its service from now on how it goes, and chart it here"))
        self._cut_off = False
        self._lay_out()
        actions["run.carry_on"].changed.connect(self._show_carry_on)
        actions["run.try"].changed.connect(self._show_try)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(self.name)
        line.addWidget(self.badge)
        line.addWidget(self.facts, 1)
        self.menu = QPushButton(_("More"))
        self.menu.setAccessibleName(_("More"))
        self.menu.setToolTip(_("Rename, report, and what else can be done with this run"))
        entries = QMenu(self.menu)
        entries.setAccessibleName(_("More"))
        for action_id in MENU:
            entries.addAction(self._actions[action_id]) if action_id else entries.addSeparator()
        self.menu.setMenu(entries)
        self._buttons = QWidget()
        # The name gives way, not they.
        self._buttons.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for button in (
            *(self.playground, self.carry_on, self.pause, self.resume, self.again, self.cancel),
            self.menu,
        ):
            row.addWidget(button)
        self._beside, self._below = QHBoxLayout(), QHBoxLayout()
        self._below.addStretch()
        self._beside.addWidget(self._buttons)
        line.addLayout(self._beside)
        far = QHBoxLayout()
        far.setSpacing(12)
        far.addWidget(self.bar, 1)
        far.addWidget(self.progress)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(line)
        column.addLayout(self._below)
        column.addLayout(far)
        column.addWidget(self.note)
        told = QHBoxLayout()
        told.setSpacing(12)
        told.addWidget(self.elsewhere_text, 1)
        told.addWidget(self.follow)
        self.elsewhere.body.addLayout(told)
        column.addWidget(self.elsewhere)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the buttons out."""
        super().resizeEvent(event)
        self._place_buttons()

    def _place_buttons(self) -> None:
        """Beside the name if the facts have some room there as well, else below."""
        others = (self.name, self.badge, self._buttons)
        wanted = sum(part.sizeHint().width() + 10 for part in others) + LEAST_FACTS
        row = self._beside if wanted <= self.width() else self._below
        if row.indexOf(self._buttons) < 0:
            self._beside.removeWidget(self._buttons)
            self._below.removeWidget(self._buttons)
            row.addWidget(self._buttons)

    def show_run(
        self,
        run: Run,
        left: float | None,
        *,
        is_elsewhere: bool = False,
        happens: str = "",
        parents: Sequence[str] = (),
    ) -> None:
        """Show how the run stands.

        Args:
            run: The run.
            left: The seconds that it still takes, an estimate; None without one.
            is_elsewhere: Whether another computer launched it, and this one does not follow it.
            happens: What its service said last; shown while no step tells how far it is.
            parents: The names of the runs whose models it goes on from, the nearest first.
        """
        self.name.setText(run.name)
        words = state_text(run)
        self.badge.show_text(words.text, words.tone)
        self.facts.setText(facts_text(run, parents))
        share, far = share_done(run), progress_text(run, left) or happens
        moves = share is None and not run.ended and run.status != "paused"
        self.bar.setRange(0, 0 if moves else 1000)
        if not moves:
            self.bar.setValue(round((share or 0) * 1000))
        self.bar.setAccessibleDescription(far)
        self.bar.setVisible(not run.ended)
        self.progress.setText(far)
        self.progress.setVisible(not run.ended)
        self.note.setText(run.note)
        self.note.setVisible(bool(run.note))
        self.elsewhere.setVisible(is_elsewhere)
        self.elsewhere_text.setText(elsewhere_text(run))
        self.follow.setVisible(run.stage == "following")
        self._show_buttons(run, is_elsewhere=is_elsewhere)

    def _show_buttons(self, run: Run, *, is_elsewhere: bool) -> None:
        """Show what can be done in this state; the menu has all of it."""
        following = run.stage == "following"
        steers = following and not is_elsewhere
        self.pause.setVisible(steers and run.status != "paused")
        self.resume.setVisible(steers and run.status == "paused")
        self.cancel.setVisible(not run.ended and not is_elsewhere)
        self._cut_off = not run.ended and not following
        self._show_carry_on()
        self.again.setVisible(run.ended or (is_elsewhere and not following))
        self._show_try()

    def _show_try(self) -> None:
        """Trying is what a run is there for: its model, or the checkpoints that it has by now."""
        self.playground.setVisible(self._actions["run.try"].isEnabled())
        self._place_buttons()

    def _show_carry_on(self) -> None:
        """A run on its way to its service needs nobody to carry it on."""
        self.carry_on.setVisible(self._cut_off and self._actions["run.carry_on"].isEnabled())
        self._place_buttons()


MARGIN = 14
TICK_MS = 5_000


class RunView(QScrollArea):
    """Shows the run that is chosen and keeps to it as it goes on.

    Attributes:
        details: What is shown; None before the first answer.

    Signals:
        shown: `details` are others now.
        reference_asked: Show the example of a `Place` in the training file.
        follow_asked: Follow the run of this id, which another computer launched.
        stop_asked: Stop the training and keep what was learned.
    """

    shown = Signal()
    reference_asked = Signal(object)
    follow_asked = Signal(int)
    stop_asked = Signal()

    def __init__(self, context: PageContext, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        actions, theme = context.actions, context.theme
        self.details: RunDetails | None = None
        self.head = RunHead(theme, actions)
        self.failure = FailureCard(theme)
        self.chart = LossChart(theme=theme, feedback=context.feedback)
        self.advice = AdviceCard(theme=theme)
        self.result = ResultSection(context, keys)
        self.events = EventsLog(theme)
        self._answer = LiveQuery(
            project=context.project,
            background=context.background,
            question=read_details,
            kinds=DETAIL_KINDS,
            parent=self,
        )
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._lay_out()
        self._answer.ready.connect(self._on_details)
        self._tick.timeout.connect(self._show_head)
        self.failure.log_asked.connect(self.show_log)
        self.failure.reference_asked.connect(self.reference_asked)
        self.events.reference_asked.connect(self.reference_asked)
        self.head.follow.clicked.connect(self._ask_to_follow)
        self.advice.stop_wanted.connect(self.stop_asked)
        self.advice.checkpoint_wanted.connect(self._use_checkpoint)

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas = canvas = QWidget()
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
        column.addStretch()
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
            self._canvas.hide()
            self._tick.stop()
            self.shown.emit()

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self.details.run if self.details is not None else None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it goes on and this computer neither launched nor follows it."""
        return self.details is not None and self.details.is_elsewhere

    @property
    def model(self) -> str:
        """The tuned model or the checkpoint that is chosen; empty: there is none."""
        return self.result.model if not self.result.isHidden() else ""

    def show_log(self) -> None:
        """Bring the log into sight."""
        self.events.fold.setChecked(True)
        self.ensureWidgetVisible(self.events)
        self.events.view.setFocus()

    def close_project(self) -> None:
        """The project closes."""
        self._tick.stop()
        self._answer.close()

    def _on_details(self, details: "RunDetails") -> None:
        self.details = details
        run = details.run
        self._show_head()
        self.failure.show_run(run)
        if len(details.chart.curves):
            self.chart.show_runs([details.chart])
        else:
            self.chart.show_nothing(*_nothing_text(run))
        self.chart.setVisible(bool(len(details.chart.curves)) or run.status != "failed")
        found = details.advice if len(details.chart.curves) else []
        running = run.stage == "following" and not details.is_elsewhere
        self.advice.show_advice(found, running=running)
        self.chart.set_gist(self.advice.gist)
        self.result.show_run(run, details.checkpoints, details.model_step)
        self.events.show_events(run, details.events)
        self._canvas.show()
        self.shown.emit()

    def _show_head(self) -> None:
        if self.details is not None:
            run = self.details.run
            now = round(time.time() * 1000)
            # Of a run that is not followed the last figures may be of long ago.
            elsewhere = self.details.is_elsewhere
            left = None if elsewhere else seconds_left(run, self.details.latest, now)
            self.head.show_run(
                run,
                left,
                is_elsewhere=self.details.is_elsewhere,
                happens=self._happening(),
                parents=self.details.parents,
            )

    def _happening(self) -> str:
        """What the service said last: before the first step it tells what is waited for."""
        said = self.details.events[0].message if self.details and self.details.events else ""
        return on_one_line(without_ids(redacted(said)))[:LONGEST_HAPPENING]

    def _ask_to_follow(self) -> None:
        if self.run is not None:
            self.follow_asked.emit(self.run.id)
            self._answer.refresh()

    def _use_checkpoint(self, step: int) -> None:
        if self.result.choose_step(step):
            self.ensureWidgetVisible(self.result)
            self.result.which.setFocus()


def _nothing_text(run: Run) -> tuple[str, str]:
    """What stands instead of the chart while there are no figures."""
    if run.ended:
        return _("No figures"), _("The service told no losses of this run.")
    if run.stage in ("preparing", "uploading", "creating"):
        return _("It has not begun yet"), _(
            "The examples are on their way. The loss is drawn here, step by step, once the "
            "training has begun."
        )
    return "", ""
