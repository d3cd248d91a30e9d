"""All that the view of a run shows, read in one go."""

from typing import NamedTuple

from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, Run, RunCheckpoint, RunEvent

DETAIL_KINDS = frozenset({"runs", "metrics", "events", "checkpoints"})
"""After these kinds of changes the details may be others."""


class RunDetails(NamedTuple):
    """A run with its figures, its log and its checkpoints.

    Attributes:
        run: The run.
        metrics: Its figures, by step.
        events: Its log, the newest first.
        checkpoints: Its checkpoints, by step.
    """

    run: Run
    metrics: list[Metric]
    events: list[RunEvent]
    checkpoints: list[RunCheckpoint]


def find_details(project: Project, run_id: int) -> RunDetails:
    """Read the details of a run; called in a thread."""
    runs = project.runs
    return RunDetails(
        runs.get(run_id), runs.metrics(run_id), runs.events(run_id), runs.checkpoints(run_id)
    )
