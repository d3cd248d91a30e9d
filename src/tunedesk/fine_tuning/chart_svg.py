"""The loss chart as SVG, for reports and saved pictures: no program and no font has to be there.

What is drawn, and in which colours, is the same as in the window: see `chart_style`.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from tunedesk.fine_tuning.chart_style import (
    MARK_COLORS,
    PALE,
    PALE_SHARE,
    PIXELS_PER_STEP,
    PIXELS_PER_VALUE,
    STRONG,
    VALIDATION_DASHES,
    VALUE_MARGIN,
    chart_palette,
    color_name,
    format_ticks,
    legend,
    log_ticks,
    marks,
    percent_ticks,
    step_ticks,
    ticks,
)
from tunedesk.fine_tuning.charted_run import (
    ChartedRun,
    ChartView,
    Line,
    Measure,
    lines,
    value_range,
)
from tunedesk.fine_tuning.curves import Points, thinned
from tunedesk.i18n import _

_FONT = "Inter, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 22, 52, 44
_GAP = 26  # between the losses and the accuracies
_POINTS_PER_PIXEL = 2
_VALIDATION_DASH = f"{VALIDATION_DASHES[0] * STRONG:g} {VALIDATION_DASHES[1] * STRONG:g}"
_MARK_DASHES = {"epoch": "", "checkpoint": "1.5 2.5", "best": "5 3"}
_LEGEND_DASHES = {"line": "", "dashes": _VALIDATION_DASH, "mark": _MARK_DASHES["checkpoint"]}
_LETTER = 6.2  # how wide a letter of the legend is, about
_LONGEST_NAME = 60


def chart_svg(
    runs: Sequence[ChartedRun],
    view: ChartView | None = None,
    *,
    title: str = "",
    colors: Mapping[str, str] | None = None,
    width: int = 960,
    height: int = 420,
) -> str:
    """One picture of the runs as they are looked at.

    Args:
        runs: What to draw, the first one lowest.
        view: How it is looked at; None: everything, raw and smoothed.
        title: What stands above it and is told to screen readers.
        colors: The colours by name (see `chart_palette`); None: the light ones.
        width: Of the picture, in pixels.
        height: The same.
    """
    return _Drawing(runs, view or ChartView(), colors or chart_palette(), width, height).text(title)


class _Drawing:
    def __init__(
        self,
        runs: Sequence[ChartedRun],
        view: ChartView,
        colors: Mapping[str, str],
        width: int,
        height: int,
    ) -> None:
        self._runs, self._view, self._colors = list(runs), view, colors
        self._width, self._height = width, height
        end = max((float(run.end) for run in runs), default=1.0)
        self._steps = view.steps or (0.0, max(end, 1.0))
        self._parts: list[str] = []

    def text(self, title: str) -> str:
        self._add(
            f'<rect width="{self._width}" height="{self._height}" '
            f'fill="{self._colors["surface"]}"/>'
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
            self._marks(top, height, measure)
            for line in sorted(shown, key=lambda line: line.look != "raw"):
                self._line(line, scale)
        self._upright(_("Accuracy") if measure == "accuracy" else _("Loss"), top + height / 2)
        bottom = top + height
        self._add(self._stroke(_LEFT, bottom, self._width - _RIGHT, bottom, "border_strong"))

    def _value_axis(self, scale: "_Scale", measure: Measure) -> None:
        found = scale.ticks()
        words = percent_ticks(found) if measure == "accuracy" else format_ticks(found)
        for value, word in zip(found, words, strict=True):
            y = scale.y(value)
            self._add(self._stroke(_LEFT, y, self._width - _RIGHT, y, "border"))
            self._text(word, _LEFT - 8, y + 4, "text_muted", anchor="end")

    def _step_axis(self, y: float) -> None:
        most = max(2, int((self._width - _LEFT - _RIGHT) / PIXELS_PER_STEP))
        for value in step_ticks(*self._steps, most):
            self._text(f"{round(value):,}", self._x(value), y + 17, "text_muted", anchor="middle")
        self._text(
            _("Step"), (_LEFT + self._width - _RIGHT) / 2, y + 35, "text_muted", anchor="middle"
        )

    def _marks(self, top: float, height: float, measure: Measure) -> None:
        for mark in marks(self._runs, measure):
            if self._seen(mark.step):
                x = self._x(mark.step)
                color, dash = MARK_COLORS[mark.kind], _MARK_DASHES[mark.kind]
                self._add(self._stroke(x, top, x, top + height, color, dash))
                if mark.label:
                    self._text(mark.label, x + 4, top + 11, "text_muted")

    def _seen(self, step: float) -> bool:
        return self._steps[0] <= step <= self._steps[1]

    def _line(self, line: Line, scale: "_Scale") -> None:
        points = thinned(_within(line.points, *self._steps), _POINTS_PER_PIXEL * self._width)
        corners = [
            (self._x(float(step)), scale.y(float(value)))
            for step, value in zip(points.steps, points.values, strict=True)
        ]
        color = self._colors[color_name(line, len(self._runs))]
        if len(corners) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
            raw = line.look == "raw"
            dash = ""
            if line.part == "validation" and not raw:
                dash = f' stroke-dasharray="{_VALIDATION_DASH}"'
            shade = f' stroke-opacity="{PALE_SHARE}"' if raw else ""
            self._add(
                f'<polyline points="{path}" fill="none" stroke="{color}" '
                f'stroke-width="{PALE if raw else STRONG:g}" stroke-linejoin="round"{dash}{shade}/>'
            )
        if line.marked or len(corners) == 1:
            for x, y in corners:
                self._add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>')

    def _legend(self, y: float) -> None:
        x = float(_LEFT)
        for entry in legend(self._runs):
            text, dash = entry.text, _LEGEND_DASHES[entry.look]
            if len(text) > _LONGEST_NAME:
                text = text[: _LONGEST_NAME - 1] + "…"
            self._add(self._stroke(x, y - 4, x + 20, y - 4, entry.color, dash, width=2))
            self._text(text, x + 26, y, "text_muted")
            x += 26 + len(text) * _LETTER + 18

    # Pieces of SVG

    def _add(self, part: str) -> None:
        self._parts.append(part)

    def _stroke(
        self, x1: float, y1: float, x2: float, y2: float, color: str, dash: str = "", width: int = 1
    ) -> str:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        return (
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{self._colors[color]}" stroke-width="{width}"{dashes}/>'
        )

    def _text(
        self,
        text: str,
        x: float,
        y: float,
        color: str,
        *,
        size: int = 11,
        weight: int = 400,
        anchor: str = "start",
    ) -> None:
        self._add(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
            f'text-anchor="{anchor}" fill="{self._colors[color]}">{escape(_printable(text))}</text>'
        )

    def _upright(self, text: str, y: float) -> None:
        """The title of an upright axis, about this height."""
        self._add(
            f'<text transform="translate(14 {y:.1f}) rotate(-90)" font-size="11" '
            f'text-anchor="middle" fill="{self._colors["text_muted"]}">{escape(_printable(text))}'
            "</text>"
        )


class _Scale:
    """Where figures stand between the top and the bottom of a panel."""

    def __init__(self, low: float, high: float, *, log: bool, top: float, height: float) -> None:
        self._log, self._top, self._height = log, top, height
        first, last = self._placed(low), self._placed(high)
        room = (last - first) * VALUE_MARGIN or abs(last) * 0.1 or 0.1
        self._first, self._last = first - room, last + room

    def _placed(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def y(self, value: float) -> float:
        share = (self._placed(value) - self._first) / (self._last - self._first)
        # Wild figures that have no room end at the border: no reader of SVG need know clipping.
        return self._top + (1 - min(max(share, 0.0), 1.0)) * self._height

    def ticks(self) -> list[float]:
        most = max(2, int(self._height / PIXELS_PER_VALUE))
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
