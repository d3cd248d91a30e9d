from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QListWidget

from tunedesk.gui.widgets.follow_selection import follow_selection


def test_what_is_selected_without_a_click_becomes_the_current_row(qtbot):
    view = QListWidget()
    qtbot.addWidget(view)
    view.addItems(["one", "two", "three"])
    follow_selection(view)
    view.setCurrentRow(0)
    # What a screen reader's "select" does.
    index = view.model().index(2, 0)
    view.selectionModel().select(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    assert view.currentRow() == 2
    assert [item.text() for item in view.selectedItems()] == ["three"]
    view.selectionModel().clearSelection()
    assert view.currentRow() == 2
