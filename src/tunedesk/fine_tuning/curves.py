"""The metrics of a run as arrays, what is computed from them, and how people read them.

Imports numpy: the window imports this module when the first chart is shown, not at its start.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunedesk.project.run_records import Metric

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

_SMOOTHED_SHARE = 40
"""A curve is smoothed over this part of its points: of 400 points, over some 10 on each side."""
_FEWEST_SMOOTHED = 8
_LOST = 20.0  # e to this power is how far the powers within one block of a running sum may grow


@dataclass(frozen=True, eq=False)
class RunCurves:
    """The figures of a run by step, rising; NaN stands where a step has no such figure.

    Attributes:
        steps: The steps that have any figure.
        train_loss: Training loss of the step's batch, in nats a token.
        train_accuracy: Share of the batch's tokens foreseen, 0 to 1.
        valid_loss: Validation loss of a batch of the held-back examples.
        valid_accuracy: Its share of tokens foreseen.
        full_valid_loss: Validation loss of all held-back examples, at the end of an epoch.
        full_valid_accuracy: Its share of tokens foreseen.
    """

    steps: Steps
    train_loss: Floats
    train_accuracy: Floats
    valid_loss: Floats
    valid_accuracy: Floats
    full_valid_loss: Floats
    full_valid_accuracy: Floats

    @classmethod
    def from_metrics(cls, metrics: Iterable[Metric]) -> "RunCurves":
        """The curves of these figures, in any order; of a step told twice the last count."""
        return cls._of(_rows(metrics))

    @classmethod
    def _of(cls, rows: Floats) -> "RunCurves":
        merged = _merged(rows)
        steps = merged[:, 0].astype(np.int64)
        return cls(steps, *(np.ascontiguousarray(merged[:, n]) for n in range(1, 7)))

    def with_more(self, metrics: Iterable[Metric]) -> "RunCurves":
        """These curves and what came since, without reading the old figures again.

        Figures of a step that is already here are added to it, as when its validation follows.
        """
        rows = _rows(metrics)
        if not len(rows):
            return self
        kept = int(np.searchsorted(self.steps, rows[:, 0].min()))
        new = self._of(np.concatenate((self._table(kept), rows)))
        return RunCurves(
            *(
                np.concatenate((getattr(self, field.name)[:kept], getattr(new, field.name)))
                for field in fields(self)
            )
        )

    def _table(self, start: int) -> Floats:
        return np.column_stack([getattr(self, field.name)[start:] for field in fields(self)])

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def last_step(self) -> int:
        """The last step that has a figure; 0 before there is one."""
        return int(self.steps[-1]) if len(self.steps) else 0

    def points(self, name: str) -> "Points":
        """The steps at which a curve, named as its attribute, has a figure, and these figures."""
        values: Floats = getattr(self, name)
        there = np.isfinite(values)
        return Points(self.steps[there], values[there])

    def at(self, name: str, step: int) -> float | None:
        """What a curve, named as its attribute, has at exactly this step; None if nothing."""
        return Points(self.steps, getattr(self, name)).at(step)

    def validation(self, measure: str = "loss") -> "Points":
        """The validation to judge by: its "loss", or its "accuracy".

        All held-back examples at the ends of epochs where there are at least three of these, or
        nothing else; a batch of them at each step otherwise, which jumps more.
        """
        whole = self.judges_whole(measure)
        return self.points(f"full_valid_{measure}" if whole else f"valid_{measure}")

    def judges_whole(self, measure: str = "loss") -> bool:
        """Whether `validation` is of all held-back examples."""
        full, batches = self.points(f"full_valid_{measure}"), self.points(f"valid_{measure}")
        return len(full) >= 3 or not len(batches)

    def nearest(self, step: float) -> int | None:
        """The place in `steps` nearest to a step; None if there are no figures."""
        if not len(self.steps):
            return None
        index = int(np.searchsorted(self.steps, step))
        if index == len(self.steps):
            return index - 1
        before = index - 1
        if before >= 0 and step - self.steps[before] <= self.steps[index] - step:
            return before
        return index


@dataclass(frozen=True, eq=False)
class Points:
    """A curve without its gaps.

    Attributes:
        steps: The steps, rising; between whole ones only where a line is cut.
        values: The figure at each, finite.
    """

    steps: Steps | Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def smoothed(self) -> "Points":
        """The same curve made calm, at the same steps."""
        return Points(self.steps, smooth(self.values))

    def at(self, step: int) -> float | None:
        """The figure of exactly this step; None if there is none, or none that is finite."""
        index = int(np.searchsorted(self.steps, step))
        there = index < len(self) and self.steps[index] == step
        return float(self.values[index]) if there and np.isfinite(self.values[index]) else None

    def between(self, first: float, last: float | None) -> "Points":
        """What comes from one step to another, both included; None: to the end."""
        begin = int(np.searchsorted(self.steps, first))
        end = None if last is None else int(np.searchsorted(self.steps, last, side="right"))
        return Points(self.steps[begin:end], self.values[begin:end])


NO_POINTS = Points(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


def _rows(metrics: Iterable[Metric]) -> Floats:
    """The figures as a table; what is absent becomes NaN."""
    rows: Any = [metric[:7] for metric in metrics]
    return np.array(rows, dtype=np.float64).reshape(-1, 7)


def _merged(rows: Floats) -> Floats:
    """The rows by step, one a step: of each figure the last one that was told."""
    steps = rows[:, 0]
    if len(rows) < 2 or bool(np.all(steps[1:] > steps[:-1])):
        return rows
    rows = rows[np.argsort(steps, kind="stable")]
    starts = np.flatnonzero(np.diff(rows[:, 0], prepend=-np.inf) > 0)
    ends = np.append(starts[1:], len(rows)) - 1
    merged = np.empty((len(starts), rows.shape[1]))
    merged[:, 0] = rows[starts, 0]
    for column in range(1, rows.shape[1]):
        told = np.where(np.isnan(rows[:, column]), -1, np.arange(len(rows)))
        last = np.maximum.accumulate(told)[ends]
        merged[:, column] = np.where(last >= starts, rows[last, column], np.nan)
    return merged


def smoothing_reach(count: int) -> float:
    """Over how many points on each side a curve of so many points is smoothed."""
    return 0.0 if count < _FEWEST_SMOOTHED else max(1.0, count / _SMOOTHED_SHARE)


def smooth(values: Floats, reach: float | None = None) -> Floats:
    """A curve made calm, of the same length.

    Exponential smoothing as TensorBoard's and W&B's charts do it, with the correction for the
    start of Adam (Kingma and Ba 2015, section 3), but run in both directions. A smoothing that
    knows only the past shows every fall and every minimum too late (in a chart, to the right of
    where it was); this one does not, and its last point is the same as theirs.

    Args:
        values: Finite figures.
        reach: After so many points a figure counts a third (1/e); None: what suits the length.
    """
    reach = smoothing_reach(len(values)) if reach is None else reach
    if reach <= 0 or len(values) < 2:
        return values.copy()
    keep = float(np.exp(-1.0 / reach))
    ones = np.ones_like(values)
    total, weight = _running(values, keep), _running(ones, keep)
    total += _running(values[::-1], keep)[::-1] - values
    weight += weight[::-1].copy() - ones
    return total / weight


def _running(values: Floats, keep: float) -> Floats:
    """The sums s[i] = values[i] + keep * s[i-1], block by block without a loop over all."""
    length = max(1, int(-_LOST / np.log(keep)))
    powers = keep ** np.arange(length, dtype=np.float64)
    sums = np.empty_like(values)
    carried = 0.0
    for start in range(0, len(values), length):
        block = values[start : start + length]
        power = powers[: len(block)]
        sums[start : start + length] = power * (np.cumsum(block / power) + keep * carried)
        carried = float(sums[start + len(block) - 1])
    return sums


def thinned(points: Points, most: int) -> Points:
    """At most so many points that look the same when drawn: of each stretch the ends and extremes.

    Args:
        points: The curve.
        most: How many points may stay, at least 8.
    """
    if len(points) <= most:
        return points
    edges = np.linspace(0, len(points), most // 4 + 1).astype(np.int64)
    kept = [edges[:-1], edges[1:] - 1]
    starts = edges[:-1]
    lowest = np.minimum.reduceat(points.values, starts)
    highest = np.maximum.reduceat(points.values, starts)
    stretch = np.repeat(np.arange(len(starts)), np.diff(edges))
    for extreme in (lowest, highest):
        indices = np.flatnonzero(points.values == extreme[stretch])
        _stretches, first = np.unique(stretch[indices], return_index=True)
        kept.append(indices[first])
    chosen = np.unique(np.concatenate(kept))
    return Points(points.steps[chosen], points.values[chosen])


def epoch_starts(total_steps: int | None, epochs: int | None) -> list[tuple[int, int]]:
    """The epochs from the second on: number, and the step after which it begins.

    Services tell neither; with whole epochs of equal length the steps divide evenly.
    """
    if not total_steps or not epochs or epochs < 2 or total_steps < epochs:
        return []
    return [(number + 1, round(number * total_steps / epochs)) for number in range(1, epochs)]


def spread(values: Sequence[float] | Floats) -> float:
    """How far neighbouring points lie apart by chance: a standard deviation that trends leave be.

    The median of the differences of neighbours, scaled as for a normal distribution (Rousseeuw
    and Croux 1993, on the median absolute deviation): a few wild steps do not count.
    """
    if len(values) < 3:
        return 0.0
    differences = np.abs(np.diff(np.asarray(values, dtype=np.float64)))
    return float(np.median(differences) / (0.6745 * np.sqrt(2.0)))


def format_loss(value: float) -> str:
    """A loss: two decimals, more where it is small ("1.12", "0.034")."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def format_accuracy(value: float) -> str:
    """An accuracy of 0 to 1: "87 %", with a decimal near the ends."""
    percent = value * 100
    return f"{percent:.1f} %" if percent > 99 or 0 < percent < 1 else f"{percent:.0f} %"
