"""A framed surface with round corners that groups what belongs together."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from tunedesk.gui.theme import restyle


class Card(QFrame):
    """A surface with a frame in the tone "", "accent", "warning", "error" or "soft" (no white)."""

    def __init__(self, tone: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("tone", tone)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(13, 10, 13, 12)
        self.body.setSpacing(6)

    def set_tone(self, tone: str) -> None:
        """Change the colour of the frame."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            restyle(self)
