"""The lengths of all examples as bars; a click on a bar asks for the examples it stands for.

Imports pyqtgraph: import it in the thread of the window, when the bars are first shown.
"""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.i18n import _, ngettext
from tunedesk.project.statistics import Bin

_HEIGHT = 104
_LEAST_BAR = 0.02  # of the highest bar, so that one example among thousands is seen


class Histogram(QWidget):
    """Bars over the number of tokens, chosen by mouse or arrow keys.

    Signals:
        bar_requested: The bar that was clicked, or chosen and entered.
    """

    bar_requested = Signal(object)

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[Bin] = []
        self._chosen = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Tokens per example"))
        self.plot = pg.PlotWidget(self, antialias=False)
        self.plot.setFixedHeight(_HEIGHT)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.hideAxis("left")
        self.plot.hideAxis("bottom")
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.viewport().setMouseTracking(True)
        self.plot.viewport().installEventFilter(self)
        self._items = pg.BarGraphItem(x=[], height=[], width=0.86)
        self.plot.addItem(self._items)
        self._low, self._middle, self._high = QLabel(), QLabel(), QLabel()
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        for label, stretch in ((self._low, 0), (self._middle, 1), (self._high, 0)):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("tone", "muted")
            line.addWidget(label, stretch)
        self._middle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.plot)
        column.addLayout(line)
        theme.changed.connect(self._paint)
        self._paint()

    def bars(self) -> list[Bin]:
        """The bars shown."""
        return list(self._bars)

    def set_bars(self, bars: Sequence[Bin]) -> None:
        """Show these bars."""
        if list(bars) == self._bars:
            return
        self._bars = list(bars)
        self._chosen = -1
        self._paint()

    def choose(self, number: int) -> None:
        """Mark a bar and say what it stands for; -1 marks none."""
        if number != self._chosen:
            self._chosen = number
            self._paint()

    def _paint(self) -> None:
        self.plot.setBackground(self._theme.color("surface"))
        counts = np.array([bar.examples for bar in self._bars], dtype=float)
        highest = counts.max(initial=1.0)
        heights = np.where(counts > 0, np.maximum(counts, highest * _LEAST_BAR), 0)
        color, chosen = self._theme.color("accent"), self._theme.color("text")
        color.setAlphaF(0.78)
        brushes = [chosen if n == self._chosen else color for n in range(len(self._bars))]
        self._items.setOpts(
            x=np.arange(len(self._bars)), height=heights, width=0.86, brushes=brushes, pen=None
        )
        self.plot.setRange(
            xRange=(-0.5, max(len(self._bars), 1) - 0.5), yRange=(0, highest), padding=0
        )
        for label in (self._low, self._middle, self._high):
            label.setFont(self._theme.font("small"))
        self._low.setText(f"{self._bars[0].low:,}" if self._bars else "")
        self._high.setText(f"{self._bars[-1].high:,}" if self._bars else "")
        said = self._said(self._chosen)
        self._middle.setText(said or _("tokens per example"))
        self.setAccessibleDescription(said)

    def _said(self, number: int) -> str:
        """What a bar stands for, in words."""
        if not 0 <= number < len(self._bars):
            return ""
        bar = self._bars[number]
        return ngettext(
            "{low}–{high}: {count} example", "{low}–{high}: {count} examples", bar.examples
        ).format(low=f"{bar.low:,}", high=f"{bar.high:,}", count=f"{bar.examples:,}")

    def _bar_at(self, place: QPointF) -> int:
        scene = self.plot.mapToScene(place.toPoint())
        number = round(self.plot.plotItem.vb.mapSceneToView(scene).x())
        return number if 0 <= number < len(self._bars) else -1

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mouse over the bars: whole columns answer, not only the painted part."""
        if event.type() == QEvent.Type.Leave:
            self.choose(-1)
        elif isinstance(event, QMouseEvent):
            number = self._bar_at(event.position())
            if event.type() == QEvent.Type.MouseMove:
                self.choose(number)
                hand = number >= 0 and self._bars[number].examples
                shape = Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor
                self.plot.viewport().setCursor(shape)
            elif event.type() == QEvent.Type.MouseButtonPress:
                self.setFocus(Qt.FocusReason.MouseFocusReason)
            elif (
                event.type() == QEvent.Type.MouseButtonRelease
                and event.button() == Qt.MouseButton.LeftButton
            ):
                self._request(number)
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose a bar, Enter asks for its examples."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._bars:
            start = self._chosen if self._chosen >= 0 else -step
            self.choose(min(max(start + step, 0), len(self._bars) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._request(self._chosen)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Mark nothing when the keyboard is elsewhere."""
        super().focusOutEvent(event)
        self.choose(-1)

    def _request(self, number: int) -> None:
        if 0 <= number < len(self._bars) and self._bars[number].examples:
            self.bar_requested.emit(self._bars[number])
