"""Figures with their names, a line each: "Trained on ......... 74"."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label, plain_tooltip


def figure_text(number: int, estimated: bool) -> str:
    """A figure as it is shown; an estimate says that it is one."""
    return f"≈ {number:,}" if estimated else f"{number:,}"


class FactLine(NamedTuple):
    """One figure.

    Attributes:
        name: What it is.
        value: The figure as text.
        strong: Whether it is one of those looked for first.
        tone: "", "muted", "warning" or "error".
        indent: Whether it is a part of the figure above.
        tooltip: More about it.
    """

    name: str
    value: str
    strong: bool = False
    tone: str = ""
    indent: bool = False
    tooltip: str = ""


class FactLines(QWidget):
    """Names at the left, figures in a column at the right."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: list[FactLine] = []
        self._labels: list[tuple[Label, Label]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)

    def lines(self) -> list[FactLine]:
        """What is shown."""
        return list(self._lines)

    def set_lines(self, lines: Sequence[FactLine]) -> None:
        """Show these figures; labels are kept and only their texts change."""
        if list(lines) == self._lines:
            return
        self._lines = list(lines)
        while len(self._labels) < len(lines):
            pair = (Label(self._theme, wrap=True), Label(self._theme))
            pair[1].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            row = len(self._labels)
            self._grid.addWidget(pair[0], row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(
                pair[1], row, 1, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
            )
            self._labels.append(pair)
        for number, (name, value) in enumerate(self._labels):
            shown = number < len(lines)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                self._fill(name, value, lines[number])

    def _fill(self, name: Label, value: Label, line: FactLine) -> None:
        name.setText(line.name)
        name.setContentsMargins(12 if line.indent else 0, 0, 0, 0)
        name.set_tone("muted")
        value.setText(line.value)
        value.set_tone(line.tone)
        value.setFont(self._theme.font("strong" if line.strong else "base"))
        value.setAccessibleName(f"{line.name}: {line.value}")
        for label in (name, value):
            label.setToolTip(plain_tooltip(line.tooltip) if line.tooltip else "")
