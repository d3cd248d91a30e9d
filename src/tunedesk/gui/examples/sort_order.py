"""Which column a query is sorted by, and the query after a click on a column."""

from dataclasses import replace

from tunedesk.gui.examples.columns import Column, column_looks
from tunedesk.project.query import ExampleQuery

LARGEST_FIRST = frozenset((Column.TURNS, Column.TOKENS, Column.PROBLEMS, Column.CHANGED))
"""Who sorts by these looks for the most, or the latest, first."""


def shown_sort(query: ExampleQuery) -> Column | None:
    """The column that the header marks; None for the order the examples came in."""
    if query.sort == "number" and not query.descending:
        return None
    for column, look in column_looks().items():
        if look.sort == query.sort:
            return column
    return None


def query_sorted_by(query: ExampleQuery, column: Column) -> ExampleQuery:
    """The query sorted by a column; a second time turns it round, a third goes back."""
    sort = column_looks()[column].sort
    first = column in LARGEST_FIRST
    if query.sort != sort:
        return replace(query, sort=sort, descending=first)
    if sort == "number":
        return replace(query, descending=not query.descending)
    if query.descending == first:
        return replace(query, descending=not first)
    return replace(query, sort="number", descending=False)
