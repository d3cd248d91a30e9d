"""What a screen reader selects in a list becomes its current row, as by a click or an arrow key."""

from PySide6.QtCore import QItemSelection
from PySide6.QtWidgets import QAbstractItemView


def follow_selection(view: QAbstractItemView) -> None:
    """Make the row that is selected the current one, in a view where one row is chosen.

    A screen reader's "select" marks a row without moving to it; what is shown beside the list
    would then be another row's.
    """
    selection = view.selectionModel()

    def take(selected: QItemSelection, _before: QItemSelection) -> None:
        rows = selected.indexes()
        if rows and not selection.isSelected(selection.currentIndex()):
            view.setCurrentIndex(rows[0])

    selection.selectionChanged.connect(take)
