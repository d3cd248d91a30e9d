"""Queries in words, kept in the settings, and turned by clicks on columns."""

import pytest

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.examples.file_words import size_words, speed_words
from tunedesk.gui.examples.filter_words import length_words, sort_words, tags_words
from tunedesk.gui.examples.place_kept import query_from_json, query_to_json
from tunedesk.gui.examples.sort_order import query_sorted_by, shown_sort
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


def test_lengths_in_words():
    assert length_words(ExampleQuery(tokens=(None, 250))) == "up to 250 tokens"
    assert length_words(ExampleQuery(tokens=(65_537, None))) == "over 65,536 tokens"
    assert length_words(ExampleQuery(tokens=(10, 20), turns=(3, 3))) == "10 to 20 tokens, 3 turns"
    assert tags_words(("", "a")) == "none, a"
    assert sort_words(ExampleQuery()) == ""
    assert sort_words(ExampleQuery(sort="tokens", descending=True)) == "tokens ↓"


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


def test_sizes():
    assert size_words(12) == "12 B"
    assert size_words(1_234_567) == "1.2 MB"
    assert speed_words(31_000_000) == "31.0 MB/s"
