"""Jobs, events, checkpoints and metrics as services tell of them, in our plain values.

Services leave fields out, spell statuses their own way, say `"error": {}` of healthy jobs and put
times in odd forms (facts 1.4 to 1.6, 4). Nothing here fails because of it: what cannot be read is
missing. The metrics of a step come from the data of its events, else from the sentence of the
event; from its checkpoints; from its result file (facts 1.6).
"""

import base64
import binascii
import csv
import datetime
import hashlib
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tunedesk.project.run_records import TERMINAL, Metric, RunCheckpoint, RunError, RunEvent
from tunedesk.services.providers import Provider

_LARGEST = 2**53
_LEVELS = {"warning": "warn", "fatal": "error", "critical": "error"}


@dataclass(frozen=True)
class JobState:
    """A job as its service tells of it.

    Attributes:
        id: Its id.
        status: Its state in OpenAI's words, or the service's own word.
        model: The base model.
        fine_tuned_model: The name of the tuned model; empty until there is one.
        error: Why it failed; None if it did not.
        created_at: When it was made, in milliseconds since 1970; None: it is not said.
        finished_at: When it ended; None: it has not, or it is not said.
        estimated_finish: When it is expected to end; None: it is not said.
        training_file: The id of its training file.
        validation_file: The id of its validation file; empty: none.
        result_files: The ids of its result files.
        trained_tokens: The tokens that are charged for; None until known.
        method: The method of training.
        hyperparameters: The hyperparameters, "auto" among them.
        suffix: What the user gave for the tuned model's name; empty: not said.
        seed: The seed; None: not said.
        metadata: What was kept with it.
        step: The last step, at the services that say it of the job; None elsewhere.
        total_steps: The steps in all, at the services that say it of the job.
    """

    id: str
    status: str
    model: str
    fine_tuned_model: str
    error: RunError | None
    created_at: int | None
    finished_at: int | None
    estimated_finish: int | None
    training_file: str
    validation_file: str
    result_files: tuple[str, ...]
    trained_tokens: int | None
    method: str
    hyperparameters: dict[str, Any]
    suffix: str
    seed: int | None
    metadata: dict[str, str]
    step: int | None
    total_steps: int | None

    @property
    def ended(self) -> bool:
        """Whether nothing more comes; a word that is not known counts as going on."""
        return self.status in TERMINAL


def job_state(job: Mapping[str, Any], provider: Provider) -> JobState:
    """A job from a service's answer."""
    method, hyperparameters = _method(job)
    metadata = job.get("metadata")
    results = job.get("result_files")
    return JobState(
        id=_text(job.get("id")),
        status=provider.status(job.get("status")),
        model=_text(job.get("model")),
        fine_tuned_model=_text(job.get("fine_tuned_model")),
        error=job_error(job.get("error")),
        created_at=milliseconds(job.get("created_at")),
        finished_at=milliseconds(job.get("finished_at")),
        estimated_finish=milliseconds(job.get("estimated_finish")),
        training_file=_text(job.get("training_file")),
        validation_file=_text(job.get("validation_file")),
        result_files=tuple(_ids(results) if isinstance(results, list) else ()),
        trained_tokens=whole_number(job.get("trained_tokens")),
        method=method,
        hyperparameters=hyperparameters,
        suffix=_text(job.get("user_provided_suffix")) or _text(job.get("suffix")),
        seed=whole_number(job.get("seed")),
        metadata={key: value for key, value in metadata.items() if isinstance(value, str)}
        if isinstance(metadata, dict)
        else {},
        step=whole_number(job.get("trained_steps")),
        total_steps=whole_number(job.get("total_steps")),
    )


def job_error(error: Any) -> RunError | None:
    """The error of a job; None where the object for it is empty, as on healthy jobs."""
    if isinstance(error, str) and error.strip():
        return RunError("", error.strip())
    if not isinstance(error, dict):
        return None
    code, message, param = (_text(error.get(name)) for name in ("code", "message", "param"))
    return RunError(code, message, param) if code or message else None


