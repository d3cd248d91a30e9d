"""Paints one event of the log: its time, what it says, and before that what an error means."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QTextLayout
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.gui.fine_tune.events_model import EVENT, PLAIN, time_words
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.row_list import wrapped
from tunedesk.project.run_records import RunEvent

PADDING = 5
GAP = 14
_COLORS = {"error": "error", "warn": "warning"}


class EventDelegate(QStyledItemDelegate):
    """Paints rows that hold a `RunEvent`."""

    def __init__(self, theme: Theme, view: QListView, parent: QObject | None = None) -> None:
        super().__init__(parent or view)
        self._theme = theme
        self._view = view

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As wide as the list, as high as the sentence needs."""
        event: RunEvent = index.data(EVENT)
        width = self._view.viewport().width()
        parts = self._parts(index, width - self._left(event) - 2)
        return QSize(width, sum(height for _color, _layout, height in parts) + 2 * PADDING)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        event: RunEvent = index.data(EVENT)
        theme, rect = self._theme, option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selection"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        left = self._left(event)
        painter.setFont(theme.font())
        painter.setPen(theme.color("text_muted"))
        line = QRect(rect.left() + 2, rect.top() + PADDING, left, rect.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, time_words(event.time))
        top = rect.top() + PADDING
        for color, layout, height in self._parts(index, rect.width() - left - 2):
            painter.setPen(theme.color(color))
            layout.draw(painter, QPointF(rect.left() + left, top))
            top += height
        painter.restore()

    def _parts(
        self, index: QModelIndex | QPersistentModelIndex, width: int
    ) -> list[tuple[str, QTextLayout, int]]:
        """The color, the lines and their height of what it means, and of what was said."""
        event: RunEvent = index.data(EVENT)
        plain: str = index.data(PLAIN)
        color = _COLORS.get(event.level, "text")
        texts = (
            [(color, plain), ("text_muted", event.message)] if plain else [(color, event.message)]
        )
        return [(color, *wrapped(text, self._theme.font(), width)) for color, text in texts]

    def _left(self, event: RunEvent) -> int:
        metrics = QFontMetrics(self._theme.font())
        least = metrics.horizontalAdvance("00:00:00")
        return max(least, metrics.horizontalAdvance(time_words(event.time))) + GAP
