"""The cards below the chart: what the curves mean, or why the run failed, and what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QPushButton, QWidget

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.fine_tuning.open_work import is_from_here
from tunedesk.gui.fine_tune.event_log import file_reference_text
from tunedesk.gui.fine_tune.run_text import SPEED_STEPS, epochs_of
from tunedesk.gui.theme import Theme, restyle
from tunedesk.gui.widgets.accessible_roles import set_role
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout, clear_layout
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, Run, RunCheckpoint, RunEvent
from tunedesk.services.file_references import FileReference, find_file_references
from tunedesk.services.redaction import redacted
from tunedesk.services.service_errors import why_it_failed, without_ids

if TYPE_CHECKING:
    from tunedesk.fine_tuning.advice_rules.context import Advice
    from tunedesk.fine_tuning.charted_run import ChartedRun
    from tunedesk.fine_tuning.curves import RunCurves

DETAIL_KINDS = frozenset({"runs", "metrics", "events", "checkpoints"})
"""After these kinds of changes the details may be others."""

_AGAIN = 500
"""How many of the last steps are read again: their validation may have followed."""


class RunDetails(NamedTuple):
    """A run with what its view shows.

    Attributes:
        run: The run.
        latest: Its last figures, by step: for the speed.
        events: Its log, the newest first.
        checkpoints: Its checkpoints, by step.
        chart: Its curves.
        advice: What they mean, the most important first.
        is_elsewhere: Whether it goes on and this computer neither launched nor follows it.
        model_step: The step whose weights the tuned model has; None: the last.
        parents: The names of the runs whose models it goes on from, the nearest first.
    """

    run: Run
    latest: list[Metric]
    events: list[RunEvent]
    checkpoints: list[RunCheckpoint]
    chart: "ChartedRun"
    advice: "list[Advice]"
    is_elsewhere: bool
    model_step: int | None = None
    parents: tuple[str, ...] = ()


class DetailsReader:
    """Reads one run again and again, and of its figures only those that are new."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._curves: RunCurves | None = None
        self._whole_for: object = None

    def __call__(self, project: Project) -> RunDetails:
        """Read the details; called in a thread, in one at a time."""
        # numpy takes a while to import; here it holds nobody up.
        with importing(
            "tunedesk.fine_tuning.advice",
            "tunedesk.fine_tuning.charted_run",
            "tunedesk.fine_tuning.curves",
            "tunedesk.fine_tuning.run_facts",
        ):
            from tunedesk.fine_tuning.advice import advice
            from tunedesk.fine_tuning.charted_run import ChartedRun
            from tunedesk.fine_tuning.curves import RunCurves
            from tunedesk.fine_tuning.run_facts import model_step

        runs = project.runs
        run, checkpoints = runs.get(self._run_id), runs.checkpoints(self._run_id)
        # At the end, and with a checkpoint, a service may tell figures of steps long past.
        whole_for = (run.ended, len(checkpoints))
        if self._curves is None or whole_for != self._whole_for:
            self._whole_for = whole_for
            metrics = runs.metrics(self._run_id)
            curves = RunCurves.from_metrics(metrics)
        else:
            metrics = runs.metrics(self._run_id, self._curves.last_step - _AGAIN)
            curves = self._curves.with_more(metrics)
        self._curves = curves
        epochs = epochs_of(run)
        events = runs.events(self._run_id)
        kept = model_step(events)
        found = advice(
            curves,
            checkpoints,
            run.total_steps,
            epochs,
            run.ended,
            # A run that was brought in has no record of its files, but its job has.
            validates=run.validation is not None or bool(run.job.get("validation_file")),
            begins_empty=run.base_model == STARTER_ID,
            method=run.settings.get("method"),
            model_step=kept,
        )
        best = next((one.checkpoint_step for one in found if one.checkpoint_step), kept)
        chart = ChartedRun(
            name=run.name,
            curves=curves,
            checkpoints=tuple(point.step for point in checkpoints),
            total_steps=run.total_steps,
            epochs=epochs,
            best_checkpoint=best,
            model_step=kept if run.succeeded else None,
        )
        return RunDetails(
            run=run,
            latest=metrics[-SPEED_STEPS:],
            events=events,
            model_step=kept,
            checkpoints=checkpoints,
            chart=chart,
            advice=found,
            is_elsewhere=not run.ended and not is_from_here(project, run),
            parents=tuple(parent.name for parent in runs.parents(run)),
        )


def read_details(project: Project, reader: DetailsReader) -> RunDetails:
    """The question that the view asks; see `DetailsReader`."""
    return reader(project)


