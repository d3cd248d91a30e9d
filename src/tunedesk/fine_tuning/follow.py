"""Following a run: polls of its job, into the project; the caller polls again when told to."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tunedesk.errors import UserError
from tunedesk.fine_tuning.open_work import finish_all, is_open, work_of
from tunedesk.fine_tuning.parse_job import (
    JobState,
    job_state,
    merged_metrics,
    metric_of_checkpoint,
    metric_of_event,
    metrics_of_result_file,
    run_checkpoint,
    run_event,
    total_steps_of_event,
)
from tunedesk.i18n import _
from tunedesk.progress import Wait, no_wait
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, Run, RunEvent, RunFile
from tunedesk.project.work import WorkState
from tunedesk.services.connection import Connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.service_errors import ServiceError

HERE_SECONDS = 1.0
"""Between two polls of this computer's own server."""
FIRST_SECONDS, MOST_SECONDS = 5.0, 60.0
"""Between two polls of a service: at first, and while nothing happens or nothing answers."""
RECONNECT_SECONDS = 30.0
"""After a poll that could not even begin, say without a key."""
_GROWTH = 1.5

JobCommand = Literal["cancel", "pause", "resume"]


def begin_to_follow(project: Project, run: Run) -> bytes:
    """Write down that a run is followed from this computer; returns the uid of that work."""
    mine = [item for item in work_of(project, "follow", run) if item.is_mine and is_open(item)]
    item = mine[0] if mine else project.work.add("follow", {"run": run.key})
    return item.uid


class Follower:
    """Looks at one job again and again, and keeps in the project what it finds.

    Between two polls anything may happen: sleep, a lost network, a restart. Each begins from what
    the project holds, so nothing is told twice and nothing is missed. Used by one thread at a time.

    Args:
        run_id: The run.
        connect: Finds the connection to the service of a run; called again after trouble, when
            everything may be another: the key, the port of this computer's server.
        connection: The connection to begin with, if there is one.
    """

    def __init__(
        self,
        run_id: int,
        connect: Callable[[Run, Wait], Connection],
        connection: Connection | None = None,
    ) -> None:
        self.run_id = run_id
        self._connect = connect
        self._connection = connection
        self._pause = 0.0
        self._work: bytes | None = None

    def poll(self, project: Project, wait: Wait = no_wait) -> float | None:
        """Look at the job once.

        Args:
            project: The project, or a handle of it in a background thread.
            wait: How to wait for a server that starts.

        Returns:
            The seconds until the next poll; None: the run has ended.
        """
        run = project.runs.get(self.run_id)
        if run.stage != "following":
            return None
        if self._work is None:
            self._work = begin_to_follow(project, run)
            project.work.claim(self._work)
        if self._connection is None or run.note:
            try:
                self._connection = self._connect(run, wait)
            except UserError as error:
                project.runs.update(run.id, note=error.sentence)
                return RECONNECT_SECONDS
        connection = self._connection
        least = HERE_SECONDS if connection.provider.name == "local" else FIRST_SECONDS
        try:
            with connection.client() as client:
                news = _poll(project, run, JobsClient(connection, client), connection)
        except UserError as error:
            project.runs.update(run.id, note=error.sentence)
            asked = error.retry_after if isinstance(error, ServiceError) else None
            self._pause = max(min(max(self._pause, least) * _GROWTH, MOST_SECONDS), asked or 0.0)
            return self._pause
        now = project.runs.get(run.id)
        if now.ended:
            end: WorkState = "failed"
            if now.succeeded or now.status == "cancelled":
                end = "done" if now.succeeded else "cancelled"
            finish_all(project, "follow", now, end)
            return None
        if now.step is not None and (now.step, now.total_steps) != (run.step, run.total_steps):
            project.work.report(self._work, progress=now.step, total=now.total_steps)
        slowest = HERE_SECONDS if connection.provider.name == "local" else MOST_SECONDS
        self._pause = least if news else min(max(self._pause, least) * _GROWTH, slowest)
        return self._pause


def send_command(project: Project, run_id: int, connection: Connection, command: JobCommand) -> Run:
    """Cancel, pause or resume the job of a run.

    Raises:
        ServiceError: The service refused, or it is not known whether it was done.
    """
    run = project.runs.get(run_id)
    with connection.client() as client:
        calls = JobsClient(connection, client)
        answer = {"cancel": calls.cancel, "pause": calls.pause, "resume": calls.resume}[command](
            run.job_id
        )
    _keep_state(project, run, answer, job_state(answer, connection.provider), ended=False)
    return project.runs.get(run_id)


