"""How the runs of a chart are told apart: by colour, by the kind of line, and by the mark."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from tunedesk.fine_tuning.chart_style import DASHES, PALE, PALE_SHARE, STRONG, color_name
from tunedesk.fine_tuning.charted_run import Line
from tunedesk.gui.theme import Theme

SYMBOLS = ("o", "s", "t", "d", "t1", "star")


def line_color(theme: Theme, line: Line, runs: int) -> QColor:
    """The colour of a line among so many runs."""
    return theme.color(color_name(line, runs))


def line_pen(theme: Theme, line: Line, runs: int) -> QPen:
    """The pen of a line: pale, strong, or none for points that stand alone."""
    color = line_color(theme, line, runs)
    if line.look == "dots":
        return QPen(Qt.PenStyle.NoPen)
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
        pen.setDashPattern(list(DASHES))
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
