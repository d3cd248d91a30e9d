"""Where the figures stand along the axes of a chart, and how they are written."""

import itertools
import math
from collections.abc import Sequence


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two others, at most so many, in steps of 1, 2 or 5."""
    if not high > low or most < 1:
        return []
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * part for part in (1, 2, 5, 10) if power * part >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def step_ticks(low: float, high: float, most: int) -> list[float]:
    """The same for steps: whole numbers only."""
    return [value for value in ticks(low, high, most) if abs(value - round(value)) < 1e-6]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two positive ones for a logarithmic axis: 1, 2, 5, 10, 20 and so on.

    Where the axis spans so little that fewer than three of these fit, those of a linear axis.
    """
    if not 0 < low < high:
        return []
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1, 2, 5), (1,)):
        found = [p * 10.0**k for k in powers for p in parts if low <= p * 10.0**k <= high]
        if 3 <= len(found) <= most:
            return found
    if len(found) > most:
        return found[:: math.ceil(len(found) / most)]
    return [value for value in ticks(low, high, most) if value > 0]


def tick_words(values: Sequence[float]) -> list[str]:
    """The numbers with as many decimals as the closest two of them need.

    Those of a logarithmic axis, which do not stand at even distances, have each its own: "0.01"
    beside "10", not "10.00", which reads as a thousand where the point parts thousands.
    """
    if not values:
        return []
    gaps = [b - a for a, b in itertools.pairwise(values) if b > a]
    if gaps and max(gaps) > 1.5 * min(gaps):
        return [_shortest(value) for value in values]
    least = min(gaps, default=abs(values[0]) or 1.0)
    decimals = min(max(0, -math.floor(math.log10(least) + 1e-9)), 8)
    return [f"{value + 0.0:,.{decimals}f}" for value in values]


def _shortest(value: float) -> str:
    text = f"{value:,.8f}"
    return text.rstrip("0").rstrip(".")
