"""The line between two rows where dropped rows would go."""

from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QTableView


class DropLine:
    """Shows one place between the rows of a table, or none."""

    def __init__(self, table: QTableView) -> None:
        self._table = table
        self._row = -1

    def at(self, y: int) -> int:
        """The row before which something dropped at this height would go."""
        row = self._table.rowAt(y)
        if row < 0:
            return self._table.model().rowCount()
        middle = self._table.rowViewportPosition(row) + self._table.rowHeight(row) // 2
        return row + (y > middle)

    def show(self, row: int) -> None:
        """Show the line above a row; -1 for none."""
        if row != self._row:
            self._row = row
            self._table.viewport().update()

    def paint(self, color: QColor) -> None:
        """Draw it over the rows."""
        last = self._table.model().rowCount() - 1
        if self._row < 0 or last < 0:
            return
        table, row = self._table, min(self._row, last)
        y = table.rowViewportPosition(row) + (table.rowHeight(row) if self._row > last else 0)
        painter = QPainter(table.viewport())
        painter.setPen(QPen(color, 2))
        painter.drawLine(0, max(1, y - 1), table.viewport().width(), max(1, y - 1))
        painter.end()
