"""A label that ends in three dots where its text does not fit."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip


class ElidedLabel(Label):
    """One line of plain text, shortened to the room there is; the tooltip then has the whole."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        font: str = "base",
        tone: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, text, font, tone, parent=parent)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self._tell()

    def minimumSizeHint(self) -> QSize:
        """The least room it can do with."""
        return QSize(self.fontMetrics().horizontalAdvance("…") * 2, super().sizeHint().height())

    def shown_text(self) -> str:
        """The text as it stands on the screen."""
        line = " ".join(self.text().split())
        return self.fontMetrics().elidedText(line, self._mode, self.contentsRect().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit what is shown to the new size."""
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown_text())

    def _tell(self) -> None:
        shortened = hasattr(self, "_mode") and self.shown_text() != self.text()
        self.setToolTip(plain_tooltip(self.text()) if shortened else "")
