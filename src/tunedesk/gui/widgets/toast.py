"""A short message over the window that goes by itself, with at most one thing to do."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

SHORT, LONG = 4_000, 9_000
WIDEST_LINE = 340


class Toast(QFrame):
    """One message; it waits while the pointer or the focus is on it.

    Attributes:
        over: Whether it has been closed.

    Signals:
        closed: It is over.
    """

    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        text: str,
        advice: str = "",
        tone: str = "",
        action_text: str | None = None,
        on_action: Callable[[], object] | None = None,
        lasting: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("tone", tone)
        self.setAccessibleName(f"{text} {advice}".strip())
        self.over = False
        self._on_action = on_action
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 9, 10, 9)
        layout.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.sentence = Label(theme, text, "strong" if advice else "base", wrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line = self.sentence.fontMetrics().horizontalAdvance(text) + 4
        self.sentence.setMinimumWidth(min(line, WIDEST_LINE))
        words.addWidget(self.sentence)
        if advice:
            second = Label(theme, advice, "base", "muted", wrap=True)
            line = second.fontMetrics().horizontalAdvance(advice) + 4
            second.setMinimumWidth(min(line, WIDEST_LINE))
            words.addWidget(second)
        layout.addLayout(words, 1)
        if action_text and on_action:
            button = QPushButton(action_text)
            button.clicked.connect(self._act)
            layout.addWidget(button)
        close = QPushButton(_("Close"))
        close.clicked.connect(self.close_now)
        layout.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LONG if action_text or len(text) > 60 else SHORT)
        self._timer.timeout.connect(self.close_now)
        self._lasting = lasting
        self._resume()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Wait while the pointer is here."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Count the time again."""
        self._resume()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_now()
        else:
            super().keyPressEvent(event)

    def close_now(self) -> None:
        """Take the message away, unless somebody is reading it with the keyboard."""
        focus = self.focusWidget() if self.sender() is self._timer else None
        if focus is not None and focus.hasFocus():
            self._resume()
            return
        self._timer.stop()
        self.over = True
        self.hide()
        self.closed.emit()

    def go_soon(self) -> None:
        """Go by itself after some seconds from now on, although it was to stay."""
        self._lasting = False
        self._resume()

    def _act(self) -> None:
        self.close_now()
        if self._on_action is not None:
            self._on_action()

    def _resume(self) -> None:
        if not self._lasting:
            self._timer.start()
