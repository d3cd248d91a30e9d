"""Launching a run: the files, the upload, the job; at most one job, whatever goes wrong.

Each stage is written into the project before it begins, so that a run which was cut off (lost
network, a crash, `kill -9`) is carried on from there. The request that makes the job is sent once:
before it is sent the run stands at "creating", and from there the job is first looked for.

The two files of a run are written from the versions that it froze. They lie in the user's data
folder only until the service has them; what they held can be written again from the project, and
the hash that the run keeps shows that it is the same.
"""

import contextlib
import datetime
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunedesk import __version__
from tunedesk.errors import Cancelled, UserError
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.fine_tuning.launch_settings import LaunchSettings, job_body
from tunedesk.fine_tuning.parse_job import job_state
from tunedesk.formats.writers.jsonl import RecordWriter
from tunedesk.i18n import _
from tunedesk.paths import user_data_dir
from tunedesk.progress import Progress, Wait, no_progress, no_wait
from tunedesk.project.exporting import version_records
from tunedesk.project.project import Project
from tunedesk.project.run_records import Part, Run, RunError, RunExample, RunFile
from tunedesk.services.connection import Connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.providers import Provider
from tunedesk.services.service_errors import ServiceError, errors_explained
from tunedesk.services.upload import find_file, upload_file


def folder_of(run: Run) -> Path:
    """Where the files of a run lie while they are sent."""
    return user_data_dir() / "outbox" / run.key


def file_name(run: Run, part: Part) -> str:
    """The name of a file at the service: unique, so that it is found again by it."""
    return f"tunedesk-{run.key}-{part}.jsonl"


def write_run_file(
    project: Project,
    run: Run,
    part: Part,
    provider: Provider,
    progress: Progress = no_progress,
    out: Path | None = None,
) -> tuple[Path, RunFile]:
    """Write one of the files of a run, exactly as it was or will be sent.

    Args:
        project: The project.
        run: The run.
        part: Which of the two.
        provider: The provider, which may want a byte order mark.
        progress: Told how many examples are written; may cancel.
        out: Where to write it; without, where files lie while they are sent.

    Returns:
        The file, and what it is.

    Raises:
        UserError: It cannot be written, or the project has lost a version.
    """
    versions = [row.version_id for row in project.runs.examples(run.id) if row.part == part]
    path = out or folder_of(run) / file_name(run, part)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            _("The examples cannot be written to {folder}: {reason}").format(
                folder=path.parent, reason=error.strerror
            )
        ) from error
    with RecordWriter(path, byte_order_mark=provider.byte_order_mark) as writer:
        for records in version_records(project, versions, progress):
            writer.write_all(records)
        if writer.records != len(versions):
            raise UserError(
                _("{n} examples of this run are not in the project any more.").format(
                    n=len(versions) - writer.records
                )
            )
    return path, RunFile("", _sha256(path), path.stat().st_size, len(versions))


