"""A short message over the window that goes by itself, with at most one thing to do."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext

SHORT, LONG = 4_000, 9_000
WIDEST_LINE = 340


class Toast(QFrame):
    """One message; it waits while the pointer or the focus is on it.

    Attributes:
        text: The sentence and the advice.
        tone: "error", or empty.
        lasting: Whether it stays until it is closed.
        over: Whether it has been closed.
        held_focus: Whether the focus was in it when it was closed.
        close_button: The button that closes it.
        offers_action: Whether it has a thing to do.
        times: How often the same was said.

    Signals:
        closed: It is over.
        all_closed: "Close all" was pressed: this one and those behind it are to be closed.
    """

    closed = Signal()
    all_closed = Signal()

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
        self._theme = theme
        self.setProperty("tone", tone)
        self.text = f"{text} {advice}".strip()
        self.tone = tone
        self.setAccessibleName(self.text)
        self.over = self.held_focus = False
        self.times = 1
        self._on_action = on_action
        self.offers_action = bool(action_text and on_action)
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
        self._words = words
        self._count: Label | None = None
        layout.addLayout(words, 1)
        if action_text and on_action:
            button = QPushButton(action_text)
            button.clicked.connect(self._act)
            layout.addWidget(button)
        self.close_button = QPushButton(_("Close"))
        self.close_button.clicked.connect(self.close_now)
        layout.addWidget(self.close_button)
        self._buttons = layout
        self._close_all: QPushButton | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LONG if action_text or len(text) > 60 else SHORT)
        self._timer.timeout.connect(self.close_now)
        self.lasting = lasting
        self._resume()

    def show_counts(self, behind: int) -> None:
        """Say how often the same was said, and how many other messages this one covers."""
        if self.times == 1 and not behind and self._count is None:
            return
        counts = []
        if self.times > 1:
            counts.append(
                ngettext("Said {n} time.", "Said {n} times.", self.times).format(n=self.times)
            )
        if behind:
            counts.append(
                ngettext(
                    "{n} earlier message is behind this one.",
                    "{n} earlier messages are behind this one.",
                    behind,
                ).format(n=behind)
            )
        if self._count is None:
            self._count = Label(self._theme, "", "small", "muted", wrap=True)
            self._words.addWidget(self._count)
        self._count.setText(" ".join(counts))
        self._count.setVisible(bool(counts))
        if behind and self._close_all is None:
            self._close_all = QPushButton(_("Close all"))
            self._close_all.clicked.connect(self.all_closed)
            self._buttons.addWidget(self._close_all)
        if self._close_all is not None:
            self._close_all.setVisible(bool(behind))
        self.setAccessibleDescription(" ".join(counts))

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
        focus = self.focusWidget()
        focused = focus is not None and focus.hasFocus()
        if focused and self.sender() is self._timer:
            self._resume()
            return
        self._timer.stop()
        self.over, self.held_focus = True, focused
        self.hide()
        self.closed.emit()

    def go_soon(self) -> None:
        """Go by itself after some seconds from now on, although it was to stay."""
        self.lasting = False
        self._resume()

    def _act(self) -> None:
        self.close_now()
        if self._on_action is not None:
            self._on_action()

    def _resume(self) -> None:
        if not self.lasting:
            self._timer.start()
