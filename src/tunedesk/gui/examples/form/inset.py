"""A softly framed area inside a card: a field, or fields that belong together."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme


class Inset(QWidget):
    """Paints a round frame and a ground around what its `body` holds."""

    def __init__(
        self,
        theme: Theme,
        ground: str = "window",
        frame: str = "border",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._ground = ground
        self._frame = frame
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(9, 6, 9, 6)
        self.body.setSpacing(6)
        theme.changed.connect(self.update)

    def set_frame(self, frame: str) -> None:
        """Change the colour of the frame."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(self._frame), 1))
        painter.setBrush(self._theme.color(self._ground))
        radius = self._theme.size("radius")
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
