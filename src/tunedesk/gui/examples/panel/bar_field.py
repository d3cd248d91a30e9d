"""Paints the bars of a histogram; whole columns answer to the mouse, not only the painted part."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tunedesk.gui.theme import Theme

HEIGHT = 104
WIDTH_OF_BAR = 0.86  # of its column
LEAST_BAR = 0.02  # of the highest bar, so that one example among thousands is seen


class BarField(QWidget):
    """Bars beside each other, the highest as high as the field.

    Signals:
        hovered: The number of the bar under the mouse; -1: none.
        pressed: The mouse was pressed.
        clicked: The number of the bar that was clicked; -1: none.
    """

    hovered = Signal(int)
    pressed = Signal()
    clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._heights: list[int] = []
        self._chosen = -1
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)

    def show_bars(self, heights: Sequence[int], chosen: int) -> None:
        """Show bars of these heights.

        Args:
            heights: One a bar; 0 leaves its column empty.
            chosen: The bar that is marked; -1: none.
        """
        self._heights, self._chosen = list(heights), chosen
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(120, HEIGHT)

    def column(self, number: int) -> QRectF:
        """The whole column of a bar."""
        width = self.width() / max(len(self._heights), 1)
        return QRectF(number * width, 0, width, self.height())

    def bar(self, number: int) -> QRectF:
        """What is painted of a column."""
        column, height = self.column(number), self._heights[number]
        share = max(height / max(self._heights), LEAST_BAR) if height else 0.0
        gap = column.width() * (1 - WIDTH_OF_BAR) / 2
        return column.adjusted(gap, column.height() * (1 - share), -gap, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars in the colours of the theme."""
        painter = QPainter(self)
        color, chosen = self._theme.color("accent"), self._theme.color("text")
        color.setAlphaF(0.78)
        for number, height in enumerate(self._heights):
            if height:
                painter.fillRect(self.bar(number), chosen if number == self._chosen else color)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which bar is under the mouse."""
        self.hovered.emit(self._at(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that its release comes here too."""
        self.pressed.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say which bar was clicked."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._at(event))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        self.hovered.emit(-1)

    def _at(self, event: QMouseEvent) -> int:
        place = event.position()
        if not self._heights or not self.rect().contains(place.toPoint()):
            return -1
        return int(place.x() / self.column(0).width())
