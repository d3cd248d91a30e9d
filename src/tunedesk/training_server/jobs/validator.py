"""Validates the files of new jobs and puts good ones into the queue, several at once.

What reads the files is a process for each job (`jobs/validation_process.py`): first Tunedesk's own
checks, then as the base model will read them. Large files wait for each other, since each takes all
processors; small ones wait for none of them.
"""

import contextlib
import logging
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from tunedesk.catalogue.hyperparameters import learner_here, resolve_auto
from tunedesk.catalogue.memory_estimate import training_need, why_it_does_not_fit
from tunedesk.catalogue.models import Catalogue
from tunedesk.errors import UserError
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import (
    FileToCheck,
    FileWord,
    JobFolder,
    JobSpec,
    ValidationRequest,
    read_progress,
)
from tunedesk.training_server.jobs.file_validation import BadLine, FileVerdict
from tunedesk.training_server.jobs.launcher import Launcher, end_processes
from tunedesk.training_server.jobs.progress_reader import ProgressReader
from tunedesk.training_server.jobs.resources import is_full, read_machine, size_by_bytes
from tunedesk.training_server.jobs.runner import exit_reason
from tunedesk.training_server.make_model_folder import DownloadStoppedError, download
from tunedesk.training_server.models import BaseModels, part_of
from tunedesk.training_server.store.job_store import Job
from tunedesk.training_server.store.stores import Stores

_POLL_SECONDS = 0.1
_PAUSE_SECONDS = 1.0
_SMALL_BYTES = 4_000_000
"""Files with fewer bytes together are read in some seconds."""

_Size = Literal["small", "large", "fetching"]
_AT_ONCE: dict[_Size, int] = {"small": 4, "large": 1}
_TURN_SECONDS = 5.0
_NEWS_SECONDS = 5.0
"""How often a job tells at first how far its validation is; later less often."""

_EVENTS_AT_ONCE = 1000
"""So many are written in one transaction: others wait for its end."""

_DISK_FULL = "The disk is full: make room on it, then start the job again."


