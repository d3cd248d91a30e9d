"""How a chart is drawn, in the window as in reports: colours, widths, marks, legend and ticks.

Colours are names of the palette; each drawing takes them from the theme that it is made for.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from tunedesk.fine_tuning.charted_run import ChartedRun, Line, Measure
from tunedesk.fine_tuning.curves import NO_POINTS
from tunedesk.i18n import _
from tunedesk.paths import resource

RUN_COLORS = 6
"""How many runs have colours of their own; further ones start again."""
VALIDATION_DASHES = (5.0, 2.6)
"""The line of validation: drawn and left out, in widths of the line."""
STRONG, PALE = 2.0, 1.0
"""The widths of the lines, in pixels."""
PALE_SHARE = 0.38
"""How much of its colour the line of the raw figures has; the rest is that of the ground."""
VALUE_MARGIN = 0.06
"""The room above and below the lines, as a share of the height between lowest and highest."""
PIXELS_PER_VALUE, PIXELS_PER_STEP = 36, 90
"""The least distance between two ticks of the upright axis, and of the steps."""
_MOST_EPOCHS, _MOST_EPOCHS_NAMED = 40, 8
"""The most beginnings of epochs that are marked, and the most that have their number too."""

MarkKind = Literal["epoch", "checkpoint", "best"]
MARK_COLORS: Mapping[MarkKind, str] = {
    "epoch": "border",
    "checkpoint": "border_strong",
    "best": "validation_curve",
}
"""The colours of the upright lines: an epoch's is whole, a checkpoint's dotted, the best broken."""


class Mark(NamedTuple):
    """An upright line at a step.

    Attributes:
        step: Where.
        kind: What is there: an epoch begins, a checkpoint, or the checkpoint that is advised.
        label: What stands beside it; empty: nothing.
    """

    step: int
    kind: MarkKind
    label: str = ""


class LegendEntry(NamedTuple):
    """One line of the legend.

    Attributes:
        text: What it is called.
        color: The name of its colour.
        look: A whole line, a broken one, or the upright mark of a checkpoint.
        explanation: What it is, for those who do not know the word; empty for the name of a run.
    """

    text: str
    color: str
    look: Literal["line", "dashes", "mark"] = "line"
    explanation: str = ""


def color_name(line: Line, runs: int) -> str:
    """The name, in the palette, of the colour of a line among so many runs.

    One run is blue for training and orange for validation, which every kind of colour blindness
    leaves apart; several have a colour each, and the broken line is the validation.
    """
    if runs == 1:
        return "run_1" if line.part == "training" else "validation_curve"
    return f"run_{line.run % RUN_COLORS + 1}"


def marks(runs: Sequence[ChartedRun], measure: Measure) -> list[Mark]:
    """The upright lines of a run that is shown alone; none for several."""
    if len(runs) != 1:
        return []
    run = runs[0]
    starts = run.epoch_starts
    named = len(starts) <= _MOST_EPOCHS_NAMED and measure == "loss"
    found = [
        Mark(step, "epoch", _("epoch {n}").format(n=number) if named else "")
        for number, step in starts
        if len(starts) <= _MOST_EPOCHS
    ]
    found += [
        Mark(step, "checkpoint") for step in sorted(run.checkpoints) if step != run.best_checkpoint
    ]
    if run.best_checkpoint is not None:
        found.append(Mark(run.best_checkpoint, "best"))
    return found


def legend(runs: Sequence[ChartedRun]) -> list[LegendEntry]:
    """What the legend says of these runs."""
    held_back = any(
        len(run.curves.points(name)) for run in runs for name in ("valid_loss", "full_valid_loss")
    )
    validation = _(
        "The same for examples that were held back: whether it learns more than those it sees. "
        "Each point is a measurement of all of them."
    )
    if any(not run.validates_whole() for run in runs):
        validation = _(
            "The same for examples that were held back: whether it learns more than those it sees. "
            "Measured on a few of them at a time, and smoothed."
        )
    if not runs:
        return []
    if len(runs) == 1:
        found = [
            LegendEntry(
                _("training"),
                "run_1",
                explanation=_(
                    "How far the model is from the answers it is trained on; lower is better."
                ),
            )
        ]
        if held_back:
            text = _("validation, a few held-back examples at a time, smoothed")
            if runs[0].validates_whole():
                text = _("validation, each point all held-back examples")
            found.append(LegendEntry(text, "validation_curve", "dashes", validation))
        if runs[0].checkpoints:
            explanation = _("The model as it was at that step, which can be used too.")
            found.append(LegendEntry(_("checkpoint"), "text_muted", "mark", explanation))
        return found
    found = [
        LegendEntry(run.name, color_name(Line(number, "training", "strong", NO_POINTS), len(runs)))
        for number, run in enumerate(runs)
    ]
    if held_back:
        found.append(LegendEntry(_("validation"), "text_muted", "dashes", validation))
    return found


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


def format_ticks(values: Sequence[float]) -> list[str]:
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


def percent_ticks(values: Sequence[float]) -> list[str]:
    """Shares from 0 to 1 as percent."""
    return [f"{word} %" for word in format_ticks([100 * value for value in values])]


def _shortest(value: float) -> str:
    text = f"{value:,.8f}"
    return text.rstrip("0").rstrip(".")


def chart_palette(scheme: Literal["light", "dark"] = "light") -> Mapping[str, str]:
    """The colours of the palette by name, as "#rrggbb"."""
    palettes = json.loads(resource("style/palette.json").read_text(encoding="utf-8"))
    return {name: str(color) for name, color in palettes[scheme].items()}
