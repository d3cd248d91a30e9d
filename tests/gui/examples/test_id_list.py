"""Splices turn one list of ids into another, and ids are found in any order."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.gui.examples.id_list import row_of, splice_between

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
