"""Pictures of the rows, drawn once and then only copied.

While an import runs, each call of a drawing function may have to wait for Python's lock. A row
that is one picture needs one call instead of twenty, so scrolling stays smooth beside any work.
"""

from collections import OrderedDict
from typing import NamedTuple

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QTableView

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.examples.row_delegate import RowDelegate
from tunedesk.gui.examples.row_selection import RowSelection
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.theme import Theme

KEPT = 160
BAR = 3


class RowLook(NamedTuple):
    """What all rows have in common.

    Attributes:
        columns: The columns that show: number, left edge and width of each.
        width: The width of a row.
        ratio: Pixels of the screen for one of Qt's.
        mirrored: Whether the window reads from right to left.
    """

    columns: tuple[tuple[int, int, int], ...]
    width: int
    ratio: float
    mirrored: bool


class RowPictures:
    """The pictures of the rows that were looked at last."""

    def __init__(
        self, table: QTableView, model: ExampleTableModel, delegate: RowDelegate, theme: Theme
    ) -> None:
        self._table = table
        self._model = model
        self._delegate = delegate
        self._height = theme.size("row")
        self._kept: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()

    def clear(self) -> None:
        """Draw all rows anew: their colours have changed."""
        self._kept.clear()

    def paint(self, area: QRect, selected: RowSelection) -> None:
        """Draw the rows of an area of the table.

        Args:
            area: What is to be drawn, in the table's viewport.
            selected: The selected rows.
        """
        table, height = self._table, self._height
        offset, count = table.verticalOffset(), self._model.rowCount()
        first = max(0, (area.top() + offset) // height)
        last = min(count - 1, (area.bottom() + offset) // height)
        if first > last:
            return
        look = self._look()
        self._delegate.marks_tags = all(column != Column.TAGS for column, _x, _size in look.columns)
        left = -table.horizontalOffset()
        painter = QPainter(table.viewport())
        for row in range(first, last + 1):
            picture = self._picture(row, look, row in selected)
            painter.drawPixmap(left, row * height - offset, picture)
        painter.end()

    def _look(self) -> RowLook:
        table = self._table
        header = table.horizontalHeader()
        width = max(header.length(), table.viewport().width())
        mirrored = table.isRightToLeft()
        columns = []
        for column in map(header.logicalIndex, range(header.count())):
            if not header.isSectionHidden(column):
                x, size = header.sectionPosition(column), header.sectionSize(column)
                columns.append((column, width - x - size if mirrored else x, size))
        return RowLook(tuple(columns), width, table.devicePixelRatioF(), mirrored)

    def _picture(self, number: int, look: RowLook, selected: bool) -> QPixmap:
        """The picture of a row as it is now."""
        content = self._model.row_at(number)
        current = number == self._model.current_row
        hovered = number == self._delegate.hovered_row
        key = (content, look, selected, current, hovered, self._model.query.search)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._draw(number, look, selected, current)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

    def _draw(self, number: int, look: RowLook, selected: bool, current: bool) -> QPixmap:
        width, height, ratio = look.width, self._height, look.ratio
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(self._delegate.color("surface"))
        painter = QPainter(picture)
        if look.mirrored:
            painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        for column, x, size in look.columns:
            cell = QRect(x, 0, size, height)
            painter.setClipRect(cell)
            self._delegate.paint_cell(painter, cell, number, column, selected=selected)
        painter.setClipping(False)
        painter.fillRect(0, height - 1, width, 1, self._delegate.color("border"))
        if current:
            left = width - BAR if look.mirrored else 0
            painter.fillRect(left, 0, BAR, height - 1, self._delegate.color("accent"))
        painter.end()
        return picture
