"""The header of the examples table: sorting, widths, which columns show and in which order."""

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QMenu, QTableView

from tunedesk.gui.examples.columns import PREVIEW_MINIMUM, Column, column_looks
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _

SETTING_VERSION = 1
NUMBER_PADDING = 26


class TableHeader(QHeaderView):
    """Columns that the user can sort by, move, hide and drag wider; the preview takes the rest.

    Until the user has chosen columns, wide tables show more of them than narrow ones.

    Signals:
        sort_requested: Sort by this column; a second time turns the order round.
        changed: Columns were moved, hidden, shown or made wider by the user.
    """

    sort_requested = Signal(int)
    changed = Signal()

    def __init__(self, theme: Theme, table: QTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table
        self._looks = column_looks()
        self._fitting = False
        self._chosen = False
        self._number_widened = False
        self.setFont(theme.font("small_strong"))
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(28)
        self.setSortIndicatorShown(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.sectionClicked.connect(self.sort_requested)
        self.sectionResized.connect(self._on_section_resized)
        self.sectionMoved.connect(self._on_section_moved)

    def set_up(self) -> None:
        """Give the columns their first widths, once the model is there."""
        self._fitting = True
        for column, look in self._looks.items():
            self.resizeSection(column, look.width)
        self._fitting = False
        self.fit()

    def make_room_for(self, largest: int) -> None:
        """Make the column of numbers as wide as the largest needs.

        It becomes narrow again when there are fewer, unless the user made it wider just now.
        """
        needed = self.fontMetrics().horizontalAdvance(f"{largest:,}") + NUMBER_PADDING
        needed = max(needed, self._looks[Column.NUMBER].width)
        width = self.sectionSize(Column.NUMBER)
        if width < needed or (width > needed and not self._number_widened):
            self._fitting = True
            self.resizeSection(Column.NUMBER, needed)
            self._fitting = False
            self.fit()

    def show_sort(self, column: Column | None, descending: bool) -> None:
        """Show by which column the rows are sorted; the order they came in shows nothing."""
        self.setSortIndicatorShown(column is not None)
        if column is not None:
            order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
            self.setSortIndicator(int(column), order)

    def fit(self) -> None:
        """Choose the columns that have room, unless the user did, and fill the width."""
        if self._fitting or self.count() != len(Column):
            return
        self._fitting = True
        width = self._table.viewport().width()
        if not self._chosen:
            for column, look in self._looks.items():
                self.setSectionHidden(column, width < look.from_width)
        others = sum(
            self.sectionSize(column)
            for column in Column
            if column != Column.PREVIEW and not self.isSectionHidden(column)
        )
        if not self.isSectionHidden(Column.PREVIEW):
            self.resizeSection(Column.PREVIEW, max(PREVIEW_MINIMUM, width - others))
        self._fitting = False

    def choose(self, column: Column, shown: bool) -> None:
        """Show or hide a column, as the user wishes."""
        self._chosen = True
        self.setSectionHidden(column, not shown)
        self.fit()
        self.changed.emit()

    def reset(self) -> None:
        """Go back to the columns of the beginning."""
        self._fitting = True
        self._chosen = self._number_widened = False
        for column, look in self._looks.items():
            self.moveSection(self.visualIndex(column), int(column))
            self.resizeSection(column, look.width)
        self._fitting = False
        self.fit()
        self.changed.emit()

    def layout_to_json(self) -> dict[str, object]:
        """Widths, order and visibility, to be kept in the settings."""
        stored = bytes(self.saveState().toBase64().data()).decode("ascii")
        return {"version": SETTING_VERSION, "chosen": self._chosen, "header": stored}

    def restore_layout(self, state: object) -> None:
        """Take up what `layout_to_json` gave; anything else is left alone."""
        if not isinstance(state, dict) or state.get("version") != SETTING_VERSION:
            return
        header = state.get("header")
        if isinstance(header, str):
            self._fitting = True
            self.restoreState(QByteArray.fromBase64(header.encode("ascii", "replace")))
            self._fitting = False
        self._chosen = state.get("chosen") is True
        if all(self.isSectionHidden(column) for column in Column):
            self.reset()
        self.fit()

    def menu(self) -> QMenu:
        """The menu of the header: which columns show."""
        menu = QMenu(self)
        menu.setAccessibleName(_("Columns"))
        shown = [column for column in Column if not self.isSectionHidden(column)]
        for column, look in self._looks.items():
            action = menu.addAction(look.title)
            action.setCheckable(True)
            action.setChecked(column in shown)
            action.setEnabled(column not in shown or len(shown) > 1)
            action.triggered.connect(
                lambda checked, column=column: self.choose(column, bool(checked))
            )
        menu.addSeparator()
        menu.addAction(_("Columns as at the start")).triggered.connect(self.reset)
        return menu

    def _show_menu(self, position: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(position))

    def _on_section_resized(self, section: int, _old: int, _new: int) -> None:
        if not self._fitting:
            self._chosen = True
            self._number_widened = self._number_widened or section == Column.NUMBER
            if section != Column.PREVIEW:
                self.fit()
            self.changed.emit()

    def _on_section_moved(self, *_indexes: int) -> None:
        if not self._fitting:
            self._chosen = True
            self.changed.emit()
