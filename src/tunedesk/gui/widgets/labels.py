"""Labels and tooltips, which show every text as it is: Qt would take some texts for markup."""

from html import escape

from PySide6 import QtGui
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tunedesk.gui.theme import Theme, restyle


class Label(QLabel):
    """Plain text in one font of the type scale and one tone ("", "muted", "error" ...)."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        font: str = "base",
        tone: str = "",
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setFont(theme.font(font))
        self.setWordWrap(wrap)
        self.setProperty("tone", tone)

    def set_tone(self, tone: str) -> None:
        """Change the colour of the text."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            restyle(self)


def plain_tooltip(text: str) -> str:
    """The text as a tooltip that shows it letter by letter.

    Qt guesses whether a tooltip is rich text; only a text that it would guess so is escaped, the
    others stay as they are.
    """
    if not QtGui.Qt.mightBeRichText(text):
        return text
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>'


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
        if text != self.text():
            super().setText(text)
            self._update_tooltip()

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
        self._update_tooltip()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown_text())

    def _update_tooltip(self) -> None:
        shortened = hasattr(self, "_mode") and self.shown_text() != self.text()
        self.setToolTip(plain_tooltip(self.text()) if shortened else "")


class SectionTitle(Label):
    """A muted heading in small capitals; its text, and so its name, keeps its own case."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, text, "small_strong", "muted", parent=parent)
        font = self.font()
        font.setCapitalization(QFont.Capitalization.AllUppercase)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.4)
        self.setFont(font)


class Badge(QLabel):
    """A word on a soft ground, in the tone "muted", "accent", "success", "warning" or "error"."""

    def __init__(
        self, theme: Theme, text: str = "", tone: str = "muted", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font("small_strong"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setProperty("tone", tone)

    def show_text(self, text: str, tone: str) -> None:
        """Change the word and its tone."""
        self.setText(text)
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            restyle(self)


class KeyHint(QLabel):
    """A key in small letters within a frame."""

    def __init__(self, theme: Theme, key: str, parent: QWidget | None = None) -> None:
        super().__init__(key, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font("small"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
