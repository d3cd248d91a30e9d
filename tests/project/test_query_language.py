"""The language of --where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.errors import UserError
from tunedesk.project.query import SORTS, STATES, ExampleQuery
from tunedesk.project.query_language import QUERY_HELP, parse_query, query_words


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", ExampleQuery()),
        ("   ", ExampleQuery()),
        ("state:approved", ExampleQuery(states=("approved",))),
        ("state:approved,draft", ExampleQuery(states=("approved", "draft"))),
        ("STATE:Changes-Wanted", ExampleQuery(states=("changes_wanted",))),
        ('tag:"family law" tag:tax', ExampleQuery(tags=("family law", "tax"))),
        ("tag:none", ExampleQuery(tags=("",))),
        ("problems:any", ExampleQuery(problems=("any",))),
        ("problems:errors", ExampleQuery(problems=("error",))),
        ("problem:blanks_around", ExampleQuery(problems=("blanks_around",))),
        ('source:"my file.jsonl"', ExampleQuery(sources=("my file.jsonl",))),
        ("source:file.jsonl", ExampleQuery(sources=("file.jsonl",))),
        ("tokens:100..500", ExampleQuery(tokens=(100, 500))),
        ("tokens:..500", ExampleQuery(tokens=(None, 500))),
        ("tokens:100..", ExampleQuery(tokens=(100, None))),
        ("tokens:120", ExampleQuery(tokens=(120, 120))),
        ("tokens:>100 tokens:<=500", ExampleQuery(tokens=(101, 500))),
        ("turns:>3", ExampleQuery(turns=(4, None))),
        ("turns:<3", ExampleQuery(turns=(None, 2))),
        ("turns:>=3", ExampleQuery(turns=(3, None))),
        ("sort:-tokens", ExampleQuery(sort="tokens", descending=True)),
        ("sort:changed", ExampleQuery(sort="changed")),
        ("two words", ExampleQuery(search="two words ")),
        (
            'state:draft words "an exact phrase" sort:preview',
            ExampleQuery(states=("draft",), search='words "an exact phrase" ', sort="preview"),
        ),
        ('"state:draft"', ExampleQuery(search='"state:draft" ')),
        ("12:30", ExampleQuery(search="12:30 ")),
    ],
)
def test_queries(text, query):
    assert parse_query(text) == query


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour:red", "“colour:”"),
        ("state:done", "“done”"),
        ("problems:many", "“many”"),
        ("tokens:many", "“tokens:many”"),
        ("tokens:..", "“tokens:..”"),
        ("turns:", "“turns:”"),
        ("sort:-colour", "“-colour”"),
        ("https://example.org", "“https:”"),
    ],
)
def test_what_is_not_understood_is_named(text, named):
    with pytest.raises(UserError, match=named) as caught:
        parse_query(text)
    assert named in caught.value.sentence


@given(st.text(max_size=40))
def test_any_text_is_a_query_or_a_user_error(text):
    try:
        query = parse_query(text)
    except UserError:
        return
    assert isinstance(query, ExampleQuery)


def test_the_help_names_all_filters_and_orders():
    for name in (
        "state",
        "approval",
        "duplicates",
        "tag",
        "problems",
        "problem",
        "source",
        "tokens",
        "turns",
        "sort",
    ):
        assert f"{name}:" in QUERY_HELP
    assert all(sort in QUERY_HELP for sort in SORTS)


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters='"'), min_size=1)
LIMITS = st.none() | st.integers(0, 10**9)
QUERIES = st.builds(
    ExampleQuery,
    states=st.lists(st.sampled_from(STATES), unique=True, max_size=3).map(tuple),
    problems=st.lists(st.sampled_from(("any", "none", "blanks_around")), max_size=3).map(tuple),
    tags=st.lists(NAMES.filter(lambda name: name != "none") | st.just(""), max_size=3).map(tuple),
    sources=st.lists(NAMES, max_size=2).map(tuple),
    tokens=st.tuples(LIMITS, LIMITS),
    turns=st.tuples(LIMITS, LIMITS),
    lapsed=st.booleans(),
    duplicated=st.booleans(),
    search=st.sampled_from(("", "two words ", '"state:draft" ', "12:30 ")),
    sort=st.sampled_from(SORTS),
    descending=st.booleans(),
)


@given(QUERIES)
def test_what_is_written_is_read_as_the_same(query):
    assert parse_query(query_words(query)) == query


@pytest.mark.parametrize(
    "query",
    [ExampleQuery(ids=(1,)), ExampleQuery(tags=('a "b"',)), ExampleQuery(tags=("none",))],
)
def test_what_words_cannot_say(query):
    assert query_words(query) is None