class Validator:
    """Takes jobs from `validating_files` to `queued` or `failed`."""

    def __init__(
        self,
        stores: Stores,
        base_models: BaseModels,
        launcher: Launcher,
        resolve_ref: Callable[[str], str | None],
    ) -> None:
        """Make a validator.

        Args:
            stores: All that is kept.
            base_models: The models that are there.
            launcher: Knows the device and the processes.
            resolve_ref: Gives the folder of a model by its name, tuned ones too.
        """
        self._stores = stores
        self._base_models = base_models
        self._launcher = launcher
        self._resolve_ref = resolve_ref
        self._reader = ProgressReader(stores)
        self._lock = threading.Lock()
        self._under_way: dict[str, _Size] = {}
        self._told_to_wait: set[str] = set()
        self._fetching = threading.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a validation is under way."""
        return bool(self._under_way)

    def start_waiting(self, stopping: Callable[[], bool]) -> None:
        """Start a thread for each job whose validation may begin now.

        Args:
            stopping: Asked now and then; if so, they end early and are begun anew at the next
                start of the server.
        """
        for job in self._stores.jobs.with_status("validating_files"):
            if not stopping() and self._take(job):
                threading.Thread(
                    target=self._validate_taken,
                    args=(job, stopping),
                    name=f"validation of {job.id}",
                    daemon=True,
                ).start()

    def validate_next(self, stopping: Callable[[], bool]) -> bool:
        """Validate the oldest job that waits for it, in this thread; whether there was one."""
        for job in self._stores.jobs.with_status("validating_files"):
            if self._take(job):
                self._validate_taken(job, stopping)
                return True
        return False

    def _take(self, job: Job) -> bool:
        """Let the validation of a job begin, if nobody has it and its turn has come."""
        if job.id in self._under_way:
            return False
        files = self._stores.files
        found = [files.find(each) for each in (job.training_file, job.validation_file) if each]
        total = sum(file.bytes for file in found if file is not None)
        size: _Size = "small" if total < _SMALL_BYTES else "large"
        with self._lock:
            may_begin = list(self._under_way.values()).count(size) < _AT_ONCE[size]
            if may_begin:
                self._under_way[job.id] = size
        if not may_begin and job.id not in self._told_to_wait:
            self._told_to_wait.add(job.id)
            text = "Waiting: the files of other jobs are being validated"
            self._stores.events.add(job.id, text, once="waiting")
        return may_begin

    def _validate_taken(self, job: Job, stopping: Callable[[], bool]) -> None:
        def status() -> str:
            return self._stores.jobs.get(job.id).status

        def still_wanted() -> bool:
            return not stopping() and status() == "validating_files"

        try:
            # It may have been cancelled, or validated, since it was listed.
            if still_wanted():
                self._try_to_validate(job, still_wanted)
                if not stopping() and status() in ("failed", "cancelled"):
                    # Nothing goes on from it.
                    shutil.rmtree(self._stores.job_folder(job.id).path, ignore_errors=True)
        except Exception as error:
            # Nothing could be noted: it is tried again, after a moment.
            if is_disk_full(error):
                self._stores.database.disk_full.on_full()
            elif isinstance(error, sqlite3.Error):
                self._stores.database.on_damage(error)
            else:
                logging.getLogger(__name__).exception("The validation of %s failed", job.id)
            time.sleep(_PAUSE_SECONDS)
        finally:
            with self._lock:
                del self._under_way[job.id]

    def _try_to_validate(self, job: Job, still_wanted: Callable[[], bool]) -> None:
        validation = _Validation(self._stores, self._launcher, job, still_wanted)
        try:
            self._validate(job, validation, still_wanted)
        except Exception as error:
            if is_disk_full(error):
                # What it wrote makes room for the word that it failed.
                shutil.rmtree(self._stores.job_folder(job.id).path, ignore_errors=True)
                self._reader.fail(job.id, "disk_full", _DISK_FULL, None)
                return
            if isinstance(error, sqlite3.Error):
                raise
            # A bug must not hold up the jobs behind this one, nor leave it waiting for ever.
            logging.getLogger(__name__).exception("The validation of %s failed", job.id)
            text = "The server had an error while it validated the files. Its log says more."
            self._reader.fail(job.id, "server_error", text, None)

    def _validate(
        self, job: Job, validation: "_Validation", still_wanted: Callable[[], bool]
    ) -> None:
        ref = self._resolve_ref(job.model)
        validation.read_files(ref)
        if ref is None and validation.error is None and still_wanted():
            try:
                ref = self._fetched(job, still_wanted)
            except DownloadStoppedError:
                return
            except UserError as error:
                self._reader.fail(job.id, "model_not_fetched", str(error), "model")
                return
            if ref is None:
                text = f"The base model {job.model} is gone."
                self._reader.fail(job.id, "model_not_found", text, "model")
                return
            if still_wanted():
                validation.read_as(ref)
        if not still_wanted():
            return
        if validation.error is not None:
            self._reader.fail(job.id, *validation.error)
        elif ref is not None:
            self._wait_for_older(job)
            self._enqueue(job, ref, validation.examples)

    def _wait_for_older(self, job: Job) -> None:
        """Let small jobs that are validated together wait for their turn as they came."""
        until = time.monotonic() + _TURN_SECONDS
        while self._has_older(job) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)

    def _has_older(self, job: Job) -> bool:
        with self._lock:
            small = [each for each, size in self._under_way.items() if size == "small"]
        return job.id in small and any(
            self._stores.jobs.get(each).number < job.number for each in small
        )

    def _fetched(self, job: Job, still_wanted: Callable[[], bool]) -> str | None:
        """Where the base model is, fetched from the hub if that is allowed; None if it is not.

        Raises:
            UserError: It cannot be fetched.
            DownloadStoppedError: The job is cancelled, or the server ends.
        """
        if self._base_models.find(job.model) is None:
            return None
        with self._lock:
            # Whoever waits for the hub keeps nobody from validating.
            self._under_way[job.id] = "fetching"
        while not self._fetching.acquire(timeout=_POLL_SECONDS):
            if not still_wanted():
                raise DownloadStoppedError
        try:
            return self._resolve_ref(job.model) or self._fetch(job, still_wanted)
        finally:
            self._fetching.release()

    def _fetch(self, job: Job, still_wanted: Callable[[], bool]) -> str:
        folder = self._base_models.downloads / job.model
        full = is_full(job.model, job.hyperparameters)
        is_done = threading.Event()

        def why_not(weight_bytes: int) -> str | None:
            listed = Catalogue.load().find_local(job.model)
            size = size_by_bytes(weight_bytes) if listed is None else listed.size
            machine = read_machine(self._launcher, self._stores.folder)
            need = training_need(
                size,
                machine.device,
                full=full,
                pairs=job.method == "dpo",
                download=weight_bytes,
            )
            reason = why_it_does_not_fit(need, machine, full=full)
            if reason is None:
                text = f"Fetching {job.model} from the hub ({weight_bytes / 1e9:.1f} GB)"
                self._stores.events.add(job.id, text, once="fetching")
                threading.Thread(
                    target=self._tell_of_fetching,
                    args=(job, part_of(folder), weight_bytes, is_done),
                    name=f"progress of fetching {job.model}",
                    daemon=True,
                ).start()
            return reason

        try:
            return str(download(job.model, folder, why_not, still_wanted))
        finally:
            is_done.set()

    def _tell_of_fetching(
        self, job: Job, part: Path, weight_bytes: int, is_done: threading.Event
    ) -> None:
        """Say how much of a model is there: after 5 seconds, then less and less often."""
        pause = _NEWS_SECONDS
        while not is_done.wait(pause):
            pause *= 1.2
            fetched = 0
            for path in part.rglob("*"):
                # Finished files move while they are looked at.
                with contextlib.suppress(OSError):
                    fetched += path.stat().st_size if path.is_file() else 0
            text = f"Fetching {job.model}: {fetched / 1e9:.2f} of {weight_bytes / 1e9:.2f} GB"
            self._stores.events.add(job.id, text, once=f"fetching:{text}")

    def _enqueue(self, job: Job, ref: str, examples: int) -> None:
        self._stores.job_folder(job.id).write_spec(
            JobSpec(
                job_id=job.id,
                method="dpo" if job.method == "dpo" else "supervised",
                base_model=ref,
                model_name=job.model_name,
                hyperparameters=resolve_auto(
                    job.hyperparameters,
                    examples,
                    learner_here(job.model, job.method, bool(job.hyperparameters.get("full"))),
                ),
                seed=job.seed,
                max_tokens=None,
                skip_bad=job.skip_bad,
                processes=self._launcher.processes,
                device=self._launcher.device,
                wandb=job.integrations[0]["wandb"] if job.integrations else None,
            )
        )
        with self._stores.database.writing():
            if self._stores.jobs.enqueue(job.id, ("validating_files",)):
                self._stores.events.add(
                    job.id, "Files validated, moving job to queued state", once="queued"
                )


class _Validation:
    """What is found out about the files of one job; used by one thread."""

    def __init__(
        self,
        stores: Stores,
        launcher: Launcher,
        job: Job,
        still_wanted: Callable[[], bool],
    ) -> None:
        self._stores = stores
        self._launcher = launcher
        self._job = job
        self._still_wanted = still_wanted
        self._folder: JobFolder = stores.job_folder(job.id)
        self._verdicts: dict[FileWord, FileVerdict] = {}
        self._checked: set[FileWord] = set()
        self._failure: tuple[str, str, str | None] | None = None
        self._began = self._told = time.monotonic()

    @property
    def error(self) -> tuple[str, str, str | None] | None:
        """Why the job cannot go on: code, message and parameter.

        What is wrong with a file is said first: it is wrong for every model.
        """
        for word, verdict in self._verdicts.items():
            if word in self._checked and verdict.error is not None:
                return *verdict.error, f"{word}_file"
        return self._failure

    @property
    def examples(self) -> int:
        """How many examples there are to train on."""
        return self._verdicts["training"].examples

    def read_files(self, ref: str | None) -> None:
        """Have the files checked, and read as the base model will, if it is here."""
        # What a server that was killed here left half done is done again.
        shutil.rmtree(self._folder.path, ignore_errors=True)
        self._folder.path.mkdir(parents=True)
        files: dict[FileWord, FileToCheck] = {}
        ids: dict[FileWord, str | None] = {
            "training": self._job.training_file,
            "validation": self._job.validation_file,
        }
        gone: FileWord | None = None
        for word, file_id in ids.items():
            if file_id is None:
                continue
            stored = self._stores.files.find(file_id)
            if stored is None:
                gone = word
                break
            path = str(self._stores.files.path(file_id))
            files[word] = FileToCheck(path, file_id, stored.filename)
        if files:
            self._run_process(files, ref)
        if gone is not None:
            text = f"The {gone} file {ids[gone]} was deleted before it was read."
            self._verdict(gone).unusable = (f"invalid_{gone}_file", text)
            self._checked.add(gone)

    def read_as(self, ref: str) -> None:
        """Have the examples, which were checked, read as the base model will."""
        self._run_process({}, ref)

    def _run_process(self, files: dict[FileWord, FileToCheck], ref: str | None) -> None:
        folder, job = self._folder, self._job
        request = ValidationRequest(job.method, job.skip_bad, ref, files)
        folder.write_request(request)
        folder.report_file.unlink(missing_ok=True)
        offset, status, is_done = 0, None, False
        process = self._launcher.start_validation(folder)
        try:
            while status is None and self._still_wanted():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    status = process.wait(_POLL_SECONDS)
                # Read after the look at the process: what it wrote before it ended is not missed.
                lines = list(read_progress(folder.report_file, offset))
                if lines:
                    offset = lines[-1][1]
                    is_done = lines[-1][0]["kind"] == "done"
                    self._take_in([line for line, _end in lines])
        finally:
            if process.poll() is None:
                end_processes(folder.path)
            process.wait()
        if status is not None and not is_done:
            self._on_death(status, files)

    def _on_death(self, status: int, files: dict[FileWord, FileToCheck]) -> None:
        """The process ended without its last word: the training finds out, if all was checked."""
        free = shutil.disk_usage(self._folder.path).free
        code, said = exit_reason(status, self._folder.report_log, free)
        if code == "disk_full":
            self._failure = (code, _DISK_FULL, None)
        elif files.keys() <= self._checked:
            logging.getLogger(__name__).warning(
                "The process that reads the examples of %s ended with status %s; %s says more. "
                "They are read when it runs.",
                self._job.id,
                status,
                self._folder.report_log,
            )
        else:
            text = f"The files could not be read to their end. {said}"
            self._failure = (code, text.replace("training process", "validation"), None)

    def _take_in(self, lines: Sequence[dict[str, Any]]) -> None:
        bad: list[tuple[FileWord, BadLine]] = []
        for line in lines:
            if line["kind"] == "failure":
                self._failure = (line["code"], line["message"], "model")
            if "file" not in line:
                continue
            word: FileWord = line["file"]
            verdict = self._verdict(word)
            match line["kind"]:
                case "read":
                    self._tell(f"Validating {word} file: {line['examples']:,} examples checked")
                case "tokenised":
                    self._tell(
                        f"Validating {word} file: {line['examples']:,} of {line['of']:,} examples "
                        "turned into tokens"
                    )
                case "bad":
                    bad.append((word, BadLine(line["line"], line["text"])))
                    if word in self._checked:
                        # It was a good one so far.
                        verdict.examples -= 1
                    verdict.bad.append(bad[-1][1])
                case "checked":
                    verdict.examples = line["examples"]
                    verdict.unusable = line["unusable"] and tuple(line["unusable"])
                    self._checked.add(word)
        for verdict in self._verdicts.values():
            verdict.bad.sort(key=lambda each: each.line)
        self._name(bad)

    def _verdict(self, word: FileWord) -> FileVerdict:
        """The verdict on a file, which begins with its being read."""
        if word not in self._verdicts:
            file_id = self._job.training_file if word == "training" else self._job.validation_file
            text = f"Validating {word} file: {file_id}"
            self._stores.events.add(self._job.id, text, once=word)
            self._verdicts[word] = FileVerdict(word == "training", self._job.skip_bad)
        return self._verdicts[word]

    def _tell(self, text: str) -> None:
        """Say how far it is: every 5 seconds at first, then less and less often."""
        now = time.monotonic()
        if now - self._told >= max(_NEWS_SECONDS, (self._told - self._began) / 5):
            self._told = now
            self._stores.events.add(self._job.id, text, once=f"validating:{text}")

    def _name(self, lines: Sequence[tuple[FileWord, BadLine]]) -> None:
        """Name bad lines, each in an event."""
        for start in range(0, len(lines), _EVENTS_AT_ONCE):
            with self._stores.database.writing():
                for word, bad in lines[start : start + _EVENTS_AT_ONCE]:
                    text, level = str(bad), "error"
                    if self._job.skip_bad:
                        level = "warn"
                        text = f"Left out line {bad.line} of the {word} file: {bad.text}"
                    self._stores.events.add(
                        self._job.id, text, level, once=f"{word}_file:{bad.line}"
                    )
