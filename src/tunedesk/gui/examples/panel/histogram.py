"""The lengths of all examples as bars; a click on a bar asks for the examples it stands for."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.i18n import _, ngettext
from tunedesk.project.statistics import Bin

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
        """Take the highlight off the bar that the mouse has left."""
        self.hovered.emit(-1)

    def _at(self, event: QMouseEvent) -> int:
        position = event.position()
        if not self._heights or not self.rect().contains(position.toPoint()):
            return -1
        return int(position.x() / self.column(0).width())


class Histogram(QWidget):
    """Bars over the number of tokens, chosen by mouse or arrow keys.

    Signals:
        bar_requested: The bar that was clicked, or chosen and entered.
    """

    accessible_role = QAccessible.Role.Chart

    bar_requested = Signal(object)

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[Bin] = []
        self._chosen = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Tokens per example"))
        self.field = BarField(theme, self)
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
        column.addWidget(self.field)
        column.addLayout(line)
        self.field.hovered.connect(self._hover)
        self.field.pressed.connect(self._press)
        self.field.clicked.connect(self._request)
        theme.changed.connect(self._show)
        self._show()

    def bars(self) -> list[Bin]:
        """The bars shown."""
        return list(self._bars)

    def set_bars(self, bars: Sequence[Bin]) -> None:
        """Show these bars."""
        if list(bars) == self._bars:
            return
        self._bars = list(bars)
        self._chosen = -1
        self._show()

    def choose(self, number: int) -> None:
        """Mark a bar and say what it stands for; -1 marks none."""
        if number != self._chosen:
            self._chosen = number
            self._show()

    def _show(self) -> None:
        self.field.show_bars([bar.examples for bar in self._bars], self._chosen)
        for label in (self._low, self._middle, self._high):
            label.setFont(self._theme.font("small"))
        self._low.setText(f"{self._bars[0].low:,}" if self._bars else "")
        self._high.setText(f"{self._bars[-1].high:,}" if self._bars else "")
        said = self._said(self._chosen)
        self._middle.setText(said or _("tokens per example"))
        self.setAccessibleDescription(said or self._range())

    def _range(self) -> str:
        """What all bars together show, in words."""
        if not self._bars:
            return ""
        fullest = max(range(len(self._bars)), key=lambda number: self._bars[number].examples)
        text = _("From {low} to {high} tokens; most stand at {fullest}.")
        low, high = self._bars[0].low, self._bars[-1].high
        return text.format(low=f"{low:,}", high=f"{high:,}", fullest=self._said(fullest))

    def _said(self, number: int) -> str:
        """What a bar stands for, in words."""
        if not 0 <= number < len(self._bars):
            return ""
        bar = self._bars[number]
        return ngettext(
            "{low}–{high}: {count} example", "{low}–{high}: {count} examples", bar.examples
        ).format(low=f"{bar.low:,}", high=f"{bar.high:,}", count=f"{bar.examples:,}")

    def _hover(self, number: int) -> None:
        self.choose(number)
        hand = number >= 0 and self._bars[number].examples
        self.field.setCursor(
            Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor
        )

    def _press(self) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

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
