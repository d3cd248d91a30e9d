"""All that the view of a run shows, read and worked out in one go, in a thread."""

from typing import TYPE_CHECKING, NamedTuple

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.gui.fine_tune.run_text import SPEED_STEPS, epochs_of
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, Run, RunCheckpoint, RunEvent

if TYPE_CHECKING:
    from tunedesk.fine_tuning.advice_rules.context import Advice
    from tunedesk.fine_tuning.charted_run import ChartedRun
    from tunedesk.fine_tuning.curves import RunCurves

DETAIL_KINDS = frozenset({"runs", "metrics", "events", "checkpoints"})
"""After these kinds of changes the details may be others."""

_AGAIN = 500
"""So many of the last steps are read again: their validation may have followed."""


class RunDetails(NamedTuple):
    """A run with what its view shows.

    Attributes:
        run: The run.
        latest: Its last figures, by step: for the speed.
        events: Its log, the newest first.
        checkpoints: Its checkpoints, by step.
        chart: Its curves.
        advice: What they mean, the most important first.
    """

    run: Run
    latest: list[Metric]
    events: list[RunEvent]
    checkpoints: list[RunCheckpoint]
    chart: "ChartedRun"
    advice: "list[Advice]"


class DetailsReader:
    """Reads one run again and again, and of its figures only those that are new."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._curves: RunCurves | None = None
        self._whole_for: object = None

    def __call__(self, project: Project) -> RunDetails:
        """Read the details; called in a thread, in one at a time."""
        # numpy takes a while to import; here it holds nobody up.
        from tunedesk.fine_tuning.advice import advice
        from tunedesk.fine_tuning.charted_run import ChartedRun
        from tunedesk.fine_tuning.curves import RunCurves

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
        found = advice(
            curves,
            checkpoints,
            run.total_steps,
            epochs,
            run.ended,
            # A run that was brought in has no record of its files, but its job has.
            validates=run.validation is not None or bool(run.job.get("validation_file")),
            begins_empty=run.base_model == STARTER_ID,
        )
        best = next((one.checkpoint_step for one in found if one.checkpoint_step), None)
        chart = ChartedRun(
            name=run.name,
            curves=curves,
            checkpoints=tuple(point.step for point in checkpoints),
            total_steps=run.total_steps,
            epochs=epochs,
            best_checkpoint=best,
        )
        return RunDetails(
            run, metrics[-SPEED_STEPS:], runs.events(self._run_id), checkpoints, chart, found
        )


def read_details(project: Project, reader: DetailsReader) -> RunDetails:
    """The question that the view asks; see `DetailsReader`."""
    return reader(project)
