"""A label that shows its text as it is, in a font and tone of the theme."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

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
