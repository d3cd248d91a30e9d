"""The field that searches all messages: it waits until a word is typed before it asks."""

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.i18n import _

DEBOUNCE_MS = 180
LONGEST = 500


class SearchField(QLineEdit):
    """Type to search; Return and Down go on to the rows, Esc empties the field, then leaves it.

    Signals:
        search_changed: Search for this; empty for nothing.
        left: Go to the rows; True asks for the first of them.
    """

    search_changed = Signal(str)
    left = Signal(bool)

    def __init__(self, theme: Theme, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._action = action
        self._told = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._tell)
        self.setMaxLength(LONGEST)
        self.setPlaceholderText(_("Search all messages"))
        self.setAccessibleName(_("Search"))
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(180)
        self.setMaximumWidth(300)
        icon = self.addAction(
            theme.icons.icon("search", "text_muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        icon.setEnabled(True)
        self.setToolTip(action.toolTip())
        action.changed.connect(self._take_action)
        self.textEdited.connect(lambda _text: self._timer.start())
        self.textChanged.connect(self._take_text)

    def show_search(self, search: str) -> None:
        """Show a search that somebody else made, without searching again."""
        self._timer.stop()
        self._told = search
        if self.text().strip() != search:
            self.setText(search)

    def _take_action(self) -> None:
        self.setToolTip(self._action.toolTip())
        self.update()

    def _take_text(self, text: str) -> None:
        # The clear button empties the field without an edit by hand.
        if not text and self._told:
            self._tell()

    def _tell(self) -> None:
        self._timer.stop()
        search = self.text().strip()
        if search != self._told:
            self._told = search
            self.search_changed.emit(search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the field for the rows, or empty it."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if not event.modifiers():
                self._tell()
                self.left.emit(True)
            case Qt.Key.Key_Down if not event.modifiers():
                self._tell()
                self.left.emit(True)
            case Qt.Key.Key_Escape:
                if self.text():
                    self.clear()
                    self._tell()
                else:
                    self.left.emit(False)
            case _:
                super().keyPressEvent(event)

    def _least_with_key(self, key: str) -> int:
        """The width from which the key does not stand on the words."""
        words = self.fontMetrics().horizontalAdvance(self.placeholderText())
        return words + self.fontMetrics().horizontalAdvance(key) + 76

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the key that leads here, as long as the field is empty."""
        super().paintEvent(event)
        key = self._action.shortcut().toString(self._action.shortcut().SequenceFormat.NativeText)
        if self.text() or not key or self.hasFocus() or self.width() < self._least_with_key(key):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("small"))
        width = painter.fontMetrics().horizontalAdvance(key) + 12
        box = QRect(self.width() - width - 7, (self.height() - 18) // 2, width, 18)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            box.moveLeft(7)
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.color("text_muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
        painter.end()
