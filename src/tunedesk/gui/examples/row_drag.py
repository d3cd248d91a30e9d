"""Rows dragged in the table or out of it, files dragged in, and the line where rows would go."""

from array import array

from PySide6.QtCore import QMimeData, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QDrag, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QTableView, QWidget

from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.i18n import ngettext

ROWS_TYPE = "application/x-tunedesk-rows"


def start_row_drag(table: QWidget, model: ExampleTableModel, ids: "array[int]") -> None:
    """Let the pointer carry the selected rows until it lets go of them."""
    if not ids:
        return
    data = QMimeData()
    data.setData(ROWS_TYPE, str(len(ids)).encode())
    drag = QDrag(table)
    drag.setMimeData(data)
    text = ngettext("{n} example", "{n} examples", len(ids)).format(n=f"{len(ids):,}")
    drag.setPixmap(_label(table, text))
    drag.setHotSpot(QPoint(-12, -4))
    drag.exec(Qt.DropAction.MoveAction | Qt.DropAction.CopyAction, Qt.DropAction.MoveAction)


def is_rows(data: QMimeData) -> bool:
    """Whether rows of a table are being dragged."""
    return data.hasFormat(ROWS_TYPE)


def dropped_files(data: QMimeData) -> list[str]:
    """The files on this computer that are being dragged."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def _label(table: QWidget, text: str) -> QPixmap:
    """What hangs on the pointer: how many rows it carries."""
    metrics = QFontMetrics(table.font())
    ratio = table.devicePixelRatioF()
    width, height = metrics.horizontalAdvance(text) + 24, metrics.height() + 12
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(table.palette().toolTipBase())
    painter.drawRoundedRect(0, 0, width, height, 7, 7)
    painter.setFont(table.font())
    painter.setPen(table.palette().toolTipText().color())
    painter.drawText(QRect(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


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
