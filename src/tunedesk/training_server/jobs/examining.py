"""Has the examples of a job read as its base model will read them, by a process that ends."""

import logging
import subprocess
from collections.abc import Callable

from tunedesk.training_server.job_folder import Examination, JobFolder
from tunedesk.training_server.jobs.launching import Launcher

_LOOK_SECONDS = 0.1


def examine(
    launcher: Launcher,
    folder: JobFolder,
    base_model: str,
    method: str,
    still_wanted: Callable[[], bool],
) -> Examination | None:
    """What the base model has against the examples.

    Args:
        launcher: Starts the process.
        folder: The folder of the job, with its records.
        base_model: As in the `JobSpec`.
        method: The method of the job.
        still_wanted: Asked now and then; if not, the process is ended.

    Returns:
        What was found; None if it is no longer wanted, or if the process died, which the log then
        says: the process that trains will find out the same.
    """
    try:
        process = launcher.start_examining(folder, base_model, method)
    except OSError as error:
        _warn(folder, f"could not be started: {error}")
        return None
    try:
        while True:
            try:
                status = process.wait(_LOOK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if not still_wanted():
                    return None
    finally:
        process.kill()
        process.wait()
    found = folder.read_examination()
    if found is None:
        _warn(folder, f"ended with status {status}; {folder.examination_log} says more")
    return found


def _warn(folder: JobFolder, what: str) -> None:
    logging.getLogger(__name__).warning(
        "The process that examines the examples of %s %s. They are examined when it runs.",
        folder.path.name,
        what,
    )
