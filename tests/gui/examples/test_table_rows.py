"""Splices turn one list of ids into another; hits are marked; selected rows are counted once."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QStringListModel

from tunedesk.gui.examples.table_rows import (
    RowSelection,
    around_first_hit,
    row_of,
    search_pattern,
    splice_between,
)

id_lists = st.lists(st.integers(1, 40), unique=True).map(lambda ids: array("q", ids))


@given(id_lists, id_lists)
def test_a_splice_turns_old_into_new(old, new):
    splice = splice_between(old, new)
    assert old[: splice.row] + splice.inserted + old[splice.row + splice.removed :] == new


@given(id_lists.filter(len), st.data())
def test_one_row_added_or_taken_away_is_a_splice_of_one(ids, data):
    row = data.draw(st.integers(0, len(ids) - 1))
    fewer = ids[:row] + ids[row + 1 :]
    assert splice_between(ids, fewer) == (row, 1, array("q"))
    assert splice_between(fewer, ids) == (row, 0, ids[row : row + 1])


@given(id_lists, st.integers(1, 40), st.integers(-3, 60))
def test_an_id_is_found_wherever_one_looks_first(ids, wanted, hint):
    expected = ids.index(wanted) if wanted in ids else -1
    assert row_of(ids, wanted, hint) == expected


@pytest.mark.parametrize(
    ("search", "text", "expected"),
    [
        ("fever", "Fever and fever", ["Fever", "fever"]),
        ("cough syrup", "A syrup for a cough", ["syrup", "cough"]),
        ('"cough syrup"', "cough  syrup, syrup", ["cough  syrup"]),
        ("syr*", "syrup", ["syr"]),
        ("薬", "この薬は", ["薬"]),
        ("a.b", "a.b axb", ["a.b"]),
        ("", "anything", []),
        ('""', "anything", []),
    ],
)
def test_hits(search, text, expected):
    pattern = search_pattern(search)
    found = [match.group() for match in pattern.finditer(text)] if pattern else []
    assert found == expected


def test_the_piece_around_the_first_hit_is_one_line():
    text = "word " * 100 + "the needle\nstands here " + "word " * 100
    piece = around_first_hit(text, "needle")
    assert "needle stands here" in piece
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert len(piece) <= 162


def test_no_hit_gives_no_piece():
    assert around_first_hit("nothing", "needle") == ""


def test_a_hit_with_other_accents_is_found_too():
    assert "Éclair" in around_first_hit("a " * 50 + "Éclair", "eclair")


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
    rows.update(chosen.selection())
    assert {row for row in range(30) if row in rows} == expected
    assert rows.count == len(expected)
    assert list(rows.ids(array("q", range(100, 130)))) == [100 + row for row in sorted(expected)]
