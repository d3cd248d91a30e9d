"""How the lines of a chart look, and the legend that says which is what."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunedesk.fine_tuning.chart_style import (
    PALE,
    PALE_SHARE,
    STRONG,
    VALIDATION_DASHES,
    LegendEntry,
    color_name,
    legend,
)
from tunedesk.fine_tuning.charted_run import ChartedRun, Line
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout, clear_layout

SYMBOLS = ("o", "s", "t", "d", "t1", "star")


def line_color(theme: Theme, line: Line, runs: int) -> QColor:
    """The colour of a line among so many runs."""
    return theme.color(color_name(line, runs))


def line_pen(theme: Theme, line: Line, runs: int) -> QPen:
    """The pen of a line: pale or strong."""
    color = line_color(theme, line, runs)
    if line.look == "raw":
        # Mixed with the ground, not transparent: thousands of lines over each other stay pale.
        color = _mixed(color, theme.color("surface"), PALE_SHARE)
        pen = QPen(color, PALE)
        pen.setCosmetic(True)
        return pen
    return strong_pen(color, broken=line.part == "validation")


def strong_pen(color: QColor, *, broken: bool) -> QPen:
    """The pen of a strong line: whole for training, broken for validation."""
    pen = QPen(color, STRONG)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if broken:
        pen.setDashPattern(list(VALIDATION_DASHES))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _mixed(color: QColor, ground: QColor, share: float) -> QColor:
    def part(one: int, other: int) -> int:
        return round(one * share + other * (1 - share))

    return QColor(
        part(color.red(), ground.red()),
        part(color.green(), ground.green()),
        part(color.blue(), ground.blue()),
    )


def symbol(line: Line) -> str:
    """The mark at the points of a run."""
    return SYMBOLS[line.run % len(SYMBOLS)]


SWATCH = 20
GAP = 6
MARK_WIDTH = 1.2
LONGEST_NAME = 340


def entry_pen(theme: Theme, entry: LegendEntry) -> QPen:
    """The pen of the piece of line before an entry."""
    color = theme.color(entry.color)
    if entry.look == "mark":
        return QPen(color, MARK_WIDTH, Qt.PenStyle.DotLine)
    return strong_pen(color, broken=entry.look == "dashes")


class Legend(QWidget):
    """Entries in a row, or in several where there is no room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._runs: Sequence[ChartedRun] = ()
        self._shown: list[LegendEntry] = []
        self._row = FlowLayout(spacing=12)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._row)

    def show_runs(self, runs: Sequence[ChartedRun]) -> None:
        """Say which lines these runs have."""
        self._runs = runs
        self._draw()

    def line_width(self) -> int:
        """The room that all entries need beside each other, in pixels."""
        widths = [
            item.sizeHint().width()
            for index in range(self._row.count())
            if (item := self._row.itemAt(index)) is not None
        ]
        return sum(widths) + self._row.spacing() * len(widths)

    def texts(self) -> list[str]:
        """What the entries are called."""
        return [entry.text for entry in self._shown]

    def _draw(self) -> None:
        found = legend(self._runs)
        if found == self._shown:
            return
        self._shown = found
        clear_layout(self._row)
        for entry in found:
            self._row.addWidget(_LegendEntry(self._theme, entry, self))
        self.updateGeometry()


class _LegendEntry(QWidget):
    """A piece of the line, and its name."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, entry: LegendEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entry = entry
        self.setFont(theme.font("small"))
        self.setAccessibleName(entry.text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        whole = entry.explanation or (entry.text if self._words() != entry.text else "")
        self.setToolTip(plain_tooltip(whole))
        theme.changed.connect(self.update)

    def _words(self) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(self._entry.text, Qt.TextElideMode.ElideRight, LONGEST_NAME)

    def _swatch(self) -> int:
        return 8 if self._entry.look == "mark" else SWATCH

    def sizeHint(self) -> QSize:
        """Room for both."""
        width = QFontMetrics(self.font()).horizontalAdvance(self._words())
        return QSize(self._swatch() + GAP + width + 2, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(entry_pen(self._theme, self._entry))
        middle, wide = self.height() / 2, self._swatch()
        if self._entry.look == "mark":
            painter.drawLine(QPointF(wide / 2, 2), QPointF(wide / 2, self.height() - 2))
        else:
            painter.drawLine(QPointF(0, middle), QPointF(wide, middle))
        painter.setPen(self._theme.color("text_muted"))
        box = self.rect().adjusted(wide + GAP, 0, 0, 0)
        painter.drawText(
            box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._words()
        )
