"""The line at the bottom: how many, how long, how much, what runs, and that all is saved."""

from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from tunedesk.gui.running_work import RunningWork
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

MARGIN, GAP = 14, 18


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
    """Figures at the left; work under way, progress and the state of saving at the right.

    Attributes:
        running_work: The long work that goes on, with its list.
    """

    def __init__(self, theme: Theme, progress_line: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: list[StatusPart] = []
        self._labels: list[tuple[Label, Label]] = []
        self.setProperty("surface", "status")
        self.setFixedHeight(theme.size("status"))
        self.setAccessibleName(_("Status"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.setSpacing(GAP)
        self._left = QHBoxLayout()
        self._left.setSpacing(GAP)
        layout.addLayout(self._left)
        layout.addStretch()
        self._progress_line = progress_line
        self.running_work = RunningWork(theme)
        for widget in (self.running_work, progress_line):
            widget.installEventFilter(self)
            layout.addWidget(widget)
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
        self._fit()

    def show_saved(self, text: str, tone: str = "muted") -> None:
        """Say at the right how it stands with saving."""
        self._saved.setText(text)
        self._saved.set_tone(tone)

    def text(self) -> str:
        """All that the line says, as one text."""
        words = [f"{part.figure} {part.words}".strip() for part in self._parts]
        return " · ".join([*words, self._saved.text()])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many figures as the new width has room for."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make room for the progress when it comes or says more."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize):
            self._fit()
        return False

    def _fit(self) -> None:
        """Leave out the last figures rather than cut any."""
        room = self.width() - 2 * MARGIN - self._saved.sizeHint().width() - GAP
        for widget in (self.running_work, self._progress_line):
            if not widget.isHidden():
                room -= widget.sizeHint().width() + GAP
        for index, (figure, words) in enumerate(self._labels):
            shown = index < len(self._parts)
            with_figure = shown and bool(self._parts[index].figure)
            if shown:
                room -= words.sizeHint().width() + GAP
                room -= figure.sizeHint().width() + 4 if with_figure else 0
            figure.setVisible(with_figure and room >= 0)
            words.setVisible(shown and room >= 0)

    def _add_labels(self) -> None:
        pair = QHBoxLayout()
        pair.setSpacing(4)
        figure = Label(self._theme, "", "small_strong")
        words = Label(self._theme, "", "small", "muted")
        pair.addWidget(figure)
        pair.addWidget(words)
        self._left.addLayout(pair)
        self._labels.append((figure, words))