def remove_run_files(run: Run) -> None:
    """Remove what was written for sending."""
    shutil.rmtree(folder_of(run), ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


RUN_KEY = "tunedesk_run"
"""The key in a job's metadata by which it is found again."""

_MOST_PAGES = 5


def find_created_job(calls: JobsClient, provider: Provider, run: Run) -> dict[str, Any] | None:
    """The job that was made for a run; None if the service has none.

    It is known by the run's key in its metadata, or, where the service keeps no metadata, by its
    training file, which was sent for this run alone. Some services do not look at the metadata
    that is asked for, so every row is looked at, and without it the latest are looked through.

    Raises:
        ServiceError: The service cannot be asked.
    """
    wanted = {RUN_KEY: run.key} if provider.metadata else None
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


CREATE_SECONDS = 120.0
PARTS: tuple[Part, ...] = ("training", "validation")
SEARCH_PAUSES = (2.0, 5.0, 10.0)
"""The seconds after which a job whose answer was lost is looked for again: it may appear late."""


def default_run_name() -> str:
    """What a run is called that is given no name."""
    return _("Run of {day}").format(day=datetime.date.today().isoformat())


def create_run(project: Project, preview: LaunchPreview, connection: Connection) -> Run:
    """Write a new run down: what it is made of is fixed from here on; nothing is sent yet.

    Raises:
        UserError: Something stands against the launch.
    """
    if not preview.may_start:
        raise UserError(
            preview.stops[0] if preview.stops else _("Some examples have errors."),
            _("Fix what is named, or leave those examples out."),
        )
    connection.check_may_send()
    settings = preview.settings
    run = project.runs.add(
        name=settings.name or default_run_name(),
        provider=connection.provider.name,
        base_url=connection.base_url,
        base_model=settings.base_model,
        settings=settings.to_json(),
        program_version=__version__,
    )
    split = preview.split
    sides: tuple[tuple[Part, Any], ...] = (
        ("training", split.training),
        ("validation", split.validation),
    )
    project.runs.set_examples(
        run.id,
        [
            RunExample(part, line, row.example_id, row.version_id)
            for part, rows in sides
            for line, row in enumerate(rows, 1)
        ],
    )
    return project.runs.get(run.id)


def continue_launch(
    project: Project,
    run_id: int,
    connection: Connection,
    wait: Wait,
    progress: Progress = no_progress,
) -> Run:
    """Bring a run to where its job is at the service, from whichever stage it stands at.

    Args:
        project: The project, or a handle of it in a background thread.
        run_id: A run that has no job yet.
        connection: The service that it was begun for.
        wait: How to wait; may raise `Cancelled`.
        progress: Told what of the stage is done; may cancel.

    Raises:
        ServiceError: The service refused, or cannot be reached. If it refused the job itself, the
            run has failed; otherwise it can be carried on later.
        Cancelled: The user stopped it; what was sent is deleted at the service.
    """
    run = project.runs.get(run_id)
    if run.base_url != connection.base_url and not _is_own_server(run, connection):
        raise UserError(
            _("This run belongs to another server: {address}").format(address=run.base_url)
        )
    try:
        if run.stage in ("preparing", "uploading"):
            _send_files(project, run, connection, wait, progress)
        run = project.runs.get(run_id)
        if run.stage in ("uploading", "creating"):
            _make_job(project, run, connection, wait)
    except Cancelled:
        if project.runs.get(run_id).stage in ("preparing", "uploading"):
            give_up(project, run_id, connection)
        raise
    except UserError as error:
        if project.runs.get(run_id).stage != "ended":
            project.runs.update(run_id, note=error.sentence)
        raise
    return project.runs.get(run_id)


def give_up(project: Project, run_id: int, connection: Connection | None) -> None:
    """End a run that has no job: its files are deleted, here and as far as possible there."""
    run = project.runs.get(run_id)
    project.runs.update(run_id, stage="ended", status="cancelled", note="")
    _clean_up(run, connection)


def record_created_job(
    project: Project,
    run_id: int,
    connection: Connection,
    wait: Wait = no_wait,
    pauses: Sequence[float] | None = None,
) -> bool:
    """Look for the job of a run at "creating", and keep it if it is there; whether it is.

    Args:
        project: The project, or a handle of it in a background thread.
        run_id: A run whose job may have been made.
        connection: Its service.
        wait: How to wait between two searches; may raise `Cancelled`.
        pauses: The seconds before each further search; None: `SEARCH_PAUSES`.

    Raises:
        ServiceError: The service cannot be asked.
    """
    run = project.runs.get(run_id)
    with connection.client() as client:
        calls = JobsClient(connection, client)
        job = find_created_job(calls, connection.provider, run)
        for seconds in SEARCH_PAUSES if pauses is None else pauses:
            if job is not None:
                break
            wait(seconds)
            job = find_created_job(calls, connection.provider, run)
    if job is None:
        return False
    _adopt(project, run, job, connection.provider)
    return True


def _is_own_server(run: Run, connection: Connection) -> bool:
    """Whether both are this computer's own server, whose address changes with each start."""
    own = run.provider == connection.provider.name == "local"
    return own and not run.settings.get("base_url")


def _send_files(
    project: Project, run: Run, connection: Connection, wait: Wait, progress: Progress
) -> None:
    present = {row.part for row in project.runs.examples(run.id)}
    written = {}
    for part in (part for part in PARTS if part in present):
        path, file = write_run_file(project, run, part, connection.provider, progress)
        before = getattr(run, part)
        if before is not None and before.sha256 != file.sha256:
            raise UserError(_("The examples of this run are not what they were; begin a new one."))
        written[part] = (path, before or file)
        project.runs.update(run.id, **{part: written[part][1]})
    project.runs.update(run.id, stage="uploading", note="")
    for part, (path, file) in written.items():
        if not file.file_id:
            file_id = upload_file(connection, path, wait, progress)
            project.runs.update(run.id, **{part: replace(file, file_id=file_id)})
    remove_run_files(run)


def _make_job(project: Project, run: Run, connection: Connection, wait: Wait) -> None:
    provider = connection.provider
    with connection.client(max_retries=0, timeout=CREATE_SECONDS) as client:
        calls = JobsClient(connection, client)
        if run.stage == "creating":
            # The request may have been sent already.
            job = find_created_job(calls, provider, run)
            if job is not None:
                _adopt(project, run, job, provider)
                return
        body = job_body(
            LaunchSettings.from_json(run.settings),
            provider,
            run.training.file_id if run.training else "",
            run.validation.file_id if run.validation else "",
            {RUN_KEY: run.key} if provider.metadata else None,
        )
        project.runs.update(run.id, stage="creating", note="")
        try:
            job = calls.create(body)
        except ServiceError as error:
            job = _after_error(project, run, connection, calls, error, wait)
    _adopt(project, run, job, provider)


def _after_error(
    project: Project,
    run: Run,
    connection: Connection,
    calls: JobsClient,
    error: ServiceError,
    wait: Wait,
) -> dict[str, Any]:
    """The job, if it was made all the same; otherwise the error, with the run left as it is true.

    Raises:
        ServiceError: There is no job, or none was found.
    """
    if error.lost_answer:
        for seconds in SEARCH_PAUSES:
            wait(seconds)
            with contextlib.suppress(ServiceError):
                job = find_created_job(calls, connection.provider, run)
                if job is not None:
                    return job
    elif error.status in (0, 429):
        # Never sent, or told to come later: nothing was made, it may be sent again.
        project.runs.update(run.id, stage="uploading")
    else:
        project.runs.update(
            run.id,
            stage="ended",
            status="failed",
            error=RunError(error.code, error.detail or error.sentence),
            finished_at=_now(),
            note="",
        )
        _clean_up(run, connection)
    raise error


def _adopt(project: Project, run: Run, job: dict[str, Any], provider: Provider) -> None:
    """The service has the job: from here on it is followed."""
    state = job_state(job, provider)
    project.runs.update(
        run.id, stage="following", status=state.status, job_id=state.id, job=job, note=""
    )


def _clean_up(run: Run, connection: Connection | None) -> None:
    remove_run_files(run)
    if connection is None:
        return
    with contextlib.suppress(UserError), connection.client() as client:
        calls = JobsClient(connection, client)
        for part in PARTS:
            file = getattr(run, part)
            if file is None:
                continue
            with (
                contextlib.suppress(ServiceError),
                errors_explained(connection.provider, connection.key_value),
            ):
                # The answer to its upload may have been lost; it is found by its unique name.
                file_id = file.file_id or find_file(client, file_name(run, part), file.bytes)
                if file_id:
                    calls.delete_file(file_id)


def _now() -> int:
    return int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
