"""A small coloured word: a state, a severity, a number."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tunedesk.gui.theme import Theme, restyle


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
