"""The examples table: one row an example, keys and mouse to go through them and choose some."""

from array import array
from pathlib import Path

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QHeaderView,
    QTableView,
    QWidget,
)

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.examples.row_painting import RowDelegate, RowPixmaps
from tunedesk.gui.examples.table_header import TableHeader
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_rows import RowSelection
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _, ngettext

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


SHIFT = Qt.KeyboardModifier.ShiftModifier

TOLD_SINGLY = 200
"""A change of the selection by more rows is told to screen readers as a whole."""


class ExampleTable(QTableView):
    """Shows the rows of the model and keeps the current row and the scroll.

    Signals:
        current_example_changed: The row of this example is the current one now; None for no row.
        selection_count_changed: How many rows are selected.
        entered: Return was pressed: go on to the messages of the example.
        delete_requested, copy_requested, paste_requested: The keys for these were pressed.
        menu_requested: Show the menu of the selection at this point of the screen.
        files_dropped: Files to import.
        rows_dropped: Put the selected rows before this example; None for the end.
    """

    current_example_changed = Signal(object)
    selection_count_changed = Signal(int)
    entered = Signal()
    delete_requested = Signal()
    copy_requested = Signal()
    paste_requested = Signal()
    menu_requested = Signal(QPoint)
    files_dropped = Signal(list)
    rows_dropped = Signal(object)

    def __init__(
        self, model: ExampleTableModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rows = model
        self._theme = theme
        self._wanted: int | None = None
        self._announced: int | None = None
        self._offset = 0
        self._left_row = -1
        self._jump_to_first = False
        self._taking = False
        self._selection = RowSelection()
        self._drop_line = DropLine(self)
        self.can_reorder = True
        self.setAccessibleName(_("Examples"))
        self.header = TableHeader(theme, self)
        self.setHorizontalHeader(self.header)
        self.setModel(model)
        # With the table's own selection the header would look at each of a million selected rows.
        self.header.setSelectionModel(QItemSelectionModel(model, self.header))
        self.delegate = RowDelegate(model, theme)
        self.setItemDelegate(self.delegate)
        self._pictures = RowPixmaps(self, model, self.delegate, theme)
        self._set_up()
        self.header.set_up()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        model.complete.connect(self._settle)
        model.rows_about_to_change.connect(self._remember)
        model.rows_changed.connect(self._follow_current)
        theme.changed.connect(self._apply_theme)

    def _set_up(self) -> None:
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self._theme.size("row"))
        rows.hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropOverwriteMode(False)
        self.setDropIndicatorShown(False)
        self.verticalScrollBar().setSingleStep(self._theme.size("row"))

    def _apply_theme(self) -> None:
        self._pictures.clear()
        self.viewport().update()

    # The current row

    @property
    def wanted(self) -> int | None:
        """The example whose row is, or shall be, the current one."""
        return self._wanted

    def current_id(self) -> int | None:
        """The example in the current row."""
        return self._rows.id_at(self.currentIndex().row())

    def go_to_example(self, example_id: int | None, *, first_if_missing: bool = False) -> None:
        """Make the row of an example the current one, now or when it has arrived."""
        self._wanted = example_id
        self._jump_to_first = first_if_missing
        if not self._go_to_wanted() and self._rows.is_complete:
            self._settle()

    def go_to_first_of(self, example_ids: list[int]) -> None:
        """Go to the first of examples that came just now."""
        if example_ids:
            self.go_to_example(example_ids[0])

    def go_by(self, step: int) -> None:
        """Go to the next (1) or the previous (-1) row."""
        count = self._rows.rowCount()
        if not count:
            return
        current = self.currentIndex().row()
        row = 0 if current < 0 else min(max(current + step, 0), count - 1)
        self._make_current(row)

    def go_to_first(self) -> None:
        """Go to the first row, now or when it has arrived."""
        self._jump_to_first = not self._rows.rowCount()
        if self._jump_to_first:
            self._wanted = None
        else:
            self._make_current(0)
            self._wanted = self.current_id()

    def view_state(self) -> dict[str, int | None]:
        """The current example and where on the screen its row stands."""
        row = self.currentIndex().row()
        offset = self.rowViewportPosition(row) if row >= 0 else 0
        return {"example": self.current_id(), "offset": offset}

    def restore_view(self, example_id: int | None, offset: int) -> None:
        """Come back to an example as soon as its row has arrived."""
        self._wanted = example_id
        self._offset = offset
        self._jump_to_first = True

    def _remember(self) -> None:
        self._left_row = self.currentIndex().row()
        if self._left_row >= 0:
            self._offset = self.rowViewportPosition(self._left_row)
        self._taking = True

    def _restore(self) -> None:
        self._taking = False
        self._update_selection()
        self.verticalScrollBar().setValue(0)
        self._go_to_wanted(self._offset)

    def _settle(self) -> None:
        """All rows are here: if the wanted one is not among them, there is none, or the first."""
        self.header.make_room_for(self._rows.rowCount())
        jump, self._jump_to_first = self._jump_to_first, False
        if self._rows.row_of(self._wanted) >= 0:
            if self.current_id() != self._wanted:
                self._go_to_wanted(self._offset)
        elif not self._rows.rowCount():
            self._rows.current_row = -1
            self._announced = None
            # An empty project: the first row that comes is the one to open.
            self._jump_to_first = jump or self._rows.query.unfiltered
        elif jump:
            self._make_current(0)

    def _go_to_wanted(self, offset: int | None = None) -> bool:
        row = self._rows.row_of(self._wanted)
        if row < 0:
            return False
        self._make_current(row, offset)
        return True

    def _make_current(self, row: int, offset: int | None = None) -> None:
        index = self._rows.index(row, self._current_column())
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        if offset is not None and 0 <= offset < self.viewport().height():
            scroll = self.verticalScrollBar()
            scroll.setValue(scroll.value() + self.rowViewportPosition(row) - offset)
        self.scrollTo(index)

    def _current_column(self) -> int:
        column = self.currentIndex().column()
        return column if column >= 0 else int(Column.PREVIEW)

    def _follow_current(self) -> None:
        """Rows came or went: the current one has another number, or is gone and another is it."""
        self._taking = False
        row = self._rows.row_of(self._wanted)
        if row < 0 and self._left_row >= 0:
            row = min(self._left_row, self._rows.rowCount() - 1)
        if row >= 0 and (row != self.currentIndex().row() or self.current_id() != self._wanted):
            self._make_current(row, self._offset)
        self._rows.current_row = self.currentIndex().row()
        self._update_selection()
        self.viewport().update()
        example_id = self.current_id()
        if example_id is not None and example_id != self._announced:
            self._choose(example_id)

    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Tell which example is the current one."""
        super().currentChanged(current, previous)
        if self._taking:
            return
        row = current.row()
        self._rows.current_row = row
        self.viewport().update()
        example_id = self._rows.id_at(row)
        if example_id is not None:
            self._choose(example_id)

    def _choose(self, example_id: int) -> None:
        self._wanted = example_id
        self._jump_to_first = False
        if example_id != self._announced:
            self._announced = example_id
            self.current_example_changed.emit(example_id)

    # The selection

    def selected_ranges(self) -> list[tuple[int, int]]:
        """First and last row of each piece of the selection, in order."""
        return self._selection.ranges

    def selected_ids(self) -> "array[int]":
        """The selected examples in the order of the rows."""
        return self._selection.ids(self._rows.ids)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell how many rows are selected."""
        pieces = [*selected.toList(), *deselected.toList()]
        rows = sum(piece.height() for piece in pieces)
        if rows <= TOLD_SINGLY:
            super().selectionChanged(selected, deselected)
        else:
            # Qt would look at every cell as soon as a screen reader is there: seconds for 100,000.
            self.viewport().update()
            event = QAccessibleEvent(self, QAccessible.Event.SelectionWithin)
            QAccessible.updateAccessibility(event)
        self._update_selection()

    def _update_selection(self) -> None:
        # Qt tells neither of a selection that a reset has taken nor of one that has moved.
        self._selection.update(self.selectionModel().selection())
        self.selection_count_changed.emit(self._selection.count)

    # Keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of a list of things; letters belong to the actions of the window."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        elif event.key() == Qt.Key.Key_Delete and not event.modifiers():
            self.delete_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
        elif event.key() == Qt.Key.Key_F10 and event.modifiers() == SHIFT:
            self._ask_menu_at_row()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and not event.modifiers():
            last = self._rows.rowCount() - 1
            if last >= 0:
                self._make_current(0 if event.key() == Qt.Key.Key_Home else last)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the focus; unlike Qt's own tables, no row becomes the current one by that."""
        QAbstractScrollArea.focusInEvent(self, event)
        self.viewport().update()

    def keyboardSearch(self, search: str) -> None:
        """Typed letters do not jump about: there is a search, and letters are actions."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Shade the row under the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """No row is under the pointer now."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self.delegate.hovered_row:
            self.delegate.hovered_row = row
            self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the selection, at the pointer or at the current row."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._ask_menu_at_row()
        else:
            self.menu_requested.emit(event.globalPos())

    def _ask_menu_at_row(self) -> None:
        rect = self.visualRect(self.currentIndex())
        self.menu_requested.emit(self.viewport().mapToGlobal(rect.bottomLeft()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the columns fill the width."""
        super().resizeEvent(event)
        self.header.fit()

    # Drag and drop

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Take the selected rows along."""
        start_row_drag(self, self._rows, self.selected_ids())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, and rows of this table while they stand in the order they came in."""
        if dropped_files(event.mimeData()) or self._accepts_rows(event):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the rows would go."""
        if self._accepts_rows(event):
            self._drop_line.show(self._drop_line.at(event.position().toPoint().y()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Remove the line that shows where a drop would insert."""
        self._drop_line.show(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        """Import the files, or move the rows."""
        files = dropped_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.files_dropped.emit([Path(name) for name in files])
        elif self._accepts_rows(event):
            line = self._drop_line.at(event.position().toPoint().y())
            event.acceptProposedAction()
            self.rows_dropped.emit(self._rows.id_at(line))
        self._drop_line.show(-1)

    def _accepts_rows(self, event: QDropEvent) -> bool:
        return self.can_reorder and event.source() is self and is_rows(event.mimeData())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the pictures of the rows, and draw the line where dropped rows would go."""
        self._pictures.paint(event.rect(), self._selection)
        self._drop_line.paint(self._theme.color("accent"))
