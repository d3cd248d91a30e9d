"""A small word that can be pressed: it shows that it can once the pointer or the focus is on it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from tunedesk.gui.theme import Theme

ARROW = 9
GAP = 4


class QuietButton(QAbstractButton):
    """A word in a colour of the theme, with a small arrow while it is pointed at."""

    def __init__(
        self, theme: Theme, font: QFont, color: str = "text_muted", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._color = color
        self._font = font
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_word(self, word: str, color: str) -> None:
        """Show a word; it is the accessible name too."""
        if word != self.text():
            self.setText(word)
            self.setAccessibleName(word)
            self.updateGeometry()
        if color != self._color:
            self._color = color
            self.update()

    def sizeHint(self) -> QSize:
        """The word and its arrow."""
        width = QFontMetrics(self._font).horizontalAdvance(self.text())
        return QSize(width + GAP + ARROW + 2, 20)

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        return QSize(min(self.sizeHint().width(), 60), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the word; the arrow comes with the pointer or the focus."""
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(self._theme.color(self._color))
        room = self.rect().adjusted(0, 0, -(ARROW + GAP), 0)
        shown = QFontMetrics(self._font).elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width() + 2
        )
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room.adjusted(0, 0, 4, 0), flags, shown)
        if self.isEnabled() and (self.underMouse() or self.hasFocus()):
            box = self.rect().adjusted(self.width() - ARROW - 1, 0, -1, 0)
            self._theme.icons.paint(painter, box, "expand", self._color)
