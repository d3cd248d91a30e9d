"""Moving a message by dragging the head of its card."""

from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtWidgets import QFrame

from tunedesk.gui.examples.form.message_list import MessageList
from tunedesk.gui.theme import Theme

EDGE = 40
"""Nearer than this to the upper or lower edge the list scrolls by itself."""
STEP = 14


class CardDrag(QObject):
    """Shows where a dragged message would go, scrolls at the edges and tells where it went.

    Signals:
        moved: The index of the message and the index that it is to have.
    """

    moved = Signal(int, int)

    def __init__(self, cards: MessageList, theme: Theme) -> None:
        super().__init__(cards)
        self._cards = cards
        self._theme = theme
        self._index: int | None = None
        self._place = QPoint()
        self._line = QFrame(cards.viewport())
        self._line.setFixedHeight(3)
        self._line.hide()
        self._scroll = QTimer(self)
        self._scroll.setInterval(16)
        self._scroll.timeout.connect(self._scroll_on)

    def drag(self, index: int, place: QPoint) -> None:
        """The message is dragged to a place on the screen."""
        self._index = index
        self._place = place
        inside = self._cards.viewport().mapFromGlobal(place)
        gap = self._cards.gap_before(self._cards.index_at(inside))
        palette = self._line.palette()
        palette.setColor(self._line.backgroundRole(), self._theme.color("accent"))
        self._line.setPalette(palette)
        self._line.setAutoFillBackground(True)
        self._line.setFixedWidth(self._cards.viewport().width() - 36)
        self._line.move(18, gap - 1)
        self._line.show()
        self._line.raise_()
        near = not EDGE < inside.y() < self._cards.viewport().height() - EDGE
        if near and not self._scroll.isActive():
            self._scroll.start()
        elif not near:
            self._scroll.stop()

    def drop(self, place: QPoint) -> None:
        """The dragging ended there."""
        self._scroll.stop()
        self._line.hide()
        index, self._index = self._index, None
        if index is None:
            return
        gap = self._cards.index_at(self._cards.viewport().mapFromGlobal(place))
        to = gap - 1 if gap > index else gap
        if to != index:
            self.moved.emit(index, to)

    def _scroll_on(self) -> None:
        if self._index is None:
            self._scroll.stop()
            return
        inside = self._cards.viewport().mapFromGlobal(self._place)
        bar = self._cards.verticalScrollBar()
        bar.setValue(bar.value() + (-STEP if inside.y() <= EDGE else STEP))
        self.drag(self._index, self._place)
