"""Runs the queued jobs, one at a time: starts the process, follows it, says why it died."""

import logging
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tunedesk.catalogue.memory_estimate import why_it_does_not_fit
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import STARTER, JobCommand, JobFolder, JobSpec
from tunedesk.training_server.jobs.launcher import Launcher, end_processes, memory_of
from tunedesk.training_server.jobs.progress_reader import ProgressReader
from tunedesk.training_server.jobs.resources import is_full, job_need, largest_row, read_machine
from tunedesk.training_server.store.job_store import TERMINAL, Job
from tunedesk.training_server.store.stores import Stores

_TAIL = 20_000
_FULL = 2_000_000
"""Bytes: with less, what a training writes next does not fit."""

_DISK_FULL = (
    "The disk is full: the training process could not write its model. Make room on it, then start "
    "the job again."
)
_SIGNS = (
    (
        "out_of_memory",
        ("out of memory", "MemoryError", "std::bad_alloc", "can't allocate memory"),
        (
            "The training process ran out of memory. Use a smaller base model, a smaller "
            "batch_size, or shorter examples."
        ),
    ),
    (
        "disk_full",
        ("No space left on device", "Disk quota exceeded"),
        _DISK_FULL,
    ),
)
_KILLED = (
    "The training process was killed from outside. Most often the computer ran out of memory: a "
    "smaller base model or a smaller batch_size needs less."
)


def exit_reason(exit_status: int, log_file: Path, disk_free: int) -> tuple[str, str]:
    """The code and the sentence for a process that ended without saying why.

    Args:
        exit_status: Its exit status.
        log_file: What it printed.
        disk_free: The free bytes of its disk when it was found to have ended: on a full one it
            can print nothing.
    """
    log = _tail_of(log_file)
    for code, signs, text in _SIGNS:
        if any(sign in log for sign in signs):
            return code, text
    if disk_free < _FULL:
        return "disk_full", _DISK_FULL
    killed = -int(signal.SIGKILL) if hasattr(signal, "SIGKILL") else -9
    if exit_status in (killed, 137) or "SIGKILL" in log or "exitcode: -9" in log:
        return "process_killed", _KILLED
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "Error" in line), "")
    said = f" The last it said: {last[:300]}" if last else ""
    return (
        "process_ended",
        f"The training process ended unexpectedly (status {exit_status}).{said}",
    )


def _tail_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


_MOST_RESTARTS = 2
"""How often a job goes on after its process was killed, before it fails."""

_PATIENCE: dict[JobCommand, float] = {"cancel": 20.0, "pause": 300.0}
"""Seconds that a process may take to do what it is asked; a pause writes a checkpoint."""


@dataclass
class _Running:
    """The process that runs now.

    Attributes:
        job_id: Its job.
        folder: The folder of the job.
        process: The process.
        asked: What it was last asked for.
        asked_at: When.
        death: Why it ended, if it did not say so itself: code and sentence.
    """

    job_id: str
    folder: JobFolder
    process: subprocess.Popen[bytes]
    asked: JobCommand | None = None
    asked_at: float = 0.0
    exit_reason: tuple[str, str] | None = None


