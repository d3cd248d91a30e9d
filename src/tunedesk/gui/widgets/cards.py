"""Surfaces: a framed card that groups what belongs together, and what an empty page says."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme, restyle
from tunedesk.gui.widgets.labels import Label


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


ICON = 36


class EmptyState(QWidget):
    """A calm middle for a page or panel that has nothing to show."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        title: str,
        text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = icon
        self._picture = QLabel()
        self._title = Label(theme, title, "title", wrap=True)
        self._text = Label(theme, text, "base", "muted", wrap=True)
        self._text.setVisible(bool(text))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch()
        self._buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addStretch()
        for label in (self._picture, self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        layout.addSpacing(6)
        layout.addLayout(self._buttons)
        layout.addStretch()
        self._picture.setAccessibleName(title)
        theme.changed.connect(self._draw)
        self._draw()

    def add_button(self, button: QWidget) -> None:
        """Offer a next step below the text."""
        self._buttons.insertWidget(self._buttons.count() - 1, button)

    def show_text(self, icon: str, title: str, text: str = "") -> None:
        """Say something else."""
        self._title.setText(title)
        self._picture.setAccessibleName(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        if icon != self._icon_name:
            self._icon_name = icon
            self._draw()

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(
            self._theme.icons.pixmap(self._icon_name, ICON, "text_muted", ratio)
        )
