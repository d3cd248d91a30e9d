"""The query of the table is kept in the settings; what is broken there is left out."""

import pytest

from tunedesk.gui.examples.view_state import query_from_json, query_to_json
from tunedesk.project.query import ExampleQuery

QUERIES = [
    ExampleQuery(),
    ExampleQuery(states=("approved", "draft"), problems=("any",), tags=("a", "")),
    ExampleQuery(tokens=(10, None), turns=(None, 4), search="two words", sort="tokens"),
    ExampleQuery(sources=("file.jsonl",), descending=True),
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_kept_query_comes_back(query):
    assert query_from_json(query_to_json(query)) == query


def test_lists_of_ids_are_not_kept():
    assert query_from_json(query_to_json(ExampleQuery(ids=(1, 2)))) == ExampleQuery()


@pytest.mark.parametrize(
    "stored", [None, 3, {"search": 3, "ids": [1], "sort": "x"}, {"turns": "ab"}]
)
def test_what_is_broken_is_left_out(stored):
    assert query_from_json(stored) == ExampleQuery()