class Runner:
    """Gives the device to one job after another; used by one thread."""

    def __init__(self, stores: Stores, launcher: Launcher, free_device: Callable[[], None]) -> None:
        """Make a runner.

        Args:
            stores: All that is kept.
            launcher: Starts the processes.
            free_device: Lets go of the models that are loaded to be talked to: called before a job
                takes a device other than the CPU, and where there is too little memory.
        """
        self._stores = stores
        self._launcher = launcher
        self._free_device = free_device
        self._reader = ProgressReader(stores)
        self._running: _Running | None = None
        self._starting: str | None = None
        self._needed = 0

    @property
    def busy_with(self) -> str | None:
        """The job that has the device, or is about to take it."""
        running = self._running
        return self._starting if running is None else running.job_id

    def memory_to_come(self) -> int:
        """The bytes of this computer's memory that the job is about to take, beside what it has.

        An estimate, as its need is; 0 where it computes on another device.
        """
        running = self._running
        if self.busy_with is None or self._launcher.device != "cpu":
            return 0
        has = 0 if running is None else memory_of(running.process.pid)
        return max(0, self._needed - has)

    def end_leftovers(self) -> None:
        """End what an earlier server left running; its jobs go on from their checkpoints."""
        end_processes(self._stores.jobs_folder)

    def step(self) -> None:
        """Do what is to be done now; takes no longer than a start."""
        if self._running is not None:
            self._follow(self._running)
        if self._running is None:
            waiting = self._stores.jobs.with_status("running", "queued")
            waiting.sort(key=lambda job: job.status != "running")
            if waiting:
                self._try_to_start(waiting[0])

    def stop(self) -> None:
        """End the process; its job goes on when the server is started again."""
        running = self._running
        if running is not None:
            end_processes(running.folder.path)
            running.process.wait()
            self._reader.read(running.job_id)
            self._running = None

    def _try_to_start(self, job: Job) -> None:
        # Said before the device is freed for it, so that nobody takes it in between.
        self._starting = job.id
        try:
            self._start(job)
        except Exception as error:
            if is_disk_full(error) or isinstance(error, sqlite3.Error):
                # It goes on when there is room: nothing has been lost. And a database that is
                # damaged takes no word on it.
                raise
            # A bug must not hold up the jobs behind this one, nor leave it waiting for ever.
            logging.getLogger(__name__).exception("The start of %s failed", job.id)
            text = "The server had an error while it started the training. Its log says more."
            self._reader.fail(job.id, "server_error", text, None)
        finally:
            self._starting = None

    def _start(self, job: Job) -> None:
        folder = self._stores.job_folder(job.id)
        # What it told before the server was killed may say that it is done.
        self._reader.read(job.id)
        job = self._stores.jobs.get(job.id)
        if job.status not in ("running", "queued"):
            return
        spec = folder.read_spec()
        if spec.base_model != STARTER and not Path(spec.base_model).is_dir():
            text = f"The base model {job.model} is gone: it was deleted after this job was made."
            self._reader.fail(job.id, "model_not_found", text, "model")
            return
        reason = self._why_it_does_not_fit(spec, folder)
        if reason is not None:
            self._reader.fail(job.id, "does_not_fit", reason, "model")
            return
        folder.send_command(None)
        with self._stores.database.writing():
            if not self._stores.jobs.move(job.id, ("running", "queued"), "running"):
                return
            self._stores.jobs.set(
                job.id, hyperparameters=job.hyperparameters | spec.hyperparameters
            )
        try:
            process = self._launcher.start(folder)
        except OSError as error:
            self._reader.fail(
                job.id, "process_not_started", f"The training could not be started: {error}", None
            )
            return
        self._running = _Running(job.id, folder, process)

    def _why_it_does_not_fit(self, spec: JobSpec, folder: JobFolder) -> str | None:
        """What stands against the start; the models that are loaded here give way first."""
        if self._launcher.device != "cpu":
            self._free_device()
        need = job_need(spec, folder, self._launcher.device)
        self._needed = need.memory * self._launcher.processes

        def reason() -> str | None:
            machine = read_machine(self._launcher, folder.path)
            full = is_full(spec.base_model, spec.hyperparameters)
            return why_it_does_not_fit(need, machine, full=full)

        found = reason()
        if found is not None and self._launcher.device == "cpu":
            self._free_device()
            found = reason()
        if found is None:
            return None
        row = largest_row(spec, folder, self._launcher.device)
        return f"{found} {row}" if row else found

    def _follow(self, running: _Running) -> None:
        status = running.process.poll()
        if status is not None and running.exit_reason is None:
            # Looked for at once: a disk that is full now may have room when this can be written.
            running.exit_reason = self._exit_reason(running, status)
        # Read after the look at the process: what it told before it ended is not missed.
        self._reader.read(running.job_id)
        if status is not None:
            self._ended(running)
            return
        wanted: dict[str, JobCommand] = {
            "cancelled": "cancel",
            "failed": "cancel",
            "paused": "pause",
        }
        control = wanted.get(self._stores.jobs.get(running.job_id).status)
        if control is not None and control != running.asked:
            running.folder.send_command(control)
            running.asked, running.asked_at = control, time.monotonic()
        if running.asked is not None:
            waited = time.monotonic() - running.asked_at
            if waited > _PATIENCE[running.asked]:
                end_processes(running.folder.path)

    def _may_go_on(self, running: _Running) -> bool:
        """Whether a process that was killed is started again, which is said in an event then.

        One that ended by itself would do so again.
        """
        code, sentence = running.exit_reason or ("", "")
        if code != "process_killed" and (running.process.returncode or 0) >= 0:
            return False
        steps = running.folder.checkpoint_steps()
        begin = f"the checkpoint of step {steps[-1]}" if steps else "the beginning"
        for number in range(1, _MOST_RESTARTS + 1):
            text = f"{sentence} It goes on from {begin} (attempt {number} of {_MOST_RESTARTS})."
            if self._stores.events.add(running.job_id, text, "warn", once=f"restart:{number}"):
                return True
        return False

    def _exit_reason(self, running: _Running, status: int) -> tuple[str, str]:
        free = shutil.disk_usage(self._stores.jobs_folder).free
        return exit_reason(status, running.folder.log_file, free)

    def _ended(self, running: _Running) -> None:
        # A launcher that was killed leaves its workers behind.
        end_processes(running.folder.path)
        self._reader.read(running.job_id)
        if running.exit_reason and self._stores.jobs.get(running.job_id).status == "running":
            if self._may_go_on(running):
                # Still running: it is the next to be started.
                self._running = None
                return
            self._reader.fail(running.job_id, *running.exit_reason, None)
        if self._stores.jobs.get(running.job_id).status in TERMINAL:
            # Nothing goes on from it, and half a checkpoint may be gigabytes.
            shutil.rmtree(running.folder.work, ignore_errors=True)
            running.folder.remove_tokens()
        self._running = None
