"""The small heading above a group of lines."""

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label


class SectionTitle(Label):
    """A muted heading in small capitals; its text, and so its name, keeps its own case."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, text, "small_strong", "muted", parent=parent)
        font = self.font()
        font.setCapitalization(QFont.Capitalization.AllUppercase)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.4)
        self.setFont(font)
