"""Looking for a job whose answer was lost: before anything is sent again."""

from collections.abc import Mapping
from typing import Any

from tunedesk.fine_tuning.job_calls import JobCalls
from tunedesk.fine_tuning.providers import Provider
from tunedesk.project.run_records import Run

RUN_KEY = "tunedesk_run"
"""The key in a job's metadata by which it is found again."""

_MOST_PAGES = 5


def find_job(calls: JobCalls, place: Provider, run: Run) -> dict[str, Any] | None:
    """The job that was made for a run; None if the service has none.

    It is known by the run's key in its metadata, or, where the service keeps no metadata, by its
    training file, which was sent for this run alone. Some services do not look at the metadata
    that is asked for, so every row is looked at, and without it the latest are looked through.

    Raises:
        ServiceError: The service cannot be asked.
    """
    wanted = {RUN_KEY: run.key} if place.metadata else None
    for metadata in (wanted, None) if wanted else (None,):
        for row in calls.list(metadata=metadata, most_pages=_MOST_PAGES).rows:
            if _is_of(row, run):
                return row
    return None


def _is_of(row: Mapping[str, Any], run: Run) -> bool:
    metadata = row.get("metadata")
    if isinstance(metadata, dict) and metadata.get(RUN_KEY) == run.key:
        return True
    file_id = run.training.file_id if run.training else ""
    return bool(file_id) and row.get("training_file") == file_id
