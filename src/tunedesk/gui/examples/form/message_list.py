"""The scrolling column of message cards, of which only those near the screen exist, and dragging.

A conversation of hundreds of messages has as many cards as fit on the screen and a few more; a card
that leaves is used again for the next message. The heights of the others are estimated until they
come near.
"""

from bisect import bisect_right
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from tunedesk.gui.theme import Theme

_LAY_OUT = QEvent.Type(QEvent.registerEventType())

MARGIN = 18
GAP = 10
WIDEST_CARD = 900
ROUNDS = 4
KEPT_CARDS = 40
"""How many cards are made ahead in idle time; Tab and screen readers find them."""


class MessageList(QScrollArea):
    """Lays out cards one below the other and makes, fills and re-uses them while scrolling.

    Signals:
        scrolled: The list shows another part.
    """

    scrolled = Signal()

    def __init__(
        self,
        make_card: Callable[[], QWidget],
        fill_card: Callable[[QWidget, int], None],
        estimate: Callable[[int, int], int],
        footer: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty list.

        Args:
            make_card: Makes a card; its parent is set here.
            fill_card: Shows the message of an index in a card.
            estimate: The likely height of the card of an index at a width.
            footer: Stands below the last card.
            parent: The widget it stands in.
        """
        super().__init__(parent)
        self._make_card = make_card
        self._fill_card = fill_card
        self._estimate = estimate
        self._footer = footer
        self._count = 0
        self._heights: list[int] = []
        self._tops: list[int] = []
        self._cards: dict[int, QWidget] = {}
        self._spare: list[QWidget] = []
        self._width = 0
        self._laying_out = False
        self._asked = False
        self._order: list[QWidget] = []
        self._canvas = QWidget()
        self._canvas.setProperty("canvas", True)
        footer.setParent(self._canvas)
        footer.show()
        footer.installEventFilter(self)
        self.setWidget(self._canvas)
        self.setWidgetResizable(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(24)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._ahead = QTimer(self)
        self._ahead.setInterval(0)
        self._ahead.timeout.connect(self._make_one_ahead)

    @property
    def count(self) -> int:
        """How many messages there are."""
        return self._count

    def cards(self) -> dict[int, QWidget]:
        """The cards that exist now, by the index of their message."""
        return dict(self._cards)

    def show_messages(self, count: int, to_top: bool) -> None:
        """Show so many messages; cards that exist are filled anew."""
        self._count = count
        width = self._card_width()
        if to_top:
            self._heights = [0] * count
        del self._heights[count:]
        self._heights += [0] * (count - len(self._heights))
        for index in [index for index in self._cards if index >= count]:
            self._release(index)
        for index in range(count):
            if index not in self._cards and (to_top or not self._heights[index]):
                self._heights[index] = self._estimate(index, width)
        if to_top:
            self._put_tops()
            self.verticalScrollBar().setValue(0)
            for index in list(self._cards):
                if self._tops[index] > 2 * self.viewport().height():
                    self._release(index)
        self.refill()
        self._ahead.start()

    def refill(self) -> None:
        """Fill the cards that exist again: the text, the checks or the search are others now."""
        for index, card in self._cards.items():
            self._fill_card(card, index)
        self.lay_out(measure=True)

    def card(self, index: int) -> QWidget:
        """The card of a message, made if it does not exist, and scrolled into view."""
        if index not in self._cards:
            self._realise(index)
            self.lay_out(measure=True)
            self.verticalScrollBar().setValue(self._tops[index] - MARGIN)
        return self._cards[index]

    def show_rect(self, widget: QWidget, rect: QRect) -> None:
        """Scroll just so far that a part of a widget can be seen."""
        corner = widget.mapTo(self._canvas, rect.topLeft())
        bar = self.verticalScrollBar()
        top, bottom = corner.y() - GAP, corner.y() + rect.height() + GAP
        if top < bar.value():
            bar.setValue(top)
        elif bottom > bar.value() + self.viewport().height():
            bar.setValue(min(top, bottom - self.viewport().height()))

    def index_at(self, point: QPoint) -> int:
        """Before which message a point of the list lies: 0 to the number of messages."""
        y = point.y() + self.verticalScrollBar().value()
        for index, top in enumerate(self._tops):
            if y < top + self._heights[index] / 2:
                return index
        return self._count

    def gap_before(self, index: int) -> int:
        """Where the gap before a message lies, in the list's own coordinates."""
        if index < self._count:
            y = self._tops[index]
        else:
            y = self._tops[-1] + self._heights[-1] + GAP if self._tops else MARGIN
        return y - GAP // 2 - self.verticalScrollBar().value()

    def lay_out(self, measure: bool = False) -> None:
        """Make the cards that can be seen, and put all where they belong.

        Args:
            measure: Whether cards that exist may want another height now.
        """
        if self._laying_out:
            return
        self._laying_out = True
        try:
            anchor = self._anchor()
            changed = self._measure() if measure else False
            for _round in range(ROUNDS):
                if changed or measure:
                    self._put_tops()
                    self._keep_anchor(anchor)
                changed = self._realise_visible()
                if not changed:
                    break
            if changed:
                self._put_tops()
                self._keep_anchor(anchor)
            self._put_cards()
        finally:
            self._laying_out = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew at another width."""
        super().resizeEvent(event)
        width = self._card_width()
        if width != self._width:
            self._width = width
            for index in range(self._count):
                if index not in self._cards:
                    self._heights[index] = self._estimate(index, width)
        self.lay_out(measure=True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lay out again when a card wants another height, once for all that ask."""
        if event.type() == QEvent.Type.LayoutRequest and not self._asked:
            self._asked = True
            # It comes before the next painting, so nothing is ever seen cut off.
            QCoreApplication.postEvent(self, QEvent(_LAY_OUT))
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Lay out anew what has asked for it."""
        if event.type() == _LAY_OUT:
            self._asked = False
            self.lay_out(measure=True)
            return True
        return super().event(event)

    def _card_width(self) -> int:
        return max(120, min(WIDEST_CARD, self._room() - 2 * MARGIN))

    def _left(self) -> int:
        return max(MARGIN, (self._room() - self._card_width()) // 2)

    def _room(self) -> int:
        """The width beside the scroll bar, also while there is none.

        So a text that grows beyond the screen changes the width of nothing.
        """
        return self.width() - self.verticalScrollBar().sizeHint().width() + MARGIN // 2

    def _put_tops(self) -> None:
        """Work out where each card begins, from the heights as far as they are known."""
        tops, top = [], GAP
        for height in self._heights:
            tops.append(top)
            top += height + GAP
        self._tops = tops
        footer = self._footer.heightForWidth(self._card_width())
        self._canvas.resize(self.viewport().width(), top + footer + MARGIN)
        self._footer.setGeometry(self._left(), top, self._card_width(), footer)

    def _anchor(self) -> tuple[int, int] | None:
        """The message at the top of the screen, and how far below the top it begins."""
        value = self.verticalScrollBar().value()
        if value == 0:
            return None
        for index in range(min(len(self._tops), self._count)):
            if self._tops[index] + self._heights[index] > value:
                return index, self._tops[index] - value
        return None

    def _keep_anchor(self, anchor: tuple[int, int] | None) -> None:
        if anchor is not None and anchor[0] < len(self._tops):
            self.verticalScrollBar().setValue(self._tops[anchor[0]] - anchor[1])

    def _visible(self, beyond: int) -> range:
        low = self.verticalScrollBar().value() - beyond
        high = low + self.viewport().height() + 2 * beyond
        first = max(0, bisect_right(self._tops, low) - 1)
        return range(first, bisect_right(self._tops, high))

    def _realise_visible(self) -> bool:
        """Make the cards that can be seen; true if a height turned out otherwise."""
        changed = False
        for index in self._visible(GAP):
            if index not in self._cards:
                before = self._heights[index]
                self._realise(index)
                changed = changed or self._heights[index] != before
        return changed

    def _measure(self) -> bool:
        """Ask the cards that exist for their heights; true if one is another now."""
        changed = False
        width = self._card_width()
        for index, card in self._cards.items():
            height = card.heightForWidth(width)
            if height != self._heights[index]:
                self._heights[index] = height
                changed = True
        return changed

    def _realise(self, index: int) -> None:
        self._release_far()
        if self._spare:
            card = self._spare.pop()
        else:
            card = self._make_card()
            card.setParent(self._canvas)
            card.installEventFilter(self)
        self._cards[index] = card
        self._fill_card(card, index)
        self._heights[index] = card.heightForWidth(self._card_width())

    def _release_far(self) -> None:
        """Give back the card farthest from the screen, once there are many."""
        if len(self._cards) < KEPT_CARDS:
            return
        middle = self.verticalScrollBar().value() + self.viewport().height() // 2
        seen = set(self._visible(GAP))
        free = [i for i in self._cards if i not in seen and not self._has_focus(i)]
        if free:
            self._release(
                max(free, key=lambda i: abs(self._tops[min(i, len(self._tops) - 1)] - middle))
            )

    def _has_focus(self, index: int) -> bool:
        focus = self.focusWidget()
        return focus is not None and self._cards[index].isAncestorOf(focus)

    def _release(self, index: int) -> None:
        card = self._cards.pop(index)
        card.hide()
        self._spare.append(card)

    def _put_cards(self) -> None:
        left, width = self._left(), self._card_width()
        for index, card in self._cards.items():
            geometry = QRect(left, self._tops[index], width, self._heights[index])
            if card.geometry() != geometry:
                card.setGeometry(geometry)
            if card.isHidden():
                card.show()
        order = [self._cards[index] for index in sorted(self._cards)]
        if order != self._order:
            # Screen readers go through children in the order of their stacking.
            self._order = order
            for widget in (*order, self._footer):
                widget.raise_()

    def _scrolled(self) -> None:
        self.lay_out()
        self.scrolled.emit()

    def _make_one_ahead(self) -> None:
        """Make one more card while the program is idle, next to those that exist."""
        wanted = [i for i in range(self._count) if i not in self._cards]
        if not wanted or len(self._cards) >= KEPT_CARDS or not self.isVisible():
            self._ahead.stop()
            return
        shown = self._visible(0) or [0]
        middle = (shown[0] + shown[-1]) // 2
        self._realise(min(wanted, key=lambda i: abs(i - middle)))
        self.lay_out(measure=True)


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
        self._point = QPoint()
        self._line = QFrame(cards.viewport())
        self._line.setFixedHeight(3)
        self._line.hide()
        self._scroll = QTimer(self)
        self._scroll.setInterval(16)
        self._scroll.timeout.connect(self._scroll_on)

    def drag(self, index: int, point: QPoint) -> None:
        """The message is dragged to a point on the screen."""
        self._index = index
        self._point = point
        inside = self._cards.viewport().mapFromGlobal(point)
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

    def drop(self, point: QPoint) -> None:
        """The dragging ended there."""
        self._scroll.stop()
        self._line.hide()
        index, self._index = self._index, None
        if index is None:
            return
        gap = self._cards.index_at(self._cards.viewport().mapFromGlobal(point))
        to = gap - 1 if gap > index else gap
        if to != index:
            self.moved.emit(index, to)

    def _scroll_on(self) -> None:
        if self._index is None:
            self._scroll.stop()
            return
        inside = self._cards.viewport().mapFromGlobal(self._point)
        bar = self._cards.verticalScrollBar()
        bar.setValue(bar.value() + (-STEP if inside.y() <= EDGE else STEP))
        self.drag(self._index, self._point)
