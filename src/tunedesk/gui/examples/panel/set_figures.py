"""The figures of all examples, asked of the project in one go, and the lines that show them."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Bin, Distribution, EstimatedTokens

BARS = 24
_LONG_ROWS = 5
_TAIL = 4  # what is so many times longer than nearly all others counts as very long


class LongRow(NamedTuple):
    """One of the longest examples."""

    id: int
    number: int
    preview: str
    tokens: int


class SetFigures(NamedTuple):
    """What the panel shows of all examples.

    Attributes:
        examples: How many there are.
        tokens: Their length together.
        estimated: What of it is an estimate.
        billed_tokens: The same with each example cut at the limit.
        trained_tokens: What is trained on.
        median: Half have at most so many tokens.
        ninety_five: 95 of 100 have at most so many tokens.
        longest: The longest has so many tokens.
        limit: The most tokens that the target takes of an example.
        over_limit: How many examples are longer.
        median_turns: Half have at most so many messages.
        most_turns: The most messages in an example.
        messages_by_role: How many messages each role has.
        long_rows: The longest examples.
        bars: The histogram of the lengths.
    """

    examples: int
    tokens: int
    estimated: EstimatedTokens
    billed_tokens: int
    trained_tokens: int
    median: int
    ninety_five: int
    longest: int
    limit: int
    over_limit: int
    median_turns: int
    most_turns: int
    messages_by_role: tuple[tuple[str, int], ...]
    long_rows: tuple[LongRow, ...]
    bars: tuple[Bin, ...]


def find_figures(project: Project, limit: int) -> SetFigures:
    """Ask the project for all of it.

    Args:
        project: A handle of the thread that asks.
        limit: The most tokens of an example at the target and base model.
    """
    statistics = project.statistics()
    over = project.totals(ExampleQuery(tokens=(limit + 1, None)))
    tokens = statistics.tokens
    return SetFigures(
        examples=tokens.count,
        tokens=tokens.total,
        estimated=project.estimated_tokens(),
        billed_tokens=tokens.total - (over.tokens - over.count * limit),
        trained_tokens=statistics.trained_tokens.total,
        median=tokens.quantiles.get(0.5, 0),
        ninety_five=tokens.quantiles.get(0.95, 0),
        longest=tokens.high,
        limit=limit,
        over_limit=over.count,
        median_turns=statistics.turns.quantiles.get(0.5, 0),
        most_turns=statistics.turns.high,
        messages_by_role=tuple(statistics.messages_by_role.items()),
        long_rows=tuple(
            LongRow(row.id, row.number, row.preview, row.tokens)
            for row in project.rows(statistics.longest[:_LONG_ROWS])
        ),
        bars=_bars(project, tokens),
    )


def _bars(project: Project, tokens: Distribution) -> tuple[Bin, ...]:
    """The histogram; a few very long examples stand in the last bar instead of flattening all."""
    most = _TAIL * tokens.quantiles.get(0.95, 0)
    if tokens.high <= most:
        return tuple(project.histogram(bins=BARS))
    usual = project.histogram(ExampleQuery(tokens=(None, most)), bins=BARS)
    beyond = tokens.count - sum(bar.examples for bar in usual)
    return (*usual, Bin(usual[-1].high + 1 if usual else 0, tokens.high, beyond))


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
