"""Layouts: one that sets its widgets in lines; emptying a layout; the order in which Tab goes."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLayout,
    QLayoutItem,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QScrollArea,
    QSplitter,
    QStatusBar,
    QWidget,
)


class FlowLayout(QLayout):
    """Left to right (or right to left), going on in the next line where there is no room.

    With `squeezes` an item goes on in the next line only if the line has no room for it although
    all take no more than they need at least.
    """

    def __init__(
        self, parent: QWidget | None = None, spacing: int = 8, squeezes: bool = False
    ) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._squeezes = squeezes
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Take another item at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at an index."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give an item away."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It asks for no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Yes: the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height that the lines need at a width, in pixels."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Set the items into the rectangle."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Room for the widest item."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, move: bool) -> int:
        """Set the items into lines; returns the height they take."""
        margins = self.contentsMargins()
        area = rect.marginsRemoved(margins)
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        for item in self._items:
            if item.isEmpty():
                continue
            entry = (item, item.sizeHint())
            if lines[-1] and not self._fits([*lines[-1], entry], area.width()):
                lines.append([])
            lines[-1].append(entry)
        y = area.top()
        for line in lines:
            height = max((size.height() for _item, size in line), default=0)
            if move:
                self._set_line(self._squeezed(line, area.width()), area, y, height)
            y += height + self.spacing()
        return y - self.spacing() - area.top() + margins.top() + margins.bottom()

    def _fits(self, line: list[tuple[QLayoutItem, QSize]], width: int) -> bool:
        gaps = (len(line) - 1) * self.spacing()
        if self._squeezes:
            return sum(item.minimumSize().width() for item, _size in line) + gaps <= width
        return sum(size.width() for _item, size in line) + gaps <= width

    def _squeezed(
        self, line: list[tuple[QLayoutItem, QSize]], width: int
    ) -> list[tuple[QLayoutItem, QSize]]:
        """The line with its items so narrow that it fits, the first made narrower first."""
        taken = sum(size.width() for _item, size in line) + (len(line) - 1) * self.spacing()
        excess, squeezed = max(0, taken - width) if self._squeezes else 0, []
        for item, size in line:
            less = min(excess, max(0, size.width() - item.minimumSize().width()))
            excess -= less
            squeezed.append((item, QSize(size.width() - less, size.height())))
        return squeezed

    def _set_line(
        self, line: list[tuple[QLayoutItem, QSize]], area: QRect, y: int, height: int
    ) -> None:
        parent = self.parentWidget()
        mirrored = parent is not None and parent.layoutDirection() == Qt.LayoutDirection.RightToLeft
        x = area.left()
        for item, size in line:
            width = min(size.width(), area.width())
            left = area.left() + area.right() - x - width + 1 if mirrored else x
            corner = QPoint(left, y + (height - size.height()) // 2)
            item.setGeometry(QRect(corner, QSize(width, size.height())))
            x += width + self.spacing()


def clear_layout(layout: QLayout) -> None:
    """Take all widgets out of a layout; they are hidden at once and deleted later."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def focus_next(window: QWidget, forward: bool) -> bool:
    """Move the focus of a window to the next widget that Tab goes to, round and round.

    Qt goes in the order in which widgets were made, which those that are made later, such as the
    messages of another example, leave at once. Here it goes as they stand.

    Args:
        window: The window; call this from its `focusNextPrevChild`.
        forward: Whether to go on, else back.

    Returns:
        Whether there was a widget to go to.
    """
    stops = list(tab_stops(window))
    if not stops:
        return False
    focus = QApplication.focusWidget()
    if focus in stops:
        stop = stops[(stops.index(focus) + (1 if forward else -1)) % len(stops)]
    else:
        stop = stops[0 if forward else -1]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    stop.setFocus(reason)
    above = stop.parentWidget()
    while above is not None and above is not window:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(stop)
        above = above.parentWidget()
    return True


def tab_stops(widget: QWidget) -> Iterator[QWidget]:
    """The widgets inside that Tab goes to, in the order in which they stand in the layouts."""
    behavior = QGuiApplication.styleHints().tabFocusBehavior()
    everything = behavior == Qt.TabFocusBehavior.TabFocusAllControls
    for child in _in_order(widget):
        if not child.isVisible() or child.isWindow():
            continue
        takes_tab = child.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
        is_stop = takes_tab and child.isEnabled() and child.focusProxy() is None
        if is_stop and (everything or isinstance(child, _TEXTS_AND_LISTS)):
            yield child
        if isinstance(child, QScrollArea) or not isinstance(child, _COMPOSED):
            yield from tab_stops(child)


_COMPOSED = (QAbstractScrollArea, QAbstractSpinBox, QComboBox)
"""What has widgets inside that belong to it; a scroll area's own widget is another matter."""
_TEXTS_AND_LISTS = (QAbstractScrollArea, QAbstractSpinBox, QComboBox, QLineEdit)
"""What Tab goes to on systems where it does not go to all controls."""


def _in_order(widget: QWidget) -> list[QWidget]:
    """The children of a widget as they stand: by its layout, the others by where they are."""
    if isinstance(widget, QScrollArea):
        return [inner] if (inner := widget.widget()) is not None else []
    if isinstance(widget, QSplitter):
        parts = (widget.widget(index) for index in range(widget.count()))
        return [part for part in parts if part is not None]
    layout = widget.layout()
    if isinstance(widget, QMainWindow):
        # Beside what its layout shows there are the messages over it.
        inner = widget.centralWidget()
        placed = [] if inner is None else [inner]
        bars = (QMenuBar, QStatusBar)
        others = [w for w in _not_placed(widget, placed) if not isinstance(w, bars)]
        return placed + others
    placed = list(_of_layout(layout)) if layout is not None else []
    return placed + _not_placed(widget, placed)


def _not_placed(widget: QWidget, placed: list[QWidget]) -> list[QWidget]:
    """The children that stand in no layout, as they lie."""
    others = [
        child
        for child in widget.children()
        if isinstance(child, QWidget) and child not in placed and not child.isHidden()
    ]
    return sorted(others, key=lambda child: (child.y(), child.x()))


def _of_layout(layout: QLayout) -> Iterator[QWidget]:
    for index in range(layout.count()):
        item = layout.itemAt(index)
        if item is None:
            continue
        inner, widget = item.layout(), item.widget()
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _of_layout(inner)
