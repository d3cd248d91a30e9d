"""Paints a run in the list: name, state, how far or how good, the base model and where."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.gui.fine_tune.run_list_model import ROW, RunRow
from tunedesk.gui.fine_tune.run_words import state_words
from tunedesk.gui.theme import Theme

HEIGHT = 62
MARGIN = 14
GAP = 8
PILL = 18


class RunDelegate(QStyledItemDelegate):
    """Paints rows that hold a `RunRow`."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All rows are equally high."""
        return QSize(200, HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        row: RunRow | None = index.data(ROW)
        if row is None:
            return
        theme, rect = self._theme, option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setLayoutDirection(option.direction)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.fillRect(rect, theme.color("selection"))
            bar = QRect(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(self._mirrored(bar, option), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        painter.setPen(theme.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        self._paint_words(painter, rect.adjusted(MARGIN, 9, -MARGIN, -9), row, option)
        painter.restore()

    def _paint_words(
        self, painter: QPainter, rect: QRect, row: RunRow, option: QStyleOptionViewItem
    ) -> None:
        theme = self._theme
        lead = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        small, strong = QFontMetrics(theme.font("small")), QFontMetrics(theme.font("strong"))
        badge_font = QFontMetrics(theme.font("small_strong"))
        line = QRect(rect.left(), rect.top(), rect.width(), 20)
        aside = small.horizontalAdvance(row.aside) + (GAP if row.aside else 0)
        words = state_words(row.run)
        badge = min(badge_font.horizontalAdvance(words.text) + 14, line.width() // 2)
        room = line.width() - aside - badge - GAP
        name = strong.elidedText(row.run.name, Qt.TextElideMode.ElideRight, max(room, 40))
        width = strong.horizontalAdvance(name)
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.color("text"))
        painter.drawText(
            self._mirrored(QRect(line.left(), line.top(), width + 2, 20), option), lead, name
        )
        place = QRect(line.left() + width + GAP, line.top() + 1, badge, PILL)
        self._paint_badge(painter, self._mirrored(place, option), words.text, words.tone)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text_muted"))
        trail = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, trail, row.aside)
        under = QRect(rect.left(), rect.bottom() - 18, rect.width(), 18)
        painter.drawText(
            under, lead, small.elidedText(row.under, Qt.TextElideMode.ElideRight, under.width())
        )

    def _paint_badge(self, painter: QPainter, rect: QRect, text: str, tone: str) -> None:
        theme = self._theme
        ground = "muted_soft" if tone == "muted" else f"{tone}_soft"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(rect, PILL / 2, PILL / 2)
        painter.setFont(theme.font("small_strong"))
        painter.setPen(theme.color("text_muted" if tone == "muted" else tone))
        shown = QFontMetrics(painter.font()).elidedText(
            text, Qt.TextElideMode.ElideRight, rect.width() - 10
        )
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)

    def _mirrored(self, rect: QRect, option: QStyleOptionViewItem) -> QRect:
        return QStyle.visualRect(option.direction, option.rect, rect)
