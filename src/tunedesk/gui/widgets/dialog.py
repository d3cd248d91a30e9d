"""The frame of every dialog: a heading, a body, and a footer with the buttons."""

from PySide6.QtCore import QEvent, QMargins, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import focus_next, tab_stops
from tunedesk.i18n import _

MARGIN = 22
AWAY = 40
"""How much smaller than the window a large dialog is at least."""
SMALLEST = (700, 460)
FRAMED_AFTER_MS = 150
"""Milliseconds after which a dialog that is shown has the frame of the desktop."""


class Dialog(QDialog):
    """A dialog with a heading above `body` and buttons below it; Escape closes it.

    Attributes:
        body: Layout for what the dialog is about.
        footer: Layout of the bottom line; `add_note` fills its left, `add_button` its right.
    """

    def __init__(
        self, theme: Theme, title: str, scrolls: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWindowTitle(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._head = QFrame()
        self._head.setProperty("surface", "toolbar")
        self.head = QHBoxLayout(self._head)
        self.head.setContentsMargins(MARGIN, 15, MARGIN, 15)
        self.head.addWidget(Label(theme, title, "title"))
        self.head.addStretch()
        outer.addWidget(self._head)
        self._canvas = canvas = QWidget()
        canvas.setProperty("surface", "window")
        canvas.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.body = QVBoxLayout(canvas)
        self.body.setContentsMargins(MARGIN, 18, MARGIN, 18)
        self.body.setSpacing(8)
        self._scroll_area: QScrollArea | None = None
        outer.addWidget(canvas, 1)
        if scrolls:
            self._let_scroll()
        foot = QFrame()
        foot.setProperty("surface", "footer")
        self.footer = QHBoxLayout(foot)
        self.footer.setContentsMargins(MARGIN, 12, MARGIN, 12)
        self.footer.setSpacing(8)
        self.footer.addStretch()
        outer.addWidget(foot)

    def _let_scroll(self) -> None:
        """Put the body into an area that scrolls."""
        outer = self.layout()
        if self._scroll_area is not None or outer is None:
            return
        area = self._scroll_area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QFrame.Shape.NoFrame)
        outer.replaceWidget(self._canvas, area)
        area.setWidget(self._canvas)

    def showEvent(self, event: QShowEvent) -> None:
        """Stay on the screen: where that is smaller than the dialog, its body scrolls."""
        super().showEvent(event)
        self._fit()
        if self.focusWidget() is None and (first := next(tab_stops(self._canvas), None)):
            # Else Qt begins at the button that was made first: Cancel, in many dialogs.
            first.setFocus()
        # By then the desktop has put its frame around the dialog, and perhaps moved it.
        QTimer.singleShot(FRAMED_AFTER_MS, self, self._fit_if_shown)

    def _fit_if_shown(self) -> None:
        if self.isVisible():
            self._fit()

    def event(self, event: QEvent) -> bool:
        """Grow with what is shown later, such as a text that takes more lines."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._fit()
        return done

    def _frame(self) -> QMargins:
        """How much the frame that the desktop draws takes at each side.

        Until the desktop has drawn it, it is taken to be as that of the window below; without
        one, to have a title bar.
        """
        parent = self.parentWidget()
        for window in (self, *([parent.window()] if parent is not None else [])):
            inner, outer = window.geometry(), window.frameGeometry()
            frame = QMargins(
                inner.left() - outer.left(),
                inner.top() - outer.top(),
                outer.right() - inner.right(),
                outer.bottom() - inner.bottom(),
            )
            if frame.top() > 0:
                return frame
        return QMargins(0, self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight), 0, 0)

    def _fit(self) -> None:
        layout = self.layout()
        room = self.screen().availableGeometry().marginsRemoved(self._frame())
        if layout is None:
            return
        self.setMinimumSize(self.minimumSize().boundedTo(room.size()))
        least = layout.totalMinimumSize()
        needed = max(least.height(), layout.totalHeightForWidth(max(self.width(), least.width())))
        if needed > room.height() or least.width() > room.width():
            self._let_scroll()
        wanted = self.size().expandedTo(QSize(0, needed)).boundedTo(room.size())
        if wanted != self.size():
            self.resize(wanted)
        geometry = self.geometry()
        geometry.moveRight(min(geometry.right(), room.right()))
        geometry.moveBottom(min(geometry.bottom(), room.bottom()))
        geometry.moveLeft(max(geometry.left(), room.left()))
        geometry.moveTop(max(geometry.top(), room.top()))
        if geometry.topLeft() != self.geometry().topLeft():
            self.move(self.pos() + geometry.topLeft() - self.geometry().topLeft())

    def be_large(self, width: int, height: int) -> None:
        """Take this size, but stay within the window that the dialog belongs to."""
        parent = self.parentWidget()
        room = parent.window().size() if parent is not None else self.screen().availableSize()
        self.resize(
            min(width, max(room.width() - AWAY, SMALLEST[0])),
            min(height, max(room.height() - AWAY, SMALLEST[1])),
        )

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let Tab go through the dialog as its widgets stand, round and round."""
        return focus_next(self, forward)

    def add_note(self, note: QWidget) -> None:
        """Put something at the left of the buttons."""
        self.footer.insertWidget(0, note, 1)

    def add_button(self, text: str, kind: str = "", default: bool = False) -> QPushButton:
        """Add a button at the right; connect what it does."""
        button = QPushButton(text)
        button.setProperty("kind", kind)
        button.setAutoDefault(False)
        button.setDefault(default)
        self.footer.addWidget(button)
        return button

    def add_cancel(self) -> QPushButton:
        """Add the button that leaves everything as it is."""
        button = self.add_button(_("Cancel"))
        button.clicked.connect(self.reject)
        return button


class TextQuestion(Dialog):
    """Asks for a text, in one line or in several; its main button is off while there is none.

    Attributes:
        line: The field of one line; hidden where several are asked for.
        lines: The field of several lines.

    Signals:
        answered: The text, without blanks around it.
    """

    answered = Signal(str)

    def __init__(
        self,
        theme: Theme,
        title: str,
        *,
        label: str,
        action_text: str,
        explanation: str = "",
        text: str = "",
        several_lines: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            theme: Its look.
            title: The heading.
            label: What the field is called.
            action_text: What the main button says.
            explanation: A sentence above the field.
            text: What stands in the field at first.
            several_lines: Whether Return begins a new line.
            parent: The window.
        """
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self.line, self.lines = QLineEdit(text), QPlainTextEdit(text)
        self._field = self.lines if several_lines else self.line
        if explanation:
            self.body.addWidget(Label(theme, explanation, "base", "muted", wrap=True))
        self.body.addWidget(Label(theme, label))
        for field in (self.line, self.lines):
            field.setAccessibleName(label)
            field.setVisible(field is self._field)
            self.body.addWidget(field)
            field.textChanged.connect(self._refresh)
        self.lines.setTabChangesFocus(True)
        self.lines.setMinimumHeight(140)
        if not several_lines:
            self.body.addStretch()
        self.add_cancel()
        self._answer = self.add_button(action_text, "primary", default=True)
        self._answer.clicked.connect(self._on_answer)
        self._field.setFocus()
        self._field.selectAll()
        self._refresh()

    def text(self) -> str:
        """What is written, without blanks around it."""
        several = self._field is self.lines
        return (self.lines.toPlainText() if several else self.line.text()).strip()

    def _refresh(self) -> None:
        self._answer.setEnabled(bool(self.text()))

    def _on_answer(self) -> None:
        text = self.text()
        self.accept()
        self.answered.emit(text)