class AdviceCard(Card):
    """The most important finding, with its reasons on request, and remarks beside it.

    Signals:
        checkpoint_wanted: To use the checkpoint of a step.
        stop_wanted: To stop the run and keep what it has learned.
    """

    checkpoint_wanted = Signal(int)
    stop_wanted = Signal()

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._found: list[Advice] = []
        self.setAccessibleName(_("Advice"))
        self.body.setContentsMargins(14, 12, 14, 12)
        self._title = Label(theme, "", "strong", wrap=True)
        self._sentence = Label(theme, "", wrap=True)
        self._remarks = Label(theme, "", "base", "muted", wrap=True)
        self._why = Label(theme, "", "base", "muted", wrap=True)
        for label in (self._title, self._sentence, self._remarks, self._why):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.use_checkpoint = self._link(_("Use this checkpoint"))
        self.stop = self._link(
            _("Stop here and keep it"), _("End the training now; what was learned so far is kept.")
        )
        self.ask_why = self._link(
            _("Why this advice?"), _("Show the reason, and what the words mean."), switches=True
        )
        set_role(self.ask_why, QAccessible.Role.Button)
        links = FlowLayout(spacing=14)
        for button in (self.use_checkpoint, self.stop, self.ask_why):
            links.addWidget(button)
        self.body.setSpacing(4)
        for label in (self._title, self._sentence, self._remarks):
            self.body.addWidget(label)
        self.body.addLayout(links)
        self.body.addWidget(self._why)
        self.use_checkpoint.clicked.connect(self._use_checkpoint)
        self.stop.clicked.connect(self.stop_wanted)
        self.ask_why.toggled.connect(self._show_why)
        self.show_advice([], running=False)

    def _link(self, text: str, tip: str = "", *, switches: bool = False) -> QPushButton:
        button = QPushButton(text)
        button.setCheckable(switches)
        button.setProperty("kind", "link")
        button.setAccessibleName(text)
        button.setToolTip(plain_tooltip(tip))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button

    @property
    def gist(self) -> str:
        """The finding in one line, for those who cannot see the chart."""
        return f"{self._found[0].title} {self._found[0].sentence}" if self._found else ""

    def show_advice(self, found: Sequence["Advice"], *, running: bool) -> None:
        """Say this; an empty list takes the card away.

        Args:
            found: The most important first; the rest are remarks.
            running: Whether the training is under way, so that it can be stopped.
        """
        changed = [one.code for one in found[:1]] != [one.code for one in self._found[:1]]
        self._found = list(found)
        self.setVisible(bool(found))
        if not found:
            return
        first = self._found[0]
        self._title.setText(first.title)
        self._sentence.setText(first.sentence)
        self._remarks.setText("\n".join(f"{one.title} {one.sentence}" for one in self._found[1:]))
        self._remarks.setVisible(len(self._found) > 1)
        step = first.checkpoint_step
        self.use_checkpoint.setVisible(step is not None)
        if step is not None:
            text = _("Use checkpoint {step}").format(step=f"{step:,}")
            self.use_checkpoint.setText(text)
            self.use_checkpoint.setAccessibleName(text)
            self.use_checkpoint.setToolTip(
                _("Take the model as it was at step {step}.").format(step=f"{step:,}")
            )
        self.stop.setVisible(running and first.can_stop)
        reasons = [one.why for one in self._found]
        words = list(dict.fromkeys(line for one in self._found for line in one.explained()))
        self._why.setText("\n".join([*reasons, "", *words]))
        if changed:
            self.ask_why.setChecked(False)
        self._show_why(self.ask_why.isChecked())
        if self.property("edge") != first.tone:
            self.setProperty("edge", first.tone)
            restyle(self)
        if self.accessibleDescription() != self.gist:
            self.setAccessibleDescription(self.gist)

    def _show_why(self, shown: bool) -> None:
        self._why.setVisible(shown)

    def _use_checkpoint(self) -> None:
        step = self._found[0].checkpoint_step if self._found else None
        if step is not None:
            self.checkpoint_wanted.emit(step)


MOST_LINKS = 8


class FailureCard(Card):
    """The sentence, the advice, the service's own words, and the references that they name.

    Signals:
        log_asked: Show the log.
        reference_asked: Show the example of a `Place` in the training file.
    """

    log_asked = Signal()
    reference_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("error", parent)
        self.setAccessibleName(_("Why it failed"))
        self.sentence = Label(theme, "", "strong", wrap=True)
        self.advice = Label(theme, "", "base", wrap=True)
        self.detail = Label(theme, "", "base", "muted", wrap=True)
        for label in (self.sentence, self.advice, self.detail):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.body.addWidget(label)
        links = QWidget()
        self._flow = FlowLayout(links, spacing=12)
        self.body.addWidget(links)
        self._shown: tuple[int, object] | None = None

    def show_run(self, run: Run) -> None:
        """Show why a run failed; hidden for all others."""
        failed = run.status == "failed" or (run.ended and run.error is not None)
        self.setVisible(failed)
        if not failed or self._shown == (run.id, run.error):
            return
        self._shown = (run.id, run.error)
        error = why_it_failed(run.error, run.provider)
        said = redacted(run.error.message) if run.error else ""
        detail = without_ids(said)
        self.sentence.setText(error.sentence)
        self.advice.setText(error.advice)
        self.advice.setVisible(bool(error.advice))
        self.detail.setText(detail)
        # Our own server's words for this are those of a library; they stand among the events.
        code = run.error.code if run.error else ""
        fetching = run.provider == "local" and code == "model_not_fetched"
        self.detail.setVisible(bool(detail) and detail != error.sentence and not fetching)
        self.detail.setToolTip(plain_tooltip(said) if said != detail else "")
        self._show_links(find_file_references(said)[:MOST_LINKS])

    def _show_links(self, references: list[FileReference]) -> None:
        clear_layout(self._flow)
        for reference in references:
            button = self._link(file_reference_text(reference))
            button.clicked.connect(
                lambda _on=False, reference=reference: self.reference_asked.emit(reference)
            )
        self._link(_("Show the log")).clicked.connect(self.log_asked)

    def _link(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("kind", "link")
        self._flow.addWidget(button)
        return button
