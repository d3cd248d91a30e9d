"""The figures of a job's steps, from wherever a service tells them.

From the data of its events, else from the sentence of the event; from its checkpoints; from its
result file (facts 1.6).
"""

import base64
import binascii
import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tunedesk.fine_tuning.job_reading import whole_number
from tunedesk.project.run_records import Metric, RunCheckpoint, RunEvent

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
    return _metric(event.data, event.time) or _metric(_said(event.message), event.time)


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
    """The figures of a result file, by step; empty if it is no such file.

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
        return merged(metric for metric in found if metric is not None)
    except csv.Error:
        return []


def merged(metrics: Iterable[Metric]) -> list[Metric]:
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


def _said(message: str) -> dict[str, Any]:
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