def run_event(row: Mapping[str, Any]) -> RunEvent:
    """An event from a service's answer; without an id it gets one from what it says."""
    level = _text(row.get("level")).casefold() or "info"
    data = row.get("data")
    message = row.get("message")
    return RunEvent(
        id=_text(row.get("id")) or _made_id(row),
        time=milliseconds(row.get("created_at")) or 0,
        level=_LEVELS.get(level, level),
        message=message if isinstance(message, str) else _shown(message),
        kind=_text(row.get("type")) or "message",
        data=data if isinstance(data, dict) else {},
    )


def run_checkpoint(row: Mapping[str, Any]) -> RunCheckpoint:
    """A checkpoint from a service's answer; its step may stand among its figures."""
    metrics = row.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    step = whole_number(row.get("step_number"))
    if step is None:
        step = whole_number(metrics.get("step"))
    return RunCheckpoint(
        id=_text(row.get("id")) or _made_id(row),
        step=step or 0,
        model=_text(row.get("fine_tuned_model_checkpoint")),
        time=milliseconds(row.get("created_at")) or 0,
        metrics=metrics,
    )


def milliseconds(value: Any) -> int | None:
    """A time in milliseconds since 1970, from seconds, milliseconds, a text of either, or ISO 8601.

    None where it is none of these, and for less than a millisecond: some services have 0 for "not
    yet".
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text)
        except ValueError:
            return _from_iso(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    for most, factor in ((10**11, 1000), (10**14, 1)):
        if 0 < value < most:
            return int(value * factor) or None
    return None


def whole_number(value: Any) -> int | None:
    """A whole number from 0 that a database takes, also from a text or 3.0; None: it is none."""
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.casefold() else int(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():  # also NaN and the infinities
        return None
    return int(value) if 0 <= value < _LARGEST else None


def _from_iso(text: str) -> int | None:
    try:
        when = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.UTC)
    try:
        found = int(when.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None
    return found if found > 0 else None


def _method(job: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The method and its hyperparameters, from `method` or from their older place."""
    older = job.get("hyperparameters")
    older = older if isinstance(older, dict) else {}
    method = job.get("method")
    if not isinstance(method, dict):
        return "supervised", older
    kind = _text(method.get("type")) or "supervised"
    inner = method.get(kind)
    given = inner.get("hyperparameters") if isinstance(inner, dict) else None
    return kind, given if isinstance(given, dict) and given else older


