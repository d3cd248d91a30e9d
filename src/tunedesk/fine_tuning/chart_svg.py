"""The loss chart as SVG, for reports and saved pictures: no program and no font has to be there.

Its ticks and its palette are those of the chart in the window.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

import numpy as np

from tunedesk.fine_tuning.charted_run import (
    DASHES,
    PALE,
    PALE_SHARE,
    STRONG,
    ChartedRun,
    ChartView,
    Line,
    Measure,
    color_name,
    lines,
    value_range,
)
from tunedesk.fine_tuning.curves import NO_POINTS, Points, thinned
from tunedesk.i18n import _
from tunedesk.paths import resource


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


def _shortest(value: float) -> str:
    text = f"{value:,.8f}"
    return text.rstrip("0").rstrip(".")


def chart_palette(scheme: Literal["light", "dark"] = "light") -> Mapping[str, str]:
    """The colours of the palette by name, as "#rrggbb"."""
    palettes = json.loads(resource("style/palette.json").read_text(encoding="utf-8"))
    return {name: str(color) for name, color in palettes[scheme].items()}


_FONT = "Inter, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 22, 52, 44
_GAP = 26  # between the losses and the accuracies
_MARGIN = 0.06
_POINTS_PER_PIXEL = 2
_MOST_EPOCHS_NAMED, _MOST_EPOCHS = 8, 40
_LETTER = 6.2  # how wide a letter of the legend is, about
_LONGEST_NAME = 32


def chart_svg(
    runs: Sequence[ChartedRun],
    view: ChartView | None = None,
    *,
    title: str = "",
    ink: Mapping[str, str] | None = None,
    width: int = 960,
    height: int = 420,
) -> str:
    """One picture of the runs as they are looked at.

    Args:
        runs: What to draw, the first one lowest.
        view: How it is looked at; None: everything, raw and smoothed.
        title: What stands above it and is told to screen readers.
        ink: The colours by name (see `chart_ink`); None: the light ones.
        width: Of the picture, in pixels.
        height: The same.
    """
    return _Drawing(runs, view or ChartView(), ink or chart_palette(), width, height).text(title)


class _Drawing:
    def __init__(
        self,
        runs: Sequence[ChartedRun],
        view: ChartView,
        ink: Mapping[str, str],
        width: int,
        height: int,
    ) -> None:
        self._runs, self._view, self._ink = list(runs), view, ink
        self._width, self._height = width, height
        end = max((float(run.end) for run in runs), default=1.0)
        self._steps = view.steps or (0.0, max(end, 1.0))
        self._parts: list[str] = []

    def text(self, title: str) -> str:
        self._add(
            f'<rect width="{self._width}" height="{self._height}" fill="{self._ink["surface"]}"/>'
        )
        if title:
            self._text(title, _LEFT, 20, "text", size=14, weight=600)
        self._legend(38 if title else 24)
        inner = self._height - _TOP - _BOTTOM
        if self._view.accuracy:
            upper = (inner - _GAP) * 0.6
            self._panel("loss", _TOP, upper)
            self._panel("accuracy", _TOP + upper + _GAP, inner - upper - _GAP)
        else:
            self._panel("loss", _TOP, inner)
        self._step_axis(self._height - _BOTTOM)
        said = escape(_printable(title or _("Loss chart")))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self._width}" '
            f'height="{self._height}" viewBox="0 0 {self._width} {self._height}" role="img" '
            f'font-family="{escape(_FONT)}"><title>{said}</title>' + "".join(self._parts) + "</svg>"
        )

    # Places

    def _x(self, step: float) -> float:
        first, last = self._steps
        room = self._width - _LEFT - _RIGHT
        return _LEFT + (step - first) / (last - first) * room

    # Parts

    def _panel(self, measure: Measure, top: float, height: float) -> None:
        """Lines of one measure with their axis."""
        shown = [
            line
            for number, run in enumerate(self._runs)
            for line in lines(run, number, measure, raw=self._view.raw)
        ]
        log = self._view.log and measure == "loss"
        if log:
            shown = [_positive(line) for line in shown]
        found = value_range(shown, self._view.steps)
        if found is not None:
            scale = _Scale(*found, log=log, top=top, height=height)
            self._value_axis(scale, measure)
            self._marks(top, height, named=measure == "loss")
            for line in sorted(shown, key=lambda line: line.look != "raw"):
                self._line(line, scale)
        if measure == "accuracy":
            self._text(_("Accuracy"), _LEFT + 6, top + 14, "text_muted")
        bottom = top + height
        self._add(self._stroke(_LEFT, bottom, self._width - _RIGHT, bottom, "border_strong"))

    def _value_axis(self, scale: "_Scale", measure: Measure) -> None:
        percent = measure == "accuracy"
        found = scale.ticks()
        words = format_ticks([100 * value for value in found] if percent else found)
        for value, word in zip(found, words, strict=True):
            y = scale.y(value)
            self._add(self._stroke(_LEFT, y, self._width - _RIGHT, y, "border"))
            text = f"{word} %" if percent else word
            self._text(text, _LEFT - 8, y + 4, "text_muted", anchor="end")

    def _step_axis(self, y: float) -> None:
        most = max(2, int((self._width - _LEFT - _RIGHT) / 90))
        for value in step_ticks(*self._steps, most):
            self._text(f"{round(value):,}", self._x(value), y + 17, "text_muted", anchor="middle")
        self._text(
            _("step"), (_LEFT + self._width - _RIGHT) / 2, y + 35, "text_muted", anchor="middle"
        )

    def _marks(self, top: float, height: float, *, named: bool) -> None:
        if len(self._runs) != 1:
            return
        run = self._runs[0]
        starts = run.epoch_starts
        for number, step in starts if len(starts) <= _MOST_EPOCHS else []:
            if self._seen(step):
                x = self._x(step)
                self._add(self._stroke(x, top, x, top + height, "border"))
                if named and len(starts) <= _MOST_EPOCHS_NAMED:
                    text = _("epoch {n}").format(n=number)
                    self._text(text, x + 4, top + 11, "text_muted")
        for step in sorted(
            {*run.checkpoints, *([run.best_checkpoint] if run.best_checkpoint else [])}
        ):
            if self._seen(step):
                x, best = self._x(step), step == run.best_checkpoint
                ink, dash = ("validation_curve", "5 3") if best else ("border_strong", "1.5 2.5")
                self._add(self._stroke(x, top, x, top + height, ink, dash))

    def _seen(self, step: float) -> bool:
        return self._steps[0] <= step <= self._steps[1]

    def _line(self, line: Line, scale: "_Scale") -> None:
        points = thinned(_within(line.points, *self._steps), _POINTS_PER_PIXEL * self._width)
        places = [
            (self._x(float(step)), scale.y(float(value)))
            for step, value in zip(points.steps, points.values, strict=True)
        ]
        color = self._ink[color_name(line, len(self._runs))]
        if line.look != "dots" and len(places) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            raw = line.look == "raw"
            dash = ""
            if line.part == "validation" and not raw:
                dash = f' stroke-dasharray="{DASHES[0] * STRONG:g} {DASHES[1] * STRONG:g}"'
            shade = f' stroke-opacity="{PALE_SHARE}"' if raw else ""
            self._add(
                f'<polyline points="{path}" fill="none" stroke="{color}" '
                f'stroke-width="{PALE if raw else STRONG:g}" stroke-linejoin="round"{dash}{shade}/>'
            )
        if line.look == "dots" or line.marked or len(places) == 1:
            for x, y in places:
                self._add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>')

    def _legend(self, y: float) -> None:
        x = float(_LEFT)
        for text, ink, dash in self._legend_entries():
            if len(text) > _LONGEST_NAME:
                text = text[: _LONGEST_NAME - 1] + "…"
            self._add(self._stroke(x, y - 4, x + 20, y - 4, ink, dash, width=2))
            self._text(text, x + 26, y, "text_muted")
            x += 26 + len(text) * _LETTER + 18

    def _legend_entries(self) -> list[tuple[str, str, str]]:
        """Texts with the names of their colours and their dashes."""
        count = len(self._runs)
        dash = f"{DASHES[0] * STRONG:g} {DASHES[1] * STRONG:g}"
        held_back = any(
            len(run.curves.points(name))
            for run in self._runs
            for name in ("valid_loss", "full_valid_loss")
        )
        if count == 1:
            found = [(_("training"), "run_1", "")]
            if held_back:
                found.append((_("validation"), "validation_curve", dash))
            if self._runs[0].checkpoints:
                found.append((_("checkpoint"), "text_muted", "1.5 2.5"))
            return found
        found = [
            (run.name, color_name(Line(number, "training", "strong", NO_POINTS), count), "")
            for number, run in enumerate(self._runs)
        ]
        return [*found, (_("validation"), "text_muted", dash)] if held_back else found

    # Pieces of SVG

    def _add(self, part: str) -> None:
        self._parts.append(part)

    def _stroke(
        self, x1: float, y1: float, x2: float, y2: float, ink: str, dash: str = "", width: int = 1
    ) -> str:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        return (
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{self._ink[ink]}" stroke-width="{width}"{dashes}/>'
        )

    def _text(
        self,
        text: str,
        x: float,
        y: float,
        ink: str,
        *,
        size: int = 11,
        weight: int = 400,
        anchor: str = "start",
    ) -> None:
        self._add(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
            f'text-anchor="{anchor}" fill="{self._ink[ink]}">{escape(_printable(text))}</text>'
        )


class _Scale:
    """Where figures stand between the top and the bottom of a panel."""

    def __init__(self, low: float, high: float, *, log: bool, top: float, height: float) -> None:
        self._log, self._top, self._height = log, top, height
        first, last = self._placed(low), self._placed(high)
        room = (last - first) * _MARGIN or abs(last) * 0.1 or 0.1
        self._first, self._last = first - room, last + room

    def _placed(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def y(self, value: float) -> float:
        share = (self._placed(value) - self._first) / (self._last - self._first)
        # Wild figures that have no room end at the border: no reader of SVG need know clipping.
        return self._top + (1 - min(max(share, 0.0), 1.0)) * self._height

    def ticks(self) -> list[float]:
        most = max(2, int(self._height / 36))
        if self._log:
            return log_ticks(10**self._first, 10**self._last, most)
        return ticks(self._first, self._last, most)


def _positive(line: Line) -> Line:
    """The part of a line that a logarithmic axis can show."""
    above = line.points.values > 0
    points = type(line.points)(line.points.steps[above], line.points.values[above])
    return Line(line.run, line.part, line.look, points, line.marked)


def _within(points: Points, first: float, last: float) -> Points:
    """The part of a line between two steps, with new points where it crosses them."""
    inside = points.between(first, last)
    if len(points) < 2 or len(inside) == len(points):
        return inside
    ends = [step for step in (first, last) if points.steps[0] < step < points.steps[-1]]
    steps = np.unique(np.concatenate((inside.steps.astype(np.float64), ends)))
    return Points(steps, np.interp(steps, points.steps, points.values))


def _printable(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n"
        or (
            ord(letter) >= 0x20
            and not 0xD800 <= ord(letter) <= 0xDFFF
            and ord(letter) not in (0xFFFE, 0xFFFF)
        )
    )
