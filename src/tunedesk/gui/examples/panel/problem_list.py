"""A list of problems: each painted whole, the chosen one with buttons for what can be done."""

from collections.abc import Callable, Hashable, Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QPushButton, QVBoxLayout, QWidget

from tunedesk.gui.examples.panel.problem_delegate import MARGIN, ProblemDelegate
from tunedesk.gui.examples.panel.problem_rows import ROW, ProblemRow, ProblemRowsModel
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.flow_layout import FlowLayout
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip

_BUTTONS_BOTTOM = 8


class ProblemList(QListView):
    """Problems one below the other; arrows choose, Enter does the first thing that can be done.

    Signals:
        action_requested: The row and the name of one of its actions.
        chosen_changed: The number of the chosen row from 0; -1 for none.
    """

    action_requested = Signal(object, str)
    chosen_changed = Signal(int)

    def __init__(self, *, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: QWidget | None = None
        self._shown: ProblemRow | None = None
        self._delegate = ProblemDelegate(theme, self)
        self._model = ProblemRowsModel(self)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(24)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self._model.dataChanged.connect(self._on_data_changed)
        theme.changed.connect(self.scheduleDelayedItemsLayout)

    def rows(self) -> list[ProblemRow]:
        """The rows shown."""
        return self._model.rows()

    def set_rows(self, rows: Sequence[ProblemRow]) -> None:
        """Show these rows, keeping the chosen one if it is still among them."""
        chosen, number = self.chosen_key(), self.currentIndex().row()
        self._model.set_rows(rows)
        keys = [row.key for row in rows]
        if chosen in keys:
            self.choose(keys.index(chosen))
        elif rows:
            self.choose(min(max(number, 0), len(rows) - 1))
        else:
            self._show_buttons(QModelIndex())
            self.chosen_changed.emit(-1)

    def chosen_key(self) -> Hashable | None:
        """The key of the chosen row."""
        index = self.currentIndex()
        return index.data(ROW).key if index.isValid() else None

    def choose(self, number: int) -> None:
        """Choose a row by its number from 0."""
        index = self._model.index(number)
        if index != self.currentIndex():
            self.setCurrentIndex(index)
        else:
            self._show_buttons(index)
            self.chosen_changed.emit(number)

    def button(self, action: str) -> QPushButton | None:
        """The button of the chosen row for an action."""
        return self._buttons.findChild(QPushButton, action) if self._buttons else None

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Give the newly chosen row its buttons."""
        super().currentChanged(current, previous)
        if previous.isValid() and previous.row() != current.row():
            old = self.indexWidget(previous)
            if old is not None:
                old.hide()  # it is deleted only when the event loop comes round
                self.setIndexWidget(previous, None)  # type: ignore[arg-type]
        self._shown = None
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
        """As Enter."""
        super().mouseDoubleClickEvent(event)
        if self.currentIndex().isValid():
            self._do_first(self.currentIndex())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Entering the list by keyboard chooses a row at once."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._model.rowCount():
            self.choose(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the texts anew."""
        super().resizeEvent(event)
        self._make_room()
        self.scheduleDelayedItemsLayout()

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

    def _show_buttons(self, index: QModelIndex) -> None:
        """Put the buttons of the row into it, unless the same stand there already."""
        row: ProblemRow | None = index.data(ROW) if index.isValid() else None
        here = index.isValid() and self.indexWidget(index) is not None
        if here and row is not None and self._shown and self._shown.actions == row.actions:
            self._shown = row
            return
        had_focus = (
            self._buttons is not None
            and here
            and self._buttons.isAncestorOf(self.window().focusWidget() or self)
        )
        self._shown, self._buttons = row, None
        if row is not None:
            self._buttons = self._make_buttons(row)
        self._delegate.chosen_row = index.row() if index.isValid() else -1
        self._make_room()
        if self._buttons is not None:
            self.setIndexWidget(index, self._buttons)
            before: QWidget = self
            for button in self._buttons.findChildren(QPushButton):
                self.setTabOrder(before, button)
                before = button
        if had_focus:
            self.setFocus()
        self.scheduleDelayedItemsLayout()

    def _make_buttons(self, row: ProblemRow) -> QWidget:
        """The buttons at the foot of a transparent widget that lies over the painted row."""
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(MARGIN - 3, 0, MARGIN - 3, _BUTTONS_BOTTOM)
        column.addStretch(1)
        line = FlowLayout(spacing=6)
        column.addLayout(line)
        for action in row.actions:
            button = QPushButton(action.label, holder)
            button.setObjectName(action.name)
            button.setProperty("kind", "link")
            button.setAccessibleName(action.label)
            button.setToolTip(plain_tooltip(action.tooltip))
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(self._clicked(action.name))
            line.addWidget(button)
        return holder

    def _clicked(self, action: str) -> Callable[[], None]:
        def emit() -> None:
            if self._shown is not None:
                self.action_requested.emit(self._shown, action)

        return emit

    def _make_room(self) -> None:
        """Tell the delegate how high the buttons of the chosen row are."""
        height = 0
        if self._buttons is not None and self._shown is not None and self._shown.actions:
            layout = self._buttons.layout()
            height = layout.heightForWidth(self.viewport().width()) - _BUTTONS_BOTTOM + 6
        self._delegate.buttons_height = height
