"""One pair of axes with its lines and marks: the losses, or the accuracies below them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsRectItem

from tunedesk.fine_tuning.chart_style import (
    MARK_COLORS,
    PIXELS_PER_STEP,
    PIXELS_PER_VALUE,
    VALUE_MARGIN,
    MarkKind,
    format_ticks,
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
from tunedesk.gui.fine_tune.chart.legend import line_color, line_pen, symbol
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _

AXIS_WIDTH = 70
MARK_STYLES: dict[MarkKind, Qt.PenStyle] = {
    "epoch": Qt.PenStyle.SolidLine,
    "checkpoint": Qt.PenStyle.DotLine,
    "best": Qt.PenStyle.DashLine,
}


class ValueAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """The upright axis: losses, also by their logarithm, or accuracies in percent."""

    def __init__(self, *, percent: bool = False) -> None:
        super().__init__("left")
        self.is_log = False
        self._percent = percent
        self.setStyle(tickLength=0, tickTextOffset=8, hideOverlappingLabels=False)
        self.setGrid(255)
        self.setWidth(AXIS_WIDTH)
        self.enableAutoSIPrefix(False)
        self.setLabel(_("Accuracy") if percent else _("Loss"))

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, Any]]:
        """Where the figures stand; on a logarithmic axis the positions are powers of ten."""
        most = max(2, int(size / PIXELS_PER_VALUE))
        if self.is_log:
            found = log_ticks(10**low, 10**high, most)
            return [(1.0, [math.log10(value) for value in found])]
        return [(1.0, ticks(low, high, most))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The figures as text."""
        if self._percent:
            return percent_ticks(values)
        return format_ticks([10**value for value in values] if self.is_log else values)

    def dress(self, theme: Theme) -> None:
        """Take the colours and fonts of the theme."""
        _apply_theme(self, theme)


class StepAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """The lower axis: whole steps."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
        self.enableAutoSIPrefix(False)
        self.setLabel(_("Step"))

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, Any]]:
        """Where the figures stand."""
        return [(1.0, step_ticks(low, high, max(2, int(size / PIXELS_PER_STEP))))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The figures as text."""
        return [f"{round(value):,}" for value in values]

    def dress(self, theme: Theme) -> None:
        """Take the colours and fonts of the theme."""
        _apply_theme(self, theme)


class StepBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """The room of the lines: a drag marks the steps to zoom to, the wheel zooms about the pointer.

    With Shift, or the middle button, a drag moves what is shown.

    Signals:
        zoom_wanted: To zoom: by a factor, about a step.
        move_wanted: To move what is shown, by so many steps.
        stretch_wanted: To show the steps from one to another.
    """

    zoom_wanted = Signal(float, float)
    move_wanted = Signal(float)
    stretch_wanted = Signal(float, float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        self._band = QGraphicsRectItem()
        self._band.setZValue(50)
        self._band.hide()
        self.addItem(self._band, ignoreBounds=True)

    def dress(self, theme: Theme) -> None:
        """Take the colours of the theme."""
        color = theme.color("accent")
        self._band.setPen(pg.mkPen(color, width=1, cosmetic=True))
        color.setAlphaF(0.14)
        self._band.setBrush(color)

    def wheelEvent(self, ev: Any, axis: Any = None) -> None:
        """Zoom about the step under the pointer."""
        self.zoom_wanted.emit(1.0015 ** ev.delta(), self.mapToView(ev.pos()).x())
        ev.accept()

    def mouseDragEvent(self, ev: Any, axis: Any = None) -> None:
        """Mark a stretch of steps, or move what is shown."""
        if ev.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            ev.ignore()
            return
        ev.accept()
        shift = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift or ev.button() == Qt.MouseButton.MiddleButton:
            before, now = self.mapToView(ev.lastPos()).x(), self.mapToView(ev.pos()).x()
            self.move_wanted.emit(before - now)
            return
        first = self.mapToView(ev.buttonDownPos()).x()
        last = self.mapToView(ev.pos()).x()
        low, high = self.viewRange()[1]
        self._band.setRect(QRectF(min(first, last), low, abs(last - first), high - low))
        self._band.setVisible(not ev.isFinish())
        if ev.isFinish():
            self.stretch_wanted.emit(min(first, last), max(first, last))


def _apply_theme(axis: pg.AxisItem, theme: Theme) -> None:
    axis.setPen(pg.mkPen(theme.color("border")))
    axis.setTextPen(pg.mkPen(theme.color("text_muted")))
    axis.setStyle(tickFont=theme.font("small"))
    axis.label.setFont(theme.font("small"))
    axis.label.setDefaultTextColor(theme.color("text_muted"))


MANY = 4000  # points of a line, of which no screen shows each
PEAKS_PER_PIXEL, POINTS_PER_PIXEL = 2.0, 0.5  # that are drawn of such a line


class Panel:
    """Lines over the steps, on a plot that a graphics layout holds.

    Attributes:
        plot: The plot.
        box: The room of its lines.
        lines: What is drawn.
    """

    def __init__(self, theme: Theme, measure: Measure) -> None:
        self._theme = theme
        self._measure: Measure = measure
        self._runs: Sequence[ChartedRun] = ()
        self._view = ChartView()
        self.lines: list[Line] = []
        self.box = StepBox()
        self._values = ValueAxis(percent=measure == "accuracy")
        self._steps = StepAxis()
        self.plot = _Frame(self._values, self.box, self._steps)
        self._values.setZValue(self.box.zValue() - 1)  # its grid behind the lines
        self._curves: list[pg.PlotDataItem] = []
        self._marks: list[pg.InfiniteLine] = []
        self._ring = pg.ScatterPlotItem(size=11, pxMode=True)
        self._ring.setZValue(30)
        self.box.addItem(self._ring, ignoreBounds=True)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._cross.setZValue(20)
        self._cross.hide()
        self._dots = pg.ScatterPlotItem(size=8, pxMode=True)
        self._dots.setZValue(31)
        for item in (self._cross, self._dots):
            self.box.addItem(item, ignoreBounds=True)
        self.box.sigResized.connect(self._thin_again)
        self.dress()

    def dress(self) -> None:
        """Take the colours of the theme, also for the lines that are there."""
        for part in (self.box, self._values, self._steps):
            part.dress(self._theme)
        self._cross.setPen(pg.mkPen(self._theme.color("text_muted"), width=1))
        self.show(self._runs, self._view)

    def show(self, runs: Sequence[ChartedRun], view: ChartView) -> None:
        """Draw these runs so."""
        self._runs, self._view = runs, view
        self._values.is_log = view.log and self._measure == "loss"
        self.lines = [
            line
            for number, run in enumerate(runs)
            for line in lines(run, number, self._measure, raw=view.raw)
        ]
        while len(self._curves) < len(self.lines):
            self._curves.append(self._new_curve())
        while len(self._curves) > len(self.lines):
            self.box.removeItem(self._curves.pop())
        for curve, line in zip(self._curves, self.lines, strict=True):
            self._fill(curve, line)
        self._draw_marks()
        self.fit_values()

    def _thin_again(self, _box: StepBox) -> None:
        """Thin the lines for another width.

        pyqtgraph thins them when the steps that are shown change, not when there is more room for
        them: what was drawn before the chart had its size would stay as coarse as that.
        """
        for curve in self._curves:
            curve.viewRangeChanged(self.box, None, (True, False))

    def _new_curve(self) -> pg.PlotDataItem:
        curve = pg.PlotDataItem(antialias=True)
        self.box.addItem(curve, ignoreBounds=True)
        return curve

    def _fill(self, curve: pg.PlotDataItem, line: Line) -> None:
        steps, values = line.points.steps.astype(np.float64), line.points.values
        if self._values.is_log:
            above = values > 0
            steps, values = steps[above], np.log10(values[above])
        color = line_color(self._theme, line, len(self._runs))
        # pyqtgraph draws a symbol for every point, so only lines of few points have them.
        curve.setSymbol(symbol(line) if line.marked else None)
        curve.setSymbolSize(6.5)
        curve.setSymbolPen(pg.mkPen(self._theme.color("surface"), width=1))
        curve.setSymbolBrush(color)
        # Of few points pyqtgraph's thinning makes stairs, and they cost nothing as they are.
        many = len(steps) > MANY
        raw = line.look == "raw"
        curve.setDownsampling(auto=many, method="peak" if raw else "subsample")
        curve.opts["autoDownsampleFactor"] = PEAKS_PER_PIXEL if raw else POINTS_PER_PIXEL
        curve.opts["antialias"] = not (raw and many)
        curve.setClipToView(many)
        curve.setPen(line_pen(self._theme, line, len(self._runs)))
        curve.setZValue({"raw": 1, "strong": 5}[line.look] + (line.part == "validation"))
        curve.setData(steps, values)

    def _draw_marks(self) -> None:
        """The beginnings of the epochs, and the checkpoints, of a run that is shown alone."""
        for mark in self._marks:
            self.box.removeItem(mark)
        self._marks = []
        self._ring.clear()
        for mark in marks(self._runs, self._measure):
            pen = QPen(self._theme.color(MARK_COLORS[mark.kind]), 1, MARK_STYLES[mark.kind])
            pen.setCosmetic(True)
            self._mark(mark.step, pen, mark.label)
            if mark.kind == "best":
                self._draw_ring(mark.step)

    def _mark(self, step: float, pen: QPen, label: str) -> None:
        options = (
            {
                "position": 0.965,
                "anchors": [(0, 0.5), (0, 0.5)],
                "color": self._theme.color("text_muted"),
                "fill": self._theme.color("surface"),
            }
            if label
            else None
        )
        mark = pg.InfiniteLine(step, angle=90, pen=pen, label=label or None, labelOpts=options)
        if label:
            mark.label.setFont(self._theme.font("small"))
        mark.setZValue(-5)
        self._marks.append(mark)
        self.box.addItem(mark, ignoreBounds=True)

    def _draw_ring(self, step: int) -> None:
        """Ring the validation, or else the training, at the checkpoint that is advised."""
        shown = [line for line in self.lines if line.look != "raw" and len(line.points)]
        shown.sort(key=lambda line: (line.part != "validation", line.look != "strong"))
        if shown:
            points = shown[0].points
            value = float(np.interp(step, points.steps, points.values))
            pen = pg.mkPen(self._theme.color("validation_curve"), width=2)
            self._ring.setData(
                [step], [self._placed(value)], pen=pen, brush=self._theme.color("surface")
            )

    def _placed(self, value: float) -> float:
        """Where a figure stands on the axis."""
        return float(np.log10(value)) if self._values.is_log and value > 0 else value

    def fit_values(self) -> None:
        """Let the lines fill the height, for the steps that are shown."""
        found = value_range(self.lines, self._view.steps)
        if found is None:
            return
        low, high = found
        if self._values.is_log:
            least = min(
                (
                    float(p[p > 0].min())
                    for p in (line.points.values for line in self.lines)
                    if (p > 0).any()
                ),
                default=1.0,
            )
            low, high = np.log10(max(low, least)), np.log10(max(high, least))
        room = (high - low) * VALUE_MARGIN or abs(high) * 0.1 or 0.1
        self.box.setYRange(low - room, high + room, padding=0)

    def set_last(self, last: bool) -> None:
        """Write the steps below the lines only where nothing stands below."""
        self._steps.setStyle(showValues=last)
        self._steps.showLabel(last)
        self._steps.setHeight(None if last else 6)

    def show_steps(self, first: float, last: float) -> None:
        """Show the steps from one to another."""
        self.box.setXRange(first, last, padding=0)

    def cross(self, step: float | None) -> None:
        """Stand the crosshair at a step, with a dot on each line that has a figure there."""
        self._cross.setVisible(step is not None)
        if step is None:
            self._dots.clear()
            return
        self._cross.setPos(step)
        spots = []
        for line in self.lines:
            value = line.points.at(int(step)) if line.look != "raw" else None
            if value is not None:
                color = line_color(self._theme, line, len(self._runs))
                spots.append(
                    {"pos": (step, self._placed(value)), "brush": color, "symbol": symbol(line)}
                )
        self._dots.setData(spots, pen=pg.mkPen(self._theme.color("surface"), width=1.5))


class _Frame(pg.GraphicsWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """The box between its axes.

    pyqtgraph's own `PlotItem` brings menus that belong to no window. They live until Python
    collects them, and where that is while Qt gives all widgets another style, Qt crashes.
    """

    def __init__(self, values: ValueAxis, box: StepBox, steps: StepAxis) -> None:
        super().__init__()
        grid = QGraphicsGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for item, row, column in ((values, 0, 0), (box, 0, 1), (steps, 1, 1)):
            grid.addItem(item, row, column)
        grid.setRowStretchFactor(0, 1)
        grid.setColumnStretchFactor(1, 1)
        self.setLayout(grid)
        values.linkToView(box)
        steps.linkToView(box)
