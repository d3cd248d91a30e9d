"""How long a training takes: always an estimate, which says how it was made.

From an earlier run of the same model in this project, if there is one. Otherwise, on this computer,
by arithmetic: a token costs about 6 operations for each weight (2 forwards, 4 backwards; Kaplan et
al. 2020, section 2.1), about 4 where only an adapter learns, and each step something beside that.
"""

from typing import NamedTuple

from tunedesk.checks.local_models import STARTER_ID
from tunedesk.checks.models import Catalogue
from tunedesk.checks.training_fit import Device
from tunedesk.fine_tuning.preparation import Preparation
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run

_OPERATIONS: dict[Device, float] = {"cpu": 4e10, "mps": 2e12, "cuda": 2e13}
"""Operations a second, as trainings reach them: 2 cores measured here, the others cautiously."""
_STEP_SECONDS: dict[Device, float] = {"cpu": 0.03, "mps": 0.05, "cuda": 0.1}
_START_SECONDS = 12.0
"""Until the first step, measured here: loading the libraries and the model."""
_LEAST_STEPS = 10


class TimeEstimate(NamedTuple):
    """An estimate.

    Attributes:
        seconds: How long it takes.
        source: How that was worked out, in a sentence.
    """

    seconds: float
    source: str


def estimate_time(
    project: Project, prepared: Preparation, device: Device = "cpu"
) -> TimeEstimate | None:
    """How long a run takes; None where nothing can be said.

    Args:
        project: The project, or a handle of it.
        prepared: What would be launched.
        device: Where this computer trains.
    """
    settings = prepared.settings
    if not prepared.tokens:
        return None
    for run in project.runs.all():
        if _is_alike(run, prepared):
            measured = _measured(project, run)
            if measured is not None:
                start, per_token = measured
                return TimeEstimate(
                    start + per_token * prepared.billable_tokens,
                    _("Estimated from the run “{name}”.").format(name=run.name),
                )
    model = Catalogue.load().find_local(settings.base_model)
    if model is None or settings.provider != "local":
        return None
    learns_whole = settings.full or model.id == STARTER_ID
    operations = (6 if learns_whole else 4) * model.size.parameters * prepared.billable_tokens
    seconds = _START_SECONDS + operations / _OPERATIONS[device]
    seconds += prepared.steps * _STEP_SECONDS[device]
    return TimeEstimate(
        seconds, _("Estimated from the size of the model; the first run here will tell better.")
    )


def _is_alike(run: Run, prepared: Preparation) -> bool:
    settings = prepared.settings
    return (
        run.provider == settings.provider
        and run.succeeded
        and run.base_model == settings.base_model
        and bool(run.settings.get("full")) == settings.full
    )


def _measured(project: Project, run: Run) -> tuple[float, float] | None:
    """The seconds until the first step and for each token of a run; None if it was too short."""
    metrics = [metric for metric in project.runs.metrics(run.id) if metric.time]
    if len(metrics) < _LEAST_STEPS or not run.trained_tokens:
        return None
    seconds = (metrics[-1].time - metrics[0].time) / 1000
    if seconds <= 0:
        return None
    start = max((metrics[0].time - run.created_at) / 1000, 0.0)
    return min(start, 10 * _START_SECONDS), seconds / run.trained_tokens
