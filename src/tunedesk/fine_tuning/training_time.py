"""How long a training may take, judged by the runs that this project has seen."""

from dataclasses import dataclass

from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run


@dataclass(frozen=True)
class TimeEstimate:
    """How long a training may take.

    Attributes:
        seconds: So long; an estimate.
        source: How it was estimated, in a sentence.
    """

    seconds: float
    source: str


def training_time(
    project: Project, provider: str, base_model: str, billable_tokens: int
) -> TimeEstimate | None:
    """How long a training takes if it goes as fast as the last one of its kind.

    Args:
        project: The project, or a handle of it.
        provider: The short name of the provider.
        base_model: The base model.
        billable_tokens: Tokens times epochs.

    Returns:
        None, if no run of this base model at this provider has succeeded yet.
    """
    for run in project.runs.all():
        if run.provider == provider and run.base_model == base_model and run.succeeded:
            seconds = _seconds(project, run)
            if seconds and run.trained_tokens:
                return TimeEstimate(
                    seconds * billable_tokens / run.trained_tokens,
                    _("Estimated: as fast as “{name}” was.").format(name=run.name),
                )
    return None


def _seconds(project: Project, run: Run) -> float | None:
    """How long a run trained: between its first and last figures, else from launch to end."""
    times = [metric.time for metric in project.runs.metrics(run.id) if metric.time]
    if times and run.finished_at is not None and run.finished_at > times[0]:
        return (run.finished_at - times[0]) / 1000
    if run.finished_at is not None and run.finished_at > run.created_at:
        return (run.finished_at - run.created_at) / 1000
    return None
