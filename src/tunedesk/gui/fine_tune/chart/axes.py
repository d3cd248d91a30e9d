"""The axes of the chart and the box between them, in our own ticks, colours and gestures."""

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsRectItem

from tunedesk.fine_tuning.chart_svg import format_ticks, log_ticks, step_ticks, ticks
from tunedesk.gui.theme import Theme

ROOM_PER_VALUE = 36  # pixels between two figures of the upright axis
ROOM_PER_STEP = 90
AXIS_WIDTH = 52


class ValueAxis(pg.AxisItem):
    """The upright axis: losses, also by their logarithm, or accuracies in percent."""

    def __init__(self, *, percent: bool = False) -> None:
        super().__init__("left")
        self.is_log = False
        self._percent = percent
        self.setStyle(tickLength=0, tickTextOffset=8, hideOverlappingLabels=False)
        self.setGrid(255)
        self.setWidth(AXIS_WIDTH)

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, Any]]:
        """Where the figures stand; on a logarithmic axis the places are powers of ten."""
        most = max(2, int(size / ROOM_PER_VALUE))
        if self.is_log:
            found = log_ticks(10**low, 10**high, most)
            return [(1.0, [math.log10(value) for value in found])]
        return [(1.0, ticks(low, high, most))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The figures as text."""
        if self._percent:
            return [f"{word} %" for word in format_ticks([100 * value for value in values])]
        return format_ticks([10**value for value in values] if self.is_log else values)

    def dress(self, theme: Theme) -> None:
        """Take the colours and fonts of the theme."""
        _dress(self, theme)


class StepAxis(pg.AxisItem):
    """The lower axis: whole steps."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, Any]]:
        """Where the figures stand."""
        return [(1.0, step_ticks(low, high, max(2, int(size / ROOM_PER_STEP))))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The figures as text."""
        return [f"{round(value):,}" for value in values]

    def dress(self, theme: Theme) -> None:
        """Take the colours and fonts of the theme."""
        _dress(self, theme)


class StepBox(pg.ViewBox):
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


def _dress(axis: pg.AxisItem, theme: Theme) -> None:
    axis.setPen(pg.mkPen(theme.color("border")))
    axis.setTextPen(pg.mkPen(theme.color("text_muted")))
    axis.setStyle(tickFont=theme.font("small"))
