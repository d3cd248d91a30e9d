"""The line at the bottom: how many, how long, how much, what runs, and that all is saved."""

from typing import NamedTuple

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _


class StatusPart(NamedTuple):
    """One figure of the status line with its words.

    Attributes:
        figure: Set in bold, such as "128"; may be empty.
        words: What it counts, such as "examples".
        tone: Tone of the figure: "", "error", "warning" ...
    """

    figure: str
    words: str
    tone: str = ""


class StatusLine(QFrame):
    """Figures at the left; progress and the state of saving at the right."""

    def __init__(self, theme: Theme, progress_line: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: list[StatusPart] = []
        self._labels: list[tuple[Label, Label]] = []
        self.setProperty("surface", "status")
        self.setFixedHeight(theme.size("status"))
        self.setAccessibleName(_("Status"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(18)
        self._left = QHBoxLayout()
        self._left.setSpacing(18)
        layout.addLayout(self._left)
        layout.addStretch()
        layout.addWidget(progress_line)
        self._saved = Label(theme, "", "small", "muted")
        layout.addWidget(self._saved)

    def show_parts(self, parts: list[StatusPart]) -> None:
        """Show these figures."""
        if parts == self._parts:
            return
        self._parts = list(parts)
        while len(self._labels) < len(parts):
            self._add_labels()
        for index, (figure, words) in enumerate(self._labels):
            shown = index < len(parts)
            part = parts[index] if shown else StatusPart("", "")
            figure.setText(part.figure)
            figure.set_tone(part.tone)
            words.setText(part.words)
            words.set_tone(part.tone or "muted")
            figure.setVisible(shown and bool(part.figure))
            words.setVisible(shown)

    def show_saved(self, text: str, tone: str = "muted") -> None:
        """Say at the right how it stands with saving."""
        self._saved.setText(text)
        self._saved.set_tone(tone)

    def text(self) -> str:
        """All that the line says, as one text."""
        words = [f"{part.figure} {part.words}".strip() for part in self._parts]
        return " · ".join([*words, self._saved.text()])

    def _add_labels(self) -> None:
        pair = QHBoxLayout()
        pair.setSpacing(4)
        figure = Label(self._theme, "", "small_strong")
        words = Label(self._theme, "", "small", "muted")
        pair.addWidget(figure)
        pair.addWidget(words)
        self._left.addLayout(pair)
        self._labels.append((figure, words))
