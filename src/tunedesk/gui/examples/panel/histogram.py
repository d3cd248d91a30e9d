"""The lengths of all examples as bars; a click on a bar asks for the examples it stands for."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tunedesk.gui.examples.panel.bar_field import BarField
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _, ngettext
from tunedesk.project.statistics import Bin


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
        self.setAccessibleDescription(said)

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
