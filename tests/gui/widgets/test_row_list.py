"""Rows of the side panel's lists: replaced by their keys, so that a choice stays."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QListWidget, QStyledItemDelegate

from tunedesk.gui.widgets.row_list import ROW, RowList, RowListModel, follow_selection

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


class Row(NamedTuple):
    key: int
    text: str


class Rows(RowListModel):
    def row_text(self, row, role):
        return row.text if role == Qt.ItemDataRole.DisplayRole else None


rows = st.lists(
    st.builds(Row, st.integers(0, 8), st.sampled_from("abc")), unique_by=lambda r: r.key
)


@given(st.lists(rows))
def test_the_last_rows_show(series):
    model = Rows()
    tester = QAbstractItemModelTester(model, FATAL)
    for new in series:
        model.set_rows(new)
        assert model.rows() == new
        assert [model.index(n).data(ROW) for n in range(model.rowCount())] == new
        assert [model.index(n).data() for n in range(model.rowCount())] == [r.text for r in new]
    del tester


def test_a_row_that_stays_keeps_its_choice():
    model = Rows()
    model.set_rows([Row(1, "one"), Row(2, "two"), Row(3, "three")])
    chosen = QPersistentModelIndex(model.index(2))
    model.set_rows([Row(0, "new"), Row(1, "one"), Row(3, "THREE")])
    assert chosen.data(ROW) == Row(3, "THREE")
    assert chosen.row() == 2


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


def test_the_list_names_the_chosen_row(qtbot):
    view = RowList("Rows", Rows(), QStyledItemDelegate())
    qtbot.addWidget(view)
    assert view.chosen() is None
    assert view.chosen_key() is None
    view.row_model.set_rows([Row(1, "a"), Row(2, "b")])
    view.setCurrentIndex(view.row_model.index(1))
    view.row_model.set_rows([Row(0, "c"), Row(1, "a"), Row(2, "d")])
    assert view.chosen() == Row(2, "d")
    assert view.chosen_key() == 2
    assert view.accessibleName() == "Rows"
