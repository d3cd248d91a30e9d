"""A list of problems: each painted whole, the chosen one with buttons for what can be done."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QPushButton,
    QWidget,
)

from tunedesk.gui.examples.panel.problem_rows import (
    ProblemDelegate,
    ProblemRow,
    ProblemRowsModel,
    RowAction,
)
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.gui.widgets.row_list import ROW, RowList

_SIDE = 11  # with the padding of a link button its words begin where the texts of the row do


class ProblemButtons(QWidget):
    """Buttons in lines; what does not fit into the view is cut off as the row itself is.

    Signals:
        action_requested: The name of an action.
    """

    action_requested = Signal(str)

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view.parentWidget())
        self._view = view
        self._inner = QWidget(self)
        self._line = FlowLayout(self._inner, spacing=6)
        self._line.setContentsMargins(_SIDE, 0, _SIDE, 0)
        self._actions: tuple[RowAction, ...] = ()
        self.hide()

    def buttons(self) -> list[QPushButton]:
        """The buttons, in order."""
        items = [self._line.itemAt(number) for number in range(self._line.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def show_actions(self, actions: Sequence[RowAction]) -> None:
        """Offer these actions; the same ones leave the buttons as they are."""
        if tuple(actions) == self._actions:
            return
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self._view)
        self._actions = tuple(actions)
        for button in self.buttons():
            self._line.removeWidget(button)
            button.hide()
            button.deleteLater()
        before: QWidget = self._view
        for action in actions:
            button = self._button(action)
            self._line.addWidget(button)
            self.setTabOrder(before, button)
            before = button
        if had_focus:
            self._view.setFocus()

    def height_for(self, width: int) -> int:
        """How much room the buttons need at a width; 0 without buttons."""
        return self._line.heightForWidth(width) if self._actions else 0

    def move_to(self, area: QRect) -> None:
        """Stand in this area of the view's viewport, as far as it is to be seen."""
        viewport = self._view.viewport()
        seen = area.intersected(viewport.rect())
        shown = bool(self._actions) and not seen.isEmpty() and self._view.isVisible()
        self.setVisible(shown)
        if shown:
            corner = self._view.mapToParent(viewport.mapTo(self._view, seen.topLeft()))
            self.setGeometry(QRect(corner, seen.size()))
            self._inner.setGeometry(QRect(area.topLeft() - seen.topLeft(), area.size()))
            self.raise_()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the list below."""
        QApplication.sendEvent(self._view.viewport(), event)

    def _button(self, action: RowAction) -> QPushButton:
        button = QPushButton(action.label, self._inner)
        button.setObjectName(action.name)
        button.setProperty("kind", "link")
        button.setAccessibleName(action.label)
        button.setToolTip(plain_tooltip(action.tooltip))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _on=False: self.action_requested.emit(action.name))
        button.show()
        return button


_BUTTONS_TOP = 6
_BUTTONS_BOTTOM = 9


class ProblemList(RowList[ProblemRow]):
    """Problems one below the other; arrows choose, Enter does the first thing that can be done.

    Signals:
        action_requested: The row and the name of one of its actions.
        chosen_changed: The number of the chosen row from 0; -1 for none.
    """

    action_requested = Signal(object, str)
    chosen_changed = Signal(int)

    def __init__(self, *, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        self._buttons: ProblemButtons | None = None
        self._wanted = QPersistentModelIndex()
        self._delegate = ProblemDelegate(theme)
        super().__init__(name, ProblemRowsModel(), self._delegate, parent)
        self._delegate.setParent(self)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.verticalScrollBar().setSingleStep(24)
        self.row_model.dataChanged.connect(self._on_data_changed)
        theme.changed.connect(self._forget_heights)
        self.verticalScrollBar().valueChanged.connect(self._place_buttons)

    def set_rows(self, rows: Sequence[ProblemRow]) -> None:
        """Show these rows, keeping the chosen one if it is still among them."""
        if list(rows) == self.row_model.rows():
            return
        chosen, number = self.chosen_key(), self.currentIndex().row()
        self.row_model.set_rows(rows)
        keys = [row.key for row in rows]
        if chosen in keys:
            self.choose(keys.index(chosen))
        elif rows:
            self.choose(min(max(number, 0), len(rows) - 1))
        else:
            self._show_buttons(QModelIndex())
            self.chosen_changed.emit(-1)

    def choose(self, number: int) -> None:
        """Choose a row by its number from 0."""
        index = self.row_model.index(number)
        if index != self.currentIndex():
            self.setCurrentIndex(index)
        else:
            self._show_buttons(index)
            self.chosen_changed.emit(number)

    def button(self, action: str) -> QPushButton | None:
        """The button of the chosen row for an action."""
        shown = self._buttons.buttons() if self._buttons else []
        return next((button for button in shown if button.objectName() == action), None)

    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Give the newly chosen row its buttons."""
        super().currentChanged(current, previous)
        # It grows by its buttons when the rows are laid out next: only then it can be shown whole.
        self._wanted = QPersistentModelIndex(current)
        self._show_buttons(current)
        self.chosen_changed.emit(current.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter does the first thing that can be done about the chosen row."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._do_first(index)
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click does the same."""
        super().mouseDoubleClickEvent(event)
        if self.currentIndex().isValid():
            self._do_first(self.currentIndex())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Entering the list by keyboard chooses a row at once."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.row_model.rowCount():
            self.choose(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the texts anew."""
        super().resizeEvent(event)
        self._make_room()
        self.scheduleDelayedItemsLayout()

    def updateGeometries(self) -> None:
        """The rows have been laid out: so have the buttons, and the chosen row shows whole."""
        super().updateGeometries()
        wanted, self._wanted = self._wanted, QPersistentModelIndex()
        if wanted.isValid() and wanted == self.currentIndex():
            self.scrollTo(self.currentIndex())
        self._place_buttons()

    def showEvent(self, event: QShowEvent) -> None:
        """The buttons show with the list."""
        super().showEvent(event)
        self._show_buttons(self.currentIndex())

    def hideEvent(self, event: QHideEvent) -> None:
        """The buttons hide with the list."""
        super().hideEvent(event)
        if self._buttons is not None:
            self._buttons.hide()

    def sizeHint(self) -> QSize:
        """Room for a problem or two."""
        return QSize(280, 200)

    def minimumSizeHint(self) -> QSize:
        """It may be made small."""
        return QSize(160, 80)

    def _do_first(self, index: QModelIndex) -> None:
        row: ProblemRow = index.data(ROW)
        if row.actions:
            self.action_requested.emit(row, row.actions[0].name)

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        current = self.currentIndex()
        if current.isValid() and first.row() <= current.row() <= last.row():
            self._show_buttons(current)
        self.scheduleDelayedItemsLayout()

    def _show_buttons(self, index: QModelIndex | QPersistentModelIndex) -> None:
        """Offer what can be done about the row, in the room below its texts."""
        if self._buttons is None:
            if self.parentWidget() is None:
                return
            self._buttons = ProblemButtons(self)
            self._buttons.action_requested.connect(self._act)
        row: ProblemRow | None = index.data(ROW) if index.isValid() else None
        self._buttons.show_actions(row.actions if row is not None else ())
        before = (self._delegate.chosen_row, self._delegate.buttons_height)
        self._delegate.chosen_row = index.row() if index.isValid() else -1
        self._make_room()
        if before != (self._delegate.chosen_row, self._delegate.buttons_height):
            self.scheduleDelayedItemsLayout()
        else:
            self._place_buttons()

    def _forget_heights(self) -> None:
        self._delegate.forget_heights()
        self.scheduleDelayedItemsLayout()

    def _act(self, action: str) -> None:
        index = self.currentIndex()
        if index.isValid():
            self.action_requested.emit(index.data(ROW), action)

    def _make_room(self) -> None:
        """Tell the delegate how high the buttons of the chosen row are."""
        height = self._buttons.height_for(self.viewport().width()) if self._buttons else 0
        self._delegate.buttons_height = height + _BUTTONS_TOP if height else 0

    def _place_buttons(self) -> None:
        """Lay the buttons over the foot of the chosen row."""
        if self._buttons is None:
            return
        index = self.currentIndex()
        room = self._delegate.buttons_height - _BUTTONS_TOP
        if not index.isValid() or room <= 0:
            self._buttons.move_to(QRect())
            return
        row = self.visualRect(index)
        top = row.bottom() + 1 - _BUTTONS_BOTTOM - room
        self._buttons.move_to(QRect(0, top, self.viewport().width(), room))
