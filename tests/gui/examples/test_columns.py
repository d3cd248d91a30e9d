"""A click on a column sorts by it, turns the order round, and goes back."""

from tunedesk.gui.examples.columns import Column, query_sorted_by, shown_sort
from tunedesk.project.query import ExampleQuery


def test_clicks_on_a_column_sort_turn_and_go_back():
    query = query_sorted_by(ExampleQuery(), Column.TOKENS)
    assert (query.sort, query.descending) == ("tokens", True)
    assert shown_sort(query) == Column.TOKENS
    query = query_sorted_by(query, Column.TOKENS)
    assert (query.sort, query.descending) == ("tokens", False)
    query = query_sorted_by(query, Column.TOKENS)
    assert query == ExampleQuery()
    assert shown_sort(query) is None
    assert query_sorted_by(query, Column.NUMBER).descending
