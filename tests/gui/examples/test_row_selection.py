"""Selected rows are counted once, found fast, and turned into ids."""

from array import array

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QStringListModel

from tunedesk.gui.examples.row_selection import RowSelection


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=5))
def test_rows_of_any_selection(pieces):
    model = QStringListModel([str(row) for row in range(30)])
    chosen = QItemSelectionModel(model)
    expected = set()
    for one, other in pieces:
        top, bottom = min(one, other), max(one, other)
        piece = QItemSelection(model.index(top, 0), model.index(bottom, 0))
        chosen.select(piece, QItemSelectionModel.SelectionFlag.Select)
        expected |= set(range(top, bottom + 1))
    rows = RowSelection()
    rows.take(chosen.selection())
    assert {row for row in range(30) if row in rows} == expected
    assert rows.count == len(expected)
    assert list(rows.ids(array("q", range(100, 130)))) == [100 + row for row in sorted(expected)]
