"""Shows the menu of the selected rows, and the menu of tags, where they belong."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint

from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.row_actions import RowActions
from tunedesk.gui.examples.row_menu import row_menu, tag_menu
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.gui.examples.tag_menu import ask_tag

BELOW_ROW = QPoint(40, 2)


class RowMenus(QObject):
    """Pops the menus up when the table or the key for tags asks."""

    def __init__(
        self,
        *,
        actions: Actions,
        row_actions: RowActions,
        model: ExampleTableModel,
        table: ExampleTable,
        tags: Callable[[], list[tuple[str, int]]],
    ) -> None:
        super().__init__(table)
        self._actions = actions
        self._row_actions = row_actions
        self._model = model
        self._table = table
        self._tags = tags
        table.menu_asked.connect(self.show_menu)
        row_actions.tag_menu_asked.connect(self.show_tags)

    def show_menu(self, place: QPoint) -> None:
        """Show what can be done with the selected rows."""
        row_menu(
            parent=self._table,
            actions=self._actions,
            row_actions=self._row_actions,
            model=self._model,
            tags=self._tags(),
        ).popup(place)

    def show_tags(self) -> None:
        """Show the tags of the selected rows, below the current one; without any, ask for one."""
        tags = self._tags()
        if not tags:
            rows = self._row_actions.rows()
            ask_tag(self._table, lambda tag, add: self._row_actions.tag(tag, add, rows))
            return
        menu = tag_menu(
            parent=self._table,
            row_actions=self._row_actions,
            model=self._model,
            tags=tags,
        )
        rect = self._table.visualRect(self._table.currentIndex())
        menu.popup(self._table.viewport().mapToGlobal(rect.bottomLeft() + BELOW_ROW))
