"""A run as a chart shows it, and the lines it is drawn with, on screen, on paper and as CSV."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from tunedesk.fine_tuning.curves import NO_POINTS, Points, RunCurves, epoch_starts, smoothing_reach

Measure = Literal["loss", "accuracy"]
Part = Literal["training", "validation"]
Look = Literal["raw", "strong"]


@dataclass(frozen=True, eq=False)
class ChartedRun:
    """What a chart is told of a run.

    Attributes:
        name: What the legend calls it.
        curves: Its figures.
        checkpoints: The steps at which a checkpoint can be had.
        total_steps: How many steps there will be; None if that is not known.
        epochs: How many times it goes through the examples; None if that is not known.
        best_checkpoint: The step of the checkpoint that the advice names.
        model_step: The step whose weights the tuned model has; None: the last.
    """

    name: str
    curves: RunCurves
    checkpoints: tuple[int, ...] = ()
    total_steps: int | None = None
    epochs: int | None = None
    best_checkpoint: int | None = None
    model_step: int | None = None

    @property
    def end(self) -> int:
        """The last step to make room for."""
        return max(self.total_steps or 0, self.curves.last_step)

    @cached_property
    def smoothed_training(self) -> Points:
        """The training loss made calm; empty where there is too little of it to be smoothed."""
        train = self.curves.points("train_loss")
        return train.smoothed() if smoothing_reach(len(train)) else NO_POINTS

    @cached_property
    def validates_batches(self) -> bool:
        """Whether batches of what is held back are measured, besides all of it or without."""
        return bool(np.isfinite(self.curves.valid_loss).any())

    def validates_whole(self, measure: Measure = "loss") -> bool:
        """Whether the line of validation is of all held-back examples, not of batches of them."""
        return self.curves.judges_whole(measure)

    @property
    def epoch_starts(self) -> list[tuple[int, int]]:
        """The epochs from the second on, and the steps after which they begin."""
        return epoch_starts(self.total_steps, self.epochs)


@dataclass(frozen=True)
class ChartView:
    """How a chart is looked at.

    Attributes:
        raw: Whether the measured figures stand, pale, behind the smoothed ones.
        log: Whether the losses stand on a logarithmic axis.
        accuracy: Whether the accuracies are shown below the losses.
        steps: The first and last step shown; None shows all.
    """

    raw: bool = True
    log: bool = False
    accuracy: bool = False
    steps: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a chart.

    Attributes:
        run: The place of its run among those shown.
        part: Whether it is of what is trained on or of what is held back.
        look: Pale and thin, or strong.
        points: What it goes through.
        marked: Whether each of its points is marked, as where there are few.
    """

    run: int
    part: Part
    look: Look
    points: Points
    marked: bool = field(default=False)


_MARKED = 60
"""The most points that are drawn with marks of their own."""


def lines(run: ChartedRun, number: int, measure: Measure, *, raw: bool) -> list[Line]:
    """The lines of a run, those behind first.

    Validation is one line, of the figures that the advice judges by: of all held-back examples, as
    they were measured; of batches of them, where there are hardly any others, smoothed as the
    training is.
    """
    train = run.curves.points(f"train_{measure}")
    batches = run.curves.points(f"valid_{measure}")
    validation = run.curves.validation(measure)
    found: list[Line] = []
    smooths_validation = len(validation) and not run.validates_whole(measure)
    if raw and smoothing_reach(len(train)):
        found.append(Line(number, "training", "raw", train))
    if raw and smooths_validation and smoothing_reach(len(batches)):
        found.append(Line(number, "validation", "raw", batches))
    if len(train):
        marked = not smoothing_reach(len(train))
        found.append(Line(number, "training", "strong", train.smoothed(), marked))
    if smooths_validation:
        marked = not smoothing_reach(len(validation))
        found.append(Line(number, "validation", "strong", validation.smoothed(), marked))
    elif len(validation):
        marked = len(validation) <= _MARKED
        found.append(Line(number, "validation", "strong", validation, marked))
    return found


def value_range(shown: list[Line], steps: tuple[float, float] | None) -> tuple[float, float] | None:
    """The lowest and highest figure that must be seen between two steps; None if there is none.

    Every strong line and point is seen whole. A few wild figures among the raw ones are not: where
    they would flatten everything else, they leave the picture.
    """
    strong: list[float] = []
    pale: list[float] = []
    for line in shown:
        points = line.points if steps is None else line.points.between(*steps)
        if not len(points):
            continue
        ends = [float(points.values.min()), float(points.values.max())]
        if line.look != "raw":
            strong += ends
        elif len(points) >= 20:
            low, high = np.quantile(points.values, (0.01, 0.99))
            pale += [float(low), float(high)] if _wild(points) else ends
        else:
            pale += ends
    every = strong + pale
    return (min(every), max(every)) if every else None


def _wild(points: Points) -> bool:
    low, high = np.quantile(points.values, (0.01, 0.99))
    room = 2 * (high - low)
    return bool(points.values.max() > high + room or points.values.min() < low - room)


COLUMNS = {
    "train_loss": "train_loss",
    "train_mean_token_accuracy": "train_accuracy",
    "valid_loss": "valid_loss",
    "valid_mean_token_accuracy": "valid_accuracy",
    "full_valid_loss": "full_valid_loss",
    "full_valid_mean_token_accuracy": "full_valid_accuracy",
}
"""The names of the columns, and of the curves that they hold."""


def curves_csv(runs: Sequence[ChartedRun]) -> str:
    """All figures as they were measured, one step a line; the run first where there are several."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    several = len(runs) > 1
    writer.writerow([*(["run"] if several else []), "step", *COLUMNS])
    for run in runs:
        columns = [getattr(run.curves, name).tolist() for name in COLUMNS.values()]
        for step, *figures in zip(run.curves.steps.tolist(), *columns, strict=True):
            cells = ["" if math.isnan(figure) else repr(figure) for figure in figures]
            writer.writerow([*([run.name] if several else []), step, *cells])
    return text.getvalue()
