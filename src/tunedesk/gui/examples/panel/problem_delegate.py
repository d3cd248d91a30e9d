"""Paints one problem in a list: severity as word and shape, title, sentence, and its number."""

from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.gui.examples.panel.problem_rows import ProblemRow, severity_name
from tunedesk.gui.examples.panel.row_list_model import ROW, paint_background, wrapped
from tunedesk.gui.theme import Theme

MARGIN = 14
_PADDING = 12
_GAP = 4
_BADGE_HEIGHT = 18
_SHAPE = 12
_MOST_HEIGHTS = 20_000
_SEVERITY_COLORS = {"error": "error", "warning": "warning", "hint": "accent"}


class _Places(NamedTuple):
    """Where the parts of a row stand in it, and how high it is."""

    badge: QRect
    number: QRect
    title: QRect
    sentence: QRect
    advice: QRect
    height: int


class ProblemDelegate(QStyledItemDelegate):
    """Paints rows that hold a `ProblemRow`.

    Attributes:
        chosen_row: The row that also shows its advice and leaves room for its buttons; -1: none.
        buttons_height: That room, in pixels.
    """

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chosen_row = -1
        self.buttons_height = 0
        self._heights: dict[tuple[str, str, str, int, int], int] = {}

    def height(self, row: ProblemRow, width: int, chosen: bool) -> int:
        """How high a row is at a width."""
        if chosen:
            return self._layout(row, width, chosen).height
        key = (row.severity, row.title, row.sentence, row.count, width)
        height = self._heights.get(key)
        if height is None:
            if len(self._heights) > _MOST_HEIGHTS:
                self._heights.clear()
            height = self._heights[key] = self._layout(row, width, chosen).height
        return height

    def forget_heights(self) -> None:
        """The fonts are others now."""
        self._heights.clear()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As wide as the list, as high as the texts need."""
        view = option.widget
        width = view.viewport().width() if hasattr(view, "viewport") else option.rect.width()
        chosen = index.row() == self.chosen_row
        return QSize(width, self.height(index.data(ROW), width, chosen))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        row: ProblemRow = index.data(ROW)
        theme, rect = self._theme, option.rect
        chosen = index.row() == self.chosen_row
        places = self._layout(row, rect.width(), chosen)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_background(painter, option, theme, chosen)
        painter.setPen(theme.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.translate(rect.topLeft())
        self._paint_badge(painter, places.badge, row.severity)
        if row.count:
            painter.setFont(theme.font("strong"))
            painter.setPen(theme.color("text"))
            painter.drawText(places.number, int(Qt.AlignmentFlag.AlignRight), f"{row.count:,}")
        for area, text, font, color in (
            (places.title, row.title, "strong", "text"),
            (places.sentence, row.sentence, "base", "text_muted"),
            (places.advice, row.advice, "base", "text"),
        ):
            if not area.isEmpty():
                painter.setPen(theme.color(color))
                layout = wrapped(text, theme.font(font), area.width())[0]
                layout.draw(painter, QPointF(area.topLeft()))
        painter.restore()

    def _layout(self, row: ProblemRow, width: int, chosen: bool) -> _Places:
        inner = width - 2 * MARGIN
        badge = QRect(MARGIN, _PADDING, self._badge_width(row.severity), _BADGE_HEIGHT)
        strong = QFontMetrics(self._theme.font("strong"))
        number = strong.horizontalAdvance(f"{row.count:,}") + 4 if row.count else 0
        count = QRect(width - MARGIN - number, _PADDING, number, _BADGE_HEIGHT)
        beside = count.left() - badge.right() - 2 * _GAP - 4
        y = badge.bottom() + 1
        if strong.horizontalAdvance(row.title) <= beside:
            title = QRect(badge.right() + 2 * _GAP, _PADDING, beside, _BADGE_HEIGHT)
        else:
            title = self._text_area(row.title, "strong", y + _GAP, inner)
            y = title.bottom() + 1
        sentence = self._text_area(row.sentence, "base", y + _GAP, inner)
        y = sentence.bottom() + 1 if not sentence.isEmpty() else y
        advice = QRect()
        if chosen and row.advice:
            advice = self._text_area(row.advice, "base", y + _GAP + 2, inner)
            y = advice.bottom() + 1
        if chosen and self.buttons_height:
            y += self.buttons_height
        return _Places(badge, count, title, sentence, advice, y + _PADDING)

    def _text_area(self, text: str, font: str, top: int, width: int) -> QRect:
        if not text:
            return QRect()
        return QRect(MARGIN, top, width, wrapped(text, self._theme.font(font), width)[1])

    def _badge_width(self, severity: str) -> int:
        metrics = QFontMetrics(self._theme.font("small_strong"))
        return metrics.horizontalAdvance(severity_name(severity)) + _SHAPE + 18

    def _paint_badge(self, painter: QPainter, rect: QRect, severity: str) -> None:
        name = _SEVERITY_COLORS.get(severity, "text_muted")
        color = self._theme.color(name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(f"{name}_soft" if name != "text_muted" else "hover"))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        if severity in _SEVERITY_COLORS:
            place = QRect(rect.left() + 6, rect.center().y() - _SHAPE // 2 + 1, _SHAPE, _SHAPE)
            self._theme.icons.paint(painter, place, severity, color)
        painter.setFont(self._theme.font("small_strong"))
        painter.setPen(color)
        painter.drawText(
            rect.adjusted(_SHAPE + 10, 0, 0, 0),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
            severity_name(severity),
        )
