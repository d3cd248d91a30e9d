"""The left part of the page: the table, what it says when it is empty, and the place below it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.empty_state import EmptyState
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

FOOTER = 30


class TablePane(QFrame):
    """Shows the table, or says that nothing matches; and always "37 of 128".

    Signals:
        clear_asked: Show all examples again.
        place_shown: The place of the current row (None: there is none) and how many there are.
    """

    clear_asked = Signal()
    place_shown = Signal(object, int)

    def __init__(
        self,
        *,
        model: ExampleTableModel,
        table: ExampleTable,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._table = table
        self.setProperty("surface", "surface")
        self._nothing = EmptyState(
            theme,
            "search",
            _("Nothing matches"),
            _("No example fits the search and the filters."),
        )
        clear = QPushButton(_("Clear filters"))
        clear.clicked.connect(self.clear_asked)
        self._nothing.add_button(clear)
        self._stack = QStackedWidget()
        self._stack.addWidget(table)
        self._stack.addWidget(self._nothing)
        self._place = Label(theme, "", "small", "muted")
        self._place.setToolTip(_("The place of the open example among those shown"))
        self._selected = Label(theme, "", "small", "muted")
        footer = QFrame()
        footer.setProperty("surface", "footer")
        footer.setFixedHeight(FOOTER)
        row = QHBoxLayout(footer)
        row.setContentsMargins(14, 0, 14, 0)
        row.addWidget(self._place)
        row.addStretch(1)
        row.addWidget(self._selected)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        column.addWidget(footer)
        table.selection_count_changed.connect(self._show_selected)
        for signal in (
            model.modelReset,
            model.rowsInserted,
            model.rowsRemoved,
            model.layoutChanged,
            model.complete,
            table.selectionModel().currentChanged,
        ):
            signal.connect(self.show_place)

    def show_place(self) -> None:
        """Show which row of how many is the current one."""
        count = self._model.rowCount()
        empty = not count and self._model.is_complete
        self._stack.setCurrentWidget(self._nothing if empty else self._table)
        row = self._table.currentIndex().row()
        self.place_shown.emit(row + 1 if row >= 0 else None, count)
        more = "" if self._model.is_complete else "+"
        words = _("{n} of {count}") if row >= 0 else _("{count} shown")
        self._place.setText(words.format(n=f"{row + 1:,}", count=f"{count:,}{more}"))

    def _show_selected(self, count: int) -> None:
        self._selected.setText(_("{n} selected").format(n=f"{count:,}") if count > 1 else "")
