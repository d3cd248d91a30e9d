"""The legend of the chart: which line is what."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunedesk.fine_tuning.charted_run import ChartedRun, Line, Part
from tunedesk.fine_tuning.curves import NO_POINTS
from tunedesk.gui.fine_tune.chart.series_style import line_pen
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout, clear_layout
from tunedesk.i18n import _

SWATCH = 20
GAP = 6
LONGEST_NAME = 180


class Entry(NamedTuple):
    """One line of the legend.

    Attributes:
        text: What it is called.
        pen: How it is drawn.
        upright: Whether it stands from top to bottom, as the mark of a checkpoint does.
        explained: What it is, for those who do not know the word.
    """

    text: str
    pen: QPen
    upright: bool = False
    explained: str = ""


def entries(theme: Theme, runs: Sequence[ChartedRun]) -> list[Entry]:
    """What the legend says of these runs."""

    def pen(number: int, part: Part) -> QPen:
        return line_pen(theme, Line(number, part, "strong", NO_POINTS), len(runs))

    training = _("How far the model is from the answers it is trained on; lower is better.")
    validation = _("The same for examples that were held back: whether it learns more than these.")
    held_back = any(
        len(run.curves.points(name)) for run in runs for name in ("valid_loss", "full_valid_loss")
    )
    if len(runs) == 1:
        found = [Entry(_("training"), pen(0, "training"), explained=training)]
        if held_back:
            found.append(Entry(_("validation"), pen(0, "validation"), explained=validation))
        if runs[0].checkpoints:
            dots = QPen(theme.color("text_muted"), 1.2, Qt.PenStyle.DotLine)
            word = _("The model as it was at that step, which can be used too.")
            found.append(Entry(_("checkpoint"), dots, upright=True, explained=word))
        return found
    found = [Entry(run.name, pen(number, "training")) for number, run in enumerate(runs)]
    if held_back:
        broken = pen(0, "validation")
        broken.setColor(theme.color("text_muted"))
        found.append(Entry(_("validation"), broken, explained=validation))
    return found


class Legend(QWidget):
    """Entries in a row, or in several where there is no room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._runs: Sequence[ChartedRun] = ()
        self._shown: list[Entry] = []
        self._row = FlowLayout(spacing=12)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._row)
        theme.changed.connect(self._draw)

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
        found = entries(self._theme, self._runs) if self._runs else []
        if found == self._shown:
            return
        self._shown = found
        clear_layout(self._row)
        for entry in found:
            self._row.addWidget(_LegendEntry(self._theme, entry, self))
        self.updateGeometry()


class _LegendEntry(QWidget):
    """A piece of the line, and its name."""

    def __init__(self, theme: Theme, entry: Entry, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entry = entry
        self.setFont(theme.font("small"))
        self.setAccessibleName(entry.text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        whole = entry.explained or (entry.text if self._words() != entry.text else "")
        self.setToolTip(plain_tooltip(whole))

    def _words(self) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(self._entry.text, Qt.TextElideMode.ElideRight, LONGEST_NAME)

    def _swatch(self) -> int:
        return 8 if self._entry.upright else SWATCH

    def sizeHint(self) -> QSize:
        """Room for both."""
        width = QFontMetrics(self.font()).horizontalAdvance(self._words())
        return QSize(self._swatch() + GAP + width + 2, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._entry.pen)
        middle, wide = self.height() / 2, self._swatch()
        if self._entry.upright:
            painter.drawLine(QPointF(wide / 2, 2), QPointF(wide / 2, self.height() - 2))
        else:
            painter.drawLine(QPointF(0, middle), QPointF(wide, middle))
        painter.setPen(self._theme.color("text_muted"))
        box = self.rect().adjusted(wide + GAP, 0, 0, 0)
        painter.drawText(
            box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._words()
        )
