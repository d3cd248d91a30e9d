"""Validates the files of new jobs, one job after another, and puts good ones into the queue.

First Tunedesk's own checks, then a dry run: a process that reads the examples as the base model
will (`training/dry_run.py`), and ends.
"""

import logging
import shutil
import subprocess
from collections.abc import Callable, Sequence

from tunedesk.catalogue.hyperparameters import resolve_auto
from tunedesk.catalogue.memory_estimate import training_need, why_it_does_not_fit
from tunedesk.catalogue.models import Catalogue
from tunedesk.errors import UserError
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import STARTER, DryRunResult, JobFolder, JobSpec, leave_out
from tunedesk.training_server.jobs.file_validation import BadLine, FileVerdict, validate_file
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.jobs.progress_reader import ProgressReader
from tunedesk.training_server.jobs.resources import is_full, read_machine, size_by_bytes
from tunedesk.training_server.models import BaseModels, download
from tunedesk.training_server.store.job_store import Job
from tunedesk.training_server.store.stores import Stores

_POLL_SECONDS = 0.1


def dry_run(
    launcher: Launcher,
    folder: JobFolder,
    base_model: str,
    method: str,
    still_wanted: Callable[[], bool],
) -> DryRunResult | None:
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
        process = launcher.start_dry_run(folder, base_model, method)
    except OSError as error:
        _warn_of_dry_run(folder, f"could not be started: {error}")
        return None
    try:
        while True:
            try:
                status = process.wait(_POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if not still_wanted():
                    return None
    finally:
        process.kill()
        process.wait()
    found = folder.read_dry_run()
    if found is None:
        _warn_of_dry_run(folder, f"ended with status {status}; {folder.dry_run_log} says more")
    return found


def _warn_of_dry_run(folder: JobFolder, what: str) -> None:
    logging.getLogger(__name__).warning(
        "The process that examines the examples of %s %s. They are examined when it runs.",
        folder.path.name,
        what,
    )


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

    def validate_next(self, stopping: Callable[[], bool]) -> bool:
        """Validate the oldest job that waits for it; whether there was one."""
        waiting = self._stores.jobs.with_status("validating_files")
        if not waiting:
            return False
        job = waiting[0]

        def still_wanted() -> bool:
            return not stopping() and self._stores.jobs.get(job.id).status == "validating_files"

        try:
            self._validate(job, still_wanted)
        except Exception as error:
            if is_disk_full(error):
                # What it wrote makes room for the word that it failed.
                shutil.rmtree(self._stores.job_folder(job.id).path, ignore_errors=True)
                text = "The disk is full: make room on it, then start the job again."
                self._reader.fail(job.id, "disk_full", text, None)
                return True
            # A bug must not hold up the jobs behind this one, nor leave it waiting for ever.
            logging.getLogger(__name__).exception("The validation of %s failed", job.id)
            text = "The server had an error while it validated the files. Its log says more."
            self._reader.fail(job.id, "server_error", text, None)
        return True

    def _validate(self, job: Job, still_wanted: Callable[[], bool]) -> None:
        folder = self._stores.job_folder(job.id)
        # What a server that was killed here left half done is done again.
        shutil.rmtree(folder.path, ignore_errors=True)
        folder.path.mkdir(parents=True)
        verdicts: dict[str, FileVerdict] = {}
        for param, file_id in (
            ("training_file", job.training_file),
            ("validation_file", job.validation_file),
        ):
            if file_id is None:
                continue
            verdict = self._file(job, folder, param, file_id, still_wanted)
            if not still_wanted():
                return
            self._add_events(job, verdict, verdict.bad)
            verdicts[param] = verdict
            if not verdict.is_worth_reading:
                break
        ref = self._base_model(job, verdicts)
        if ref is not None and any(verdict.is_worth_reading for verdict in verdicts.values()):
            self._dry_run(job, folder, ref, verdicts, still_wanted)
            if not still_wanted():
                return
        for param, verdict in verdicts.items():
            if verdict.error is not None:
                self._reader.fail(job.id, *verdict.error, param)
                return
        if ref is not None:
            self._enqueue(job, folder, ref, verdicts["training_file"].examples)

    def _base_model(self, job: Job, verdicts: dict[str, FileVerdict]) -> str | None:
        """Where the base model is, fetched if need be; None without need or model."""
        ref = self._resolve_ref(job.model)
        if ref is not None or any(verdict.error for verdict in verdicts.values()):
            return ref
        try:
            ref = self._fetch(job)
        except UserError as error:
            self._reader.fail(job.id, "model_not_fetched", str(error), "model")
            return None
        if ref is None:
            text = f"The base model {job.model} is gone."
            self._reader.fail(job.id, "model_not_found", text, "model")
        return ref

    def _dry_run(
        self,
        job: Job,
        folder: JobFolder,
        ref: str,
        verdicts: dict[str, FileVerdict],
        still_wanted: Callable[[], bool],
    ) -> None:
        """Have the base model read the good examples: some may be too long for it, for one."""
        found = dry_run(self._launcher, folder, ref, job.method, still_wanted)
        if found is None:
            return
        if found.failure is not None:
            if not any(verdict.error for verdict in verdicts.values()):
                self._reader.fail(job.id, *found.failure, "model")
            return
        for verdict in verdicts.values():
            lines = found.training if verdict.is_training else found.validation
            if not lines:
                continue
            bad = [BadLine(line, text) for line, text in lines]
            self._add_events(job, verdict, bad)
            verdict.add(bad)
            if job.skip_bad:
                path = folder.training_file if verdict.is_training else folder.validation_file
                leave_out(path, {line for line, _text in lines})

    def _file(
        self,
        job: Job,
        folder: JobFolder,
        param: str,
        file_id: str,
        still_wanted: Callable[[], bool],
    ) -> FileVerdict:
        is_training = param == "training_file"
        word = "training" if is_training else "validation"
        self._stores.events.add(job.id, f"Validating {word} file: {file_id}", once=word)
        stored = self._stores.files.find(file_id)
        if stored is None:
            text = f"The {word} file {file_id} was deleted before it was read."
            reason = (f"invalid_{word}_file", text)
            return FileVerdict(is_training, job.skip_bad, unusable=reason)
        out = folder.training_file if is_training else folder.validation_file
        return validate_file(
            self._stores.files.path(file_id),
            stored,
            job.method,
            is_training,
            job.skip_bad,
            out,
            still_wanted,
        )

    def _add_events(self, job: Job, verdict: FileVerdict, lines: Sequence[BadLine]) -> None:
        """Name bad lines of a file, each in an event."""
        word = verdict.word
        with self._stores.database.writing():
            for bad in lines:
                text, level = str(bad), "error"
                if job.skip_bad:
                    text, level = f"Left out line {bad.line} of the {word} file: {bad.text}", "warn"
                self._stores.events.add(job.id, text, level, once=f"{word}_file:{bad.line}")

    def _fetch(self, job: Job) -> str | None:
        """Fetch the base model from the hub, if that is allowed; where it is then."""
        if self._base_models.find(job.model) is None:
            return None
        folder = self._base_models.downloads / job.model
        full = is_full(job.model, job.hyperparameters)

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
            return reason

        return str(download(job.model, folder, why_not))

    def _enqueue(self, job: Job, folder: JobFolder, ref: str, examples: int) -> None:
        folder.write_spec(
            JobSpec(
                job_id=job.id,
                method="dpo" if job.method == "dpo" else "supervised",
                base_model=ref,
                model_name=job.model_name,
                hyperparameters=resolve_auto(job.hyperparameters, examples, ref == STARTER),
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