def _ids(values: list[Any]) -> list[str]:
    """Ids of files; some servers give the file objects."""
    found = (value.get("id") if isinstance(value, dict) else value for value in values)
    return [text for value in found if (text := _text(value))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _made_id(row: Mapping[str, Any]) -> str:
    said = json.dumps(row, sort_keys=True, default=str)
    return f"made-{hashlib.sha256(said.encode()).hexdigest()[:24]}"


_NAMES = {
    "train_loss": ("train_loss", "training_loss", "loss"),
    "train_accuracy": (
        *("train_mean_token_accuracy", "train_accuracy", "train_token_accuracy"),
        *("training_token_accuracy", "training_accuracy", "mean_token_accuracy"),
    ),
    "valid_loss": ("valid_loss", "validation_loss"),
    "valid_accuracy": (
        *("valid_mean_token_accuracy", "validation_mean_token_accuracy", "valid_accuracy"),
        *("validation_token_accuracy", "validation_accuracy"),
    ),
    "full_valid_loss": ("full_valid_loss", "full_validation_loss", "eval_loss"),
    "full_valid_accuracy": (
        *("full_valid_mean_token_accuracy", "full_validation_mean_token_accuracy"),
        *("full_valid_accuracy", "full_validation_accuracy", "eval_mean_token_accuracy"),
    ),
}
"""Our names, and what services call them; the first that is there counts."""

_STEPS = ("step", "step_number", "global_step")

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_STEP_IN_TEXT = re.compile(r"(?i)\bstep\s+(\d{1,9})(?:\s*(?:/|of)\s*(\d{1,9}))?\s*[:,]")
_FIGURE_IN_TEXT = re.compile(
    rf"(?i)\b(full validation|validation|training|train)\s+"
    rf"(loss|(?:mean\s+)?(?:token\s+)?accuracy)\s*[=:]\s*({_NUMBER})"
)
_IN_TEXT = {"full validation": "full_valid", "validation": "valid"}


def metric_of_event(event: RunEvent) -> Metric | None:
    """The figures that an event tells; None: it tells none."""
    return _metric(event.data, event.time) or _metric(_metrics_in_text(event.message), event.time)


def total_steps_of_event(event: RunEvent) -> int | None:
    """How many steps there will be, if an event says so."""
    said = whole_number(event.data.get("total_steps"))
    if said is None and (found := _STEP_IN_TEXT.search(event.message)) and found[2]:
        said = int(found[2])
    return said or None


def metric_of_checkpoint(checkpoint: RunCheckpoint) -> Metric | None:
    """The figures of a checkpoint; None: it has none."""
    return _metric({"step": checkpoint.step} | dict(checkpoint.metrics), checkpoint.time)


def metrics_of_result_file(content: bytes) -> list[Metric]:
    """The metrics of a result file, by step; empty if it is not such a file.

    It is a table with a header, whose columns differ from service to service, and may come in
    Base64.
    """
    text = _table(content)
    if text is None:
        return []
    header = text.split("\n", 1)[0]
    delimiter = next((sign for sign in ",;\t" if sign in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().casefold() for name in next(reader)]
        found = (_metric(dict(zip(names, line, strict=False)), 0) for line in reader if line)
        return merged_metrics(metric for metric in found if metric is not None)
    except csv.Error:
        return []


def merged_metrics(metrics: Iterable[Metric]) -> list[Metric]:
    """The figures by step, each step once: what a later one tells replaces, the rest stays."""
    by_step: dict[int, Metric] = {}
    for metric in metrics:
        before = by_step.get(metric.step)
        if before is not None:
            told = {name: value for name, value in metric._asdict().items() if value is not None}
            told["time"] = metric.time or before.time
            metric = before._replace(**told)
        by_step[metric.step] = metric
    return [by_step[step] for step in sorted(by_step)]


def _metric(data: Mapping[str, Any], time: int) -> Metric | None:
    """The figures among the data; None without a step or without any of them."""
    step = next((s for name in _STEPS if (s := whole_number(data.get(name))) is not None), None)
    if step is None:
        return None
    figures = {
        ours: next((f for name in theirs if (f := _figure(data.get(name))) is not None), None)
        for ours, theirs in _NAMES.items()
    }
    if all(figure is None for figure in figures.values()):
        return None
    return Metric(step, time=time, **figures)


def _figure(value: Any) -> float | None:
    """A figure; None for a blank, and for what is not finite: no chart can show that."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        figure = float(value)
    except (ValueError, OverflowError):
        return None
    return figure if math.isfinite(figure) else None


def _metrics_in_text(message: str) -> dict[str, Any]:
    """The figures in a sentence such as `Step 3/300: training loss=0.15, validation loss=0.27`."""
    step = _STEP_IN_TEXT.search(message)
    if step is None:
        return {}
    found: dict[str, Any] = {"step": int(step[1])}
    for whose, what, figure in _FIGURE_IN_TEXT.findall(message):
        begin = _IN_TEXT.get(whose.casefold(), "train")
        found[f"{begin}_{'loss' if what.casefold() == 'loss' else 'accuracy'}"] = float(figure)
    return found


def _table(content: bytes) -> str | None:
    """The text of a result file, out of its Base64 if it is in that; None: it is none."""
    text = _plain_table(content)
    if text is not None:
        return text
    try:
        # Lines and blanks in it are allowed, anything else is not Base64.
        return _plain_table(base64.b64decode(b"".join(content.split()), validate=True))
    except (binascii.Error, ValueError):
        return None


def _plain_table(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig").lstrip()
    except UnicodeDecodeError:
        return None
    names = text.split("\n", 1)[0].casefold().replace('"', "")
    columns = {name.strip() for name in re.split(r"[,;\t]", names)}
    return text if columns & set(_STEPS) else None
