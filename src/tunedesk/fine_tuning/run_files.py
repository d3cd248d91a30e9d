"""The two files of a run: written from the versions that it froze, and the same again at any time.

They lie in the user's data folder only until the service has them; what they held can be written
again from the project, and the hash that the run keeps shows that it is the same.
"""

import hashlib
import shutil
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.fine_tuning.providers import Provider
from tunedesk.formats.writers.jsonl import RecordWriter
from tunedesk.i18n import _
from tunedesk.paths import user_data_dir
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Part, Run, RunFile
from tunedesk.project.training_rows import version_records

_BLOCK = 1 << 20


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
    place: Provider,
    progress: Progress = no_progress,
    out: Path | None = None,
) -> tuple[Path, RunFile]:
    """Write one of the files of a run, exactly as it was or will be sent.

    Args:
        project: The project.
        run: The run.
        part: Which of the two.
        place: The provider, which may want a byte order mark.
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
    with RecordWriter(path, byte_order_mark=place.byte_order_mark) as writer:
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
