"""One problem of a message in words, below what it is about."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from tunedesk.gui.examples.form.problem_notes import Note
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label

ICON = 14


class NoteLine(QWidget):
    """An icon of the severity and a sentence."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._severity = ""
        self._icon = QLabel()
        self._icon.setFixedWidth(ICON)
        self._words = Label(theme, font="small", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        theme.changed.connect(self._draw_icon)

    def show_note(self, note: Note) -> None:
        """Show a problem."""
        self._words.setText(note.words)
        self._words.set_tone({"error": "error", "warning": "warning"}.get(note.severity, "muted"))
        if note.severity != self._severity:
            self._severity = note.severity
            self._draw_icon()

    def _draw_icon(self) -> None:
        name = self._severity if self._severity in ("error", "warning") else "hint"
        color = name if name != "hint" else "text_muted"
        self._icon.setPixmap(self._theme.icons.pixmap(name, ICON, color, self.devicePixelRatioF()))
