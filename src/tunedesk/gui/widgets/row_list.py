"""Lists of painted rows: a model that keeps rows by keys, its view, the look of a chosen one."""

from collections.abc import Hashable, Sequence
from math import ceil
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    Qt,
)
from PySide6.QtGui import QFont, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from tunedesk.gui.theme import Theme

ROW = Qt.ItemDataRole.UserRole
"""The row itself, for the delegate."""


class KeyedRow(Protocol):
    """What a list shows in one row."""

    @property
    def key(self) -> Hashable:
        """What tells the row from the others, and stays the same while it changes."""


Row = TypeVar("Row", bound=KeyedRow)


class RowListModel(QAbstractListModel, Generic[Row]):
    """Rows with a `key`; replaced whole, changed only where they differ.

    A kind of list says in `row_text` what its rows are to screen readers.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def row_text(self, row: Row, role: int) -> str | None:
        """What a row is called, or what more is to be said of it, by the role of Qt."""
        raise NotImplementedError

    def rows(self) -> list[Row]:
        """The rows shown."""
        return list(self._rows)

    def row_at(self, number: int) -> Row:
        """The row of a number from 0."""
        return self._rows[number]

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; a row whose key stays keeps its place, choice and buttons."""
        new = list(rows)
        if [row.key for row in new] != [row.key for row in self._rows]:
            self._replace(new)
            return
        for number, (old, row) in enumerate(zip(self._rows, new, strict=True)):
            if old != row:
                self._rows[number] = row
                index = self.index(number)
                self.dataChanged.emit(index, index)

    def _replace(self, new: list[Row]) -> None:
        """Take out what went and put in what came between rows that stay in order."""
        start = 0
        old_keys, new_keys = [r.key for r in self._rows], [r.key for r in new]
        shortest = min(len(old_keys), len(new_keys))
        while start < shortest and old_keys[start] == new_keys[start]:
            start += 1
        end = 0
        while end < shortest - start and old_keys[-1 - end] == new_keys[-1 - end]:
            end += 1
        gone = len(self._rows) - start - end
        if gone:
            self.beginRemoveRows(QModelIndex(), start, start + gone - 1)
            del self._rows[start : start + gone]
            self.endRemoveRows()
        came = new[start : len(new) - end]
        if came:
            self.beginInsertRows(QModelIndex(), start, start + len(came) - 1)
            self._rows[start:start] = came
            self.endInsertRows()
        self.set_rows(new)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The row for the delegate, its words for screen readers."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        return row if role == ROW else self.row_text(row, role)


class RowList(QListView, Generic[Row]):
    """The view of a `RowListModel`; rows are as wide as the list and scroll by pixels.

    Attributes:
        row_model: The model with the rows.
    """

    def __init__(
        self,
        name: str,
        model: RowListModel[Row],
        delegate: QStyledItemDelegate,
        parent: QWidget | None = None,
    ) -> None:
        """Make a list.

        Args:
            name: What it is called by screen readers.
            model: The model with the rows.
            delegate: What paints them.
            parent: The widget it stands in.
        """
        super().__init__(parent)
        self.row_model = model
        model.setParent(self)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setModel(model)
        self.setItemDelegate(delegate)

    def rows(self) -> list[Row]:
        """The rows shown."""
        return self.row_model.rows()

    def chosen(self) -> Row | None:
        """The chosen row."""
        index = self.currentIndex()
        return self.row_model.row_at(index.row()) if index.isValid() else None

    def chosen_key(self) -> Hashable | None:
        """The key of the chosen row."""
        row = self.chosen()
        return row.key if row is not None else None


def paint_background(
    painter: QPainter, option: QStyleOptionViewItem, theme: Theme, chosen: bool
) -> None:
    """Paint what stands behind a row: the choice, the focus, the pointer."""
    rect = option.rect
    if chosen:
        painter.fillRect(rect, theme.color("selection"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(rect.adjusted(0, 0, 3 - rect.width(), 0), theme.color("accent"))
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(rect, theme.color("hover"))


def wrapped(text: str, font: QFont, width: int) -> tuple[QTextLayout, int]:
    """A text set in lines, between words where possible, and the height they take."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout, ceil(height)


def follow_selection(view: QAbstractItemView) -> None:
    """Make the row that is selected the current one, in a view where one row is chosen.

    A screen reader's "select" marks a row without moving to it; what is shown beside the list
    would then be another row's.
    """
    selection = view.selectionModel()

    def on_selection(selected: QItemSelection, _before: QItemSelection) -> None:
        rows = selected.indexes()
        if rows and not selection.isSelected(selection.currentIndex()):
            view.setCurrentIndex(rows[0])

    selection.selectionChanged.connect(on_selection)
