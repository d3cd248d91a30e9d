"""What a curve does, told apart from its noise: levels, trends, where it became flat, where lowest.

Everything is measured against the noise of the curve itself, so that the jumping loss of a batch
of one example is not taken for news; nothing depends on the scale of the figures or of the steps.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tunedesk.fine_tuning.curves import Floats, Points, spread

MOST_LEVELS = 12
FEWEST_IN_LEVEL = 8
SURE = 2.5
"""Standard errors beyond which something is taken for real: by chance it happens once in 160."""
NOT_FLAT = 3.5
"""More of them where many stretches are looked at, one of which always strays."""
LEAST_CHANGE = 0.02
"""A change of less than this share of the level is none that a person would act on."""


class Level(NamedTuple):
    """How high a curve stands over a stretch.

    Attributes:
        first: The first step of the stretch.
        last: Its last step.
        value: The median of its figures.
        error: The standard error of that.
    """

    first: int
    last: int
    value: float
    error: float


class Trend(NamedTuple):
    """What a curve does over a stretch, by a straight line through it.

    Attributes:
        change: How much it rises from one end to the other; negative where it falls.
        error: The standard error of that.
        level: The median of the stretch.
    """

    change: float
    error: float
    level: float

    @property
    def falls(self) -> bool:
        """Whether it surely falls, and enough to matter."""
        return self.falls_by(LEAST_CHANGE)

    @property
    def rises(self) -> bool:
        """Whether it surely rises, and enough to matter."""
        return self.change > max(SURE * self.error, LEAST_CHANGE * abs(self.level))

    def falls_by(self, share: float) -> bool:
        """Whether it surely falls, by more than this share of the level."""
        return self.change < -max(SURE * self.error, share * abs(self.level))

    def would_show(self, share: float) -> bool:
        """Whether a change of this share of the level would stand out, 19 times of 20."""
        return 2 * self.error < share * abs(self.level)

    def is_still(self, share: float) -> bool:
        """Whether it surely changes by less than this share of the level."""
        return abs(self.change) + 2 * self.error < share * abs(self.level)


def levels(points: Points, most: int = MOST_LEVELS) -> list[Level]:
    """The heights of a curve over equal stretches, each of enough points to be told apart."""
    count = min(most, len(points) // FEWEST_IN_LEVEL)
    if not count:
        return []
    edges = np.linspace(0, len(points), count + 1).astype(int)
    overall = spread(points.values)
    found = []
    for start, end in itertools.pairwise(edges):
        part = points.values[start:end]
        noise = spread(part) if len(part) >= 2 * FEWEST_IN_LEVEL else overall
        error = 1.2533 * noise / np.sqrt(len(part))  # of a median, for normal noise
        found.append(
            Level(
                int(points.steps[start]),
                int(points.steps[end - 1]),
                float(np.median(part)),
                float(error),
            )
        )
    return found


def trend(points: Points) -> Trend:
    """What a curve does from end to end; wild figures are drawn in to where the others are."""
    values, count = _tamed(points.values), len(points)
    level = float(np.median(values)) if count else 0.0
    if count < 3:
        return Trend(0.0, 0.0, level)
    offsets = points.steps - points.steps.mean()
    width = float(points.steps[-1] - points.steps[0])
    weight = float(offsets @ offsets)
    slope = float(offsets @ values) / weight
    error = spread(values) / np.sqrt(weight)
    return Trend(slope * width, float(error) * width, level)


def _tamed(values: Floats) -> Floats:
    if len(values) < FEWEST_IN_LEVEL:
        return values
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    clipped: Floats = np.clip(values, middle - 3 * (middle - low), middle + 3 * (high - middle))
    return clipped


def last_part(points: Points, share: float) -> Points:
    """The end of a curve."""
    start = len(points) - max(1, round(len(points) * share))
    return Points(points.steps[start:], points.values[start:])


def flat_since(points: Points, most: int = MOST_LEVELS) -> int | None:
    """The step since which a curve neither falls nor rises; None if it still does either."""
    found = levels(points, most)
    start: int | None = None
    for number in reversed(range(len(found) - 1)):
        rest = found[number:]
        middle = float(np.median([level.value for level in rest]))
        if any(
            abs(level.value - middle) > max(NOT_FLAT * level.error, LEAST_CHANGE * abs(middle))
            for level in rest
        ):
            break
        stretch = trend(points.between(rest[0].first, None))
        if abs(stretch.change) > max(NOT_FLAT * stretch.error, 2 * LEAST_CHANGE * abs(middle)):
            break
        start = rest[0].first
    return start


@dataclass(frozen=True)
class Rise:
    """A curve that has come down and goes up again.

    Attributes:
        since: The step at which it was lowest.
        lowest: How low it was there.
        now: Where it is at the end.
    """

    since: int
    lowest: float
    now: float

    @property
    def share(self) -> float:
        """The rise as a share of the lowest figure."""
        return (self.now - self.lowest) / abs(self.lowest) if self.lowest else 0.0


ONE_POINT_RISE = 0.06
"""A single measurement after the lowest one must be this much higher to count: of the 35 times
that a rise was called on 52 real runs, the two refuted later were single points of 4 to 6 %."""
RISE = 0.025
"""Several of them must be this much higher."""
MANY_MEASUREMENTS = 20
"""Of so many measurements one is the highest of its neighbours by chance: three must be higher."""
SURE_OF_LOWEST = 4.0
"""More standard errors than elsewhere: the lowest of some noisy levels is lower by chance."""
NOISY_RISE = 0.04
"""A noisy curve must be this much higher than where it was lowest."""
MOST_TURNS = 8
"""A curve that may have turned is averaged over so many stretches: fewer are surer."""
FEW_NOISY = 4 * FEWEST_IN_LEVEL
"""Fewer noisy figures than this make no four stretches, and are judged by medians of three."""
FEW_NOISY_RISE = 0.10
"""These must have risen this much: services that measure every hundredth step on one batch of the
held-back examples, as OpenAI does, give 8 to 31 figures that jump by a tenth."""


def rise_of_measurements(points: Points) -> Rise | None:
    """Whether a curve of few, exact figures has risen since it was lowest, to its end."""
    if len(points) < 2:
        return None
    index = int(np.argmin(points.values))
    lowest, now = float(points.values[index]), float(points.values[-1])
    after = points.values[index + 1 :]
    if not len(after):
        return None
    found = Rise(int(points.steps[index]), lowest, now)
    needed = ONE_POINT_RISE if len(after) == 1 else RISE
    if found.share < needed or now - lowest < SURE * wobble(points.values):
        return None
    if len(points) >= MANY_MEASUREMENTS:
        recent = float(np.median(points.values[-3:]))
        if (recent - lowest) < needed * abs(lowest):
            return None
    return found


def wobble(values: Floats) -> float:
    """The noise of few figures on a bent curve: how far each lies from between its neighbours."""
    if len(values) < 6:
        return 0.0
    bends = np.abs(values[2:] - 2 * values[1:-1] + values[:-2])
    return float(np.median(bends) / (0.6745 * np.sqrt(6.0)))


def rise_of_noisy(points: Points) -> Rise | None:
    """Whether a curve of noisy figures, eight at least, has risen since it was lowest."""
    if len(points) < FEW_NOISY:
        return _rise_of_few_noisy(points)
    found = levels(points, MOST_TURNS)
    index = min(range(len(found)), key=lambda number: found[number].value)
    if index >= len(found) - 2:
        return None
    best, before, end = found[index], found[-2], found[-1]
    since = _lowest_step(points, best)
    stretch = trend(points.between(since, None))
    if stretch.change < max(SURE_OF_LOWEST * stretch.error, NOISY_RISE * abs(best.value)):
        return None
    if min(before.value, end.value) - best.value < RISE * abs(best.value):
        return None
    return Rise(since, best.value, end.value)


def _rise_of_few_noisy(points: Points) -> Rise | None:
    """The same of too few figures for stretches: by the trend since the lowest median of three."""
    if len(points) < FEWEST_IN_LEVEL:
        return None
    values = points.values
    calm = np.median(np.stack((values[:-2], values[1:-1], values[2:])), axis=0)
    index = int(np.argmin(calm)) + 1
    since, lowest, now = int(points.steps[index]), float(calm[index - 1]), float(calm[-1])
    stretch = trend(points.between(since, None))
    if len(points) - index < 4 or now - lowest < RISE * abs(lowest):
        return None
    if stretch.change < max(3 * stretch.error, FEW_NOISY_RISE * abs(lowest)):
        return None
    return Rise(since, lowest, now)


def _lowest_step(points: Points, best: Level) -> int:
    calm = points.smoothed().between(best.first, best.last)
    return int(calm.steps[int(np.argmin(calm.values))])


def value_at(points: Points, step: float) -> float:
    """Where a curve stands at a step, between its points too, as it was measured."""
    return float(np.interp(step, points.steps, points.values))


def value_near(points: Points, step: float) -> float:
    """Where the smoothed curve stands at a step, between its points too."""
    calm = points.smoothed()
    return float(np.interp(step, calm.steps, calm.values))


def median_of(values: Sequence[float] | Floats) -> float:
    """The median; 0 of nothing."""
    return float(np.median(values)) if len(values) else 0.0


SUDDEN_FALL = 0.2
"""At the borders of epochs the loss of real runs falls by 20 to 50 %, and hardly within them."""


def sudden_fall(points: Points) -> int | None:
    """The step after which a curve falls at once, calm before and after; None without.

    Each twelfth of the curve is compared with the next: their medians must differ by 20 %, beyond
    the noise, and three times as much as those of the two before and the two after. What
    falls in the first third is the form of the answers, which is learned in a bent line.
    """
    width = len(points) // 12
    if width < 5 or float(points.values.min()) <= 0:
        return None
    logs = np.log(points.values)
    medians = np.array([np.median(logs[at : at + width]) for at in range(len(logs) - width)])
    falls = medians[:-width] - medians[width:]
    doubt = NOT_FLAT * 1.2533 * spread(logs) * float(np.sqrt(2 / width))
    best: tuple[float, int] | None = None
    for at in range(max(width, len(logs) // 3 - width), len(falls) - width):
        here, calm = falls[at], max(abs(falls[at - width]), abs(falls[at + width]))
        enough = max(-np.log(1 - SUDDEN_FALL), calm + doubt, 3 * calm)
        if here > enough and (best is None or here > best[0]):
            best = float(here), int(points.steps[at + width - 1])
    return best[1] if best else None