def adopt_job(project: Project, job_id: str, connection: Connection) -> Run:
    """Begin to follow a job that was started elsewhere.

    Raises:
        UserError: It is in the project already, or the service does not have it.
    """
    for run in project.runs.all():
        if run.job_id == job_id and run.base_url == connection.base_url:
            raise UserError(_("This run is in the project already: {name}.").format(name=run.name))
    with connection.client() as client:
        answer = JobsClient(connection, client).retrieve(job_id)
    state = job_state(answer, connection.provider)
    return project.runs.add(
        name=state.suffix or state.id,
        provider=connection.provider.name,
        base_url=connection.base_url,
        base_model=state.model,
        settings={},
        program_version="",
        stage="following",
        status=state.status,
        job_id=state.id,
        job=answer,
        **{} if state.created_at is None else {"created_at": state.created_at},
    )


def list_jobs(connection: Connection, most: int = 100) -> list[JobState]:
    """The latest jobs of a service, to bring one in.

    Raises:
        ServiceError: It does not list them.
    """
    with connection.client() as client:
        rows = JobsClient(connection, client).list(most_pages=1).rows[:most]
    return [job_state(row, connection.provider) for row in rows]


def _poll(project: Project, run: Run, calls: JobsClient, connection: Connection) -> bool:
    """Whether there was anything new."""
    answer = calls.retrieve(run.job_id)
    state = job_state(answer, connection.provider)
    events = _new_events(project, run, calls)
    total = next(filter(None, map(total_steps_of_event, events)), state.total_steps)
    metrics = [metric for event in events if (metric := metric_of_event(event)) is not None]
    if state.ended or connection.provider.losses_in == "checkpoints" or _names_checkpoint(events):
        metrics += _keep_checkpoints(project, run, calls)
    if state.ended and not project.runs.metrics(run.id) and not metrics:
        metrics += _results(state, calls)
    project.runs.add_metrics(run.id, merged_metrics(metrics))
    last = max((metric.step for metric in metrics), default=state.step)
    values: dict[str, Any] = {}
    if last is not None:
        values["step"] = max(last, run.step or 0)
    if total is not None:
        values["total_steps"] = total
    _keep_state(project, run, answer, state, ended=state.ended, **values)
    return bool(events) or state.status != run.status


def _new_events(project: Project, run: Run, calls: JobsClient) -> list[RunEvent]:
    """The events that are not kept yet, the oldest first; they are kept now."""
    known = project.runs.event_ids(run.id)
    rows = calls.events(run.job_id, known).rows
    events = [event for row in reversed(rows) if (event := run_event(row)).id not in known]
    project.runs.add_events(run.id, events)
    return events


def _names_checkpoint(events: list[RunEvent]) -> bool:
    return any("checkpoint" in event.message.casefold() for event in events)


def _keep_checkpoints(project: Project, run: Run, calls: JobsClient) -> list[Metric]:
    """Keep the checkpoints that there are; returns their figures. Some services have none."""
    with contextlib.suppress(ServiceError):
        found = [run_checkpoint(row) for row in calls.checkpoints(run.job_id).rows]
        found.sort(key=lambda point: point.step)
        project.runs.set_checkpoints(run.id, [point for point in found if point.model])
        return [metric for point in found if (metric := metric_of_checkpoint(point)) is not None]
    return []


def _results(state: JobState, calls: JobsClient) -> list[Metric]:
    """The figures of the result files, for services whose events told none."""
    metrics: list[Metric] = []
    for file_id in state.result_files:
        with contextlib.suppress(ServiceError):
            metrics += metrics_of_result_file(calls.file_content(file_id))
    return metrics


def _keep_state(
    project: Project,
    run: Run,
    answer: Mapping[str, Any],
    state: JobState,
    *,
    ended: bool,
    **values: Any,
) -> None:
    values |= {
        "status": state.status,
        "job": dict(answer),
        "note": "",
        "fine_tuned_model": state.fine_tuned_model,
        "trained_tokens": state.trained_tokens,
        "error": state.error if state.status == "failed" else None,
    }
    for part, file_id in (
        ("training", state.training_file),
        ("validation", state.validation_file),
    ):
        if getattr(run, part) is None and file_id:
            values[part] = RunFile(file_id, "", 0, 0)
    if ended:
        values |= {"stage": "ended", "finished_at": state.finished_at}
    project.runs.update(run.id, **values)
