"""Paints one event of the log: its time, and its sentence over as many lines as it needs."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.gui.examples.panel.problem_delegate import wrapped
from tunedesk.gui.fine_tune.events_model import EVENT, time_words
from tunedesk.gui.theme import Theme
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
        height = wrapped(event.message, self._theme.font(), width - self._left(event) - 2)[1]
        return QSize(width, height + 2 * PADDING)

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
        painter.setPen(theme.color(_COLORS.get(event.level, "text")))
        layout = wrapped(event.message, theme.font(), rect.width() - left - 2)[0]
        layout.draw(painter, QPointF(rect.left() + left, rect.top() + PADDING))
        painter.restore()

    def _left(self, event: RunEvent) -> int:
        metrics = QFontMetrics(self._theme.font())
        least = metrics.horizontalAdvance("00:00:00")
        return max(least, metrics.horizontalAdvance(time_words(event.time))) + GAP
