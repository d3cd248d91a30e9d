"""Makes events, checkpoints and the results CSV of what the process of a job tells."""

import csv
import io
import math
import time
from collections.abc import Iterable
from typing import Any

from tunedesk.training_server.job_folder import read_progress
from tunedesk.training_server.store.job_store import Job
from tunedesk.training_server.store.stores import Stores

COLUMNS = {
    "step": "step",
    "train_loss": "train_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "valid_loss": "valid_loss",
    "valid_mean_token_accuracy": "valid_mean_token_accuracy",
}
"""The columns of OpenAI's guide, and the figures of the events that they hold."""


def results_csv(steps: Iterable[dict[str, Any]]) -> bytes:
    """The figures of all steps; a figure that a step has not is left blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for figures in steps:
        writer.writerow([figures.get(name, "") for name in COLUMNS.values()])
    return text.getvalue().encode()


_SHOWN = (
    ("train_loss", "training loss"),
    ("valid_loss", "validation loss"),
    ("full_valid_loss", "full validation loss"),
)
_FIGURES = (
    "train_loss",
    "train_mean_token_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
)
_REWARDS = tuple(
    f"{part}_reward_{figure}"
    for part in ("train", "valid", "full_valid")
    for figure in ("margin", "accuracy")
)
"""What preferences have besides: told in the events, where OpenAI's document leaves it open."""


class ProgressReader:
    """Follows the progress of jobs; what it has read is noted with what it made of it."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def read(self, job_id: str) -> None:
        """Read on where the last time ended."""
        job = self._stores.jobs.get(job_id)
        folder = self._stores.job_folder(job_id)
        lines = list(read_progress(folder.progress_file, job.progress_offset))
        if not lines:
            return
        # One transaction: after a crash each line has been taken in once, or not yet.
        with self._stores.database.writing():
            for line, _end in lines:
                if self._stores.jobs.get(job_id).status in ("cancelled", "failed", "succeeded"):
                    break
                self._take(job, line)
            self._stores.jobs.set(job_id, progress_offset=lines[-1][1])

    def _take(self, job: Job, line: dict[str, Any]) -> None:
        jobs, events = self._stores.jobs, self._stores.events
        match line["kind"]:
            case "started":
                self._started(job, line)
            case "metrics":
                self._metrics(job, line)
            case "checkpoint":
                self._checkpoint(job, line)
            case "message":
                text, level = str(line["message"]), line.get("level", "info")
                # A process that begins anew says it anew.
                events.add(job.id, text, level, line.get("data"), once=f"message:{text}")
            case "done":
                self._done(job, line)
            case "failed":
                for bad in line.get("lines") or ():
                    events.add(job.id, f"Line {bad['line']}: {bad['message']}", "error")
                self.fail(job.id, line["code"], line["message"], line.get("param"))
            case "paused":
                step = line.get("step")
                events.add(job.id, f"Fine-tuning job paused at step {step}")
                jobs.set(job.id, started_at=None)

    def _started(self, job: Job, line: dict[str, Any]) -> None:
        jobs, events = self._stores.jobs, self._stores.events
        step = int(line.get("step") or 0)
        resolved = job.hyperparameters | dict(line.get("hyperparameters") or {})
        jobs.set(
            job.id,
            hyperparameters=resolved,
            started_at=time.time(),
            started_step=step,
            # Steps after the checkpoint are done again, though they were told before.
            last_step=step or None,
            total_steps=line.get("total_steps"),
        )
        events.add(job.id, "Fine-tuning job started", once="started")
        if step:
            text = f"Going on from the checkpoint of step {step}"
            events.add(job.id, text, once=f"going_on:{step}")

    def _metrics(self, job: Job, line: dict[str, Any]) -> None:
        step, total = int(line["step"]), line.get("total_steps")
        figures = finite(line, (*_FIGURES, *_REWARDS))
        said = ", ".join(f"{word}={figures[name]:.2f}" for name, word in _SHOWN if name in figures)
        data = {"step": step, **figures}
        if total is not None:
            data["total_steps"] = int(total)
        self._stores.events.add(
            job.id,
            f"Step {step}/{total}: {said}" if said else f"Step {step}/{total}",
            data=data,
            once=f"step:{step}",
        )
        self._stores.jobs.set(job.id, last_step=step)
        if "seconds" in line:
            # By the clock of now, which may have been set since it began.
            self._stores.jobs.set(job.id, started_at=time.time() - float(line["seconds"]))

    def _checkpoint(self, job: Job, line: dict[str, Any]) -> None:
        step = int(line["step"])
        folder = self._stores.job_folder(job.id)
        metrics = {"step": step, **finite(line.get("metrics") or {})}
        name = f"{job.model_name}:ckpt-step-{step}"
        self._stores.checkpoints.add(job.id, step, name, metrics)
        self._stores.checkpoints.keep_only(job.id, folder.checkpoint_steps())
        self._stores.events.add(
            job.id, f"Checkpoint created at step {step}", once=f"checkpoint:{step}"
        )

    def _done(self, job: Job, line: dict[str, Any]) -> None:
        stores = self._stores
        if not stores.job_folder(job.id).model.is_dir():
            self.fail(job.id, "server_error", "The tuned model is not where it should be.", None)
            return
        content = io.BytesIO(results_csv(stores.events.metrics(job.id)))
        result = stores.files.add(content, "step_metrics.csv", "fine-tune-results")
        stores.jobs.set(
            job.id,
            result_file=result.id,
            trained_tokens=line.get("trained_tokens"),
            has_model=1,
        )
        stores.jobs.move(job.id, ("running", "paused", "queued"), "succeeded")
        stores.events.add(job.id, f"New fine-tuned model created: {job.model_name}", once="model")
        stores.events.add(job.id, "Fine tuning job successfully completed", once="completed")

    def fail(self, job_id: str, code: str, message: str, param: str | None) -> None:
        """Make a job failed, with the reason."""
        with self._stores.database.writing():
            sources = ("validating_files", "queued", "running", "paused")
            if self._stores.jobs.move(job_id, sources, "failed"):
                error = {"code": code, "message": message, "param": param}
                self._stores.jobs.set(job_id, error=error)
                self._stores.events.add(job_id, message, "error", once="failed")


def finite(line: dict[str, Any], names: tuple[str, ...] = _FIGURES) -> dict[str, float]:
    """The figures of a line that are numbers; a loss may be none, and JSON has no NaN."""
    return {
        name: float(line[name])
        for name in names
        if isinstance(line.get(name), int | float) and math.isfinite(line[name])
    }
