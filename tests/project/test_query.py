"""Filters, sorts and ranges against plain Python over the same examples."""

import random
from dataclasses import replace

import pytest
from tests.project.made_examples import new_example

from tunedesk.errors import UserError
from tunedesk.project.query import SORTS, STATES, ExampleQuery, query_from_json, query_to_json

CODES = ("blanks_around", "role_unknown", "few_messages_of_tomorrow", "mojibake")


@pytest.fixture
def mixed(project):
    """Sixty examples of all sorts, and what is known of each by id."""
    chance = random.Random(4)
    known = {}
    for number in range(60):
        codes = tuple(code for code in CODES if chance.random() < 0.25)
        new = new_example(
            chance.choice("bcdABÄ") + f" {number} " + chance.choice(("law", "drug", "tax")),
            *codes,
            tokens=chance.randrange(20),
            roles="ua" * chance.randrange(1, 4),
        )
        example_id = project.add_examples([new], state=chance.choice(STATES))[0]
        tags = tuple(sorted(tag for tag in ("x", "y") if chance.random() < 0.4))
        for tag in tags:
            project.add_tag([example_id], tag)
        known[example_id] = (new, codes, tags)
    project.delete(list(known)[::10])
    for deleted in list(known)[::10]:
        del known[deleted]
    return project, known


def found(project, query):
    ids = list(project.ids(query))
    assert project.count(query) == len(ids)
    assert list(project.first_ids(query, 7)) == ids[:7]
    assert project.totals(query).count == len(ids)
    return ids


@pytest.mark.parametrize("state", STATES)
def test_states(mixed, state):
    project, known = mixed
    rows = project.rows(list(known))
    assert found(project, ExampleQuery(states=(state,))) == [
        row.id for row in rows if row.state == state
    ]


def test_problems(mixed):
    project, known = mixed
    rows = {row.id: row for row in project.rows(list(known))}
    for code in CODES:
        assert found(project, ExampleQuery(problems=(code,))) == [
            example for example, (_new, codes, _tags) in known.items() if code in codes
        ]
    for kind, column in (("error", "errors"), ("warning", "warnings"), ("hint", "hints")):
        assert found(project, ExampleQuery(problems=(kind,))) == [
            example for example, row in rows.items() if getattr(row, column)
        ]
    assert found(project, ExampleQuery(problems=("any",))) == [e for e in known if known[e][1]]
    assert found(project, ExampleQuery(problems=("none",))) == [e for e in known if not known[e][1]]
    assert found(project, ExampleQuery(problems=("none", CODES[0]))) == [
        e for e in known if not known[e][1] or CODES[0] in known[e][1]
    ]
    counts = {code: sum(code in known[e][1] for e in known) for code in CODES}
    assert project.problem_counts() == counts
    assert list(project.problem_counts().values()) == sorted(counts.values(), reverse=True)


def test_tags(mixed):
    project, known = mixed
    for tags in (("x",), ("y",), ("x", "y"), ("",), ("", "y"), ("absent",)):
        assert found(project, ExampleQuery(tags=tags)) == [
            e for e in known if set(tags) & set(known[e][2] or ("",))
        ]
    assert {tag.name: tag.examples for tag in project.tags()} == {
        name: sum(name in known[e][2] for e in known) for name in ("x", "y")
    }


def test_ranges(mixed):
    project, known = mixed
    for low, high in ((None, None), (5, None), (None, 5), (5, 10), (30, 20)):
        assert found(project, ExampleQuery(tokens=(low, high))) == [
            e
            for e in known
            if (low is None or known[e][0].facts.tokens >= low)
            and (high is None or known[e][0].facts.tokens <= high)
        ]
    assert found(project, ExampleQuery(turns=(4, 4))) == [
        e for e in known if len(known[e][0].facts.roles) == 4
    ]


def test_search_with_filters_and_sort(mixed):
    project, known = mixed
    query = ExampleQuery(search="law ", tokens=(5, None), sort="tokens", descending=True)
    wanted = [e for e in known if b"law" in known[e][0].text and known[e][0].facts.tokens >= 5]
    wanted.sort(key=lambda e: -known[e][0].facts.tokens)
    assert found(project, query) == wanted
    while project.fill_search(1):
        pass
    assert found(project, query) == wanted


def test_ids_and_sources(mixed):
    project, known = mixed
    some = tuple(known)[5:9]
    assert found(project, ExampleQuery(ids=some[::-1])) == list(some)
    assert found(project, ExampleQuery(ids=())) == []
    assert found(project, ExampleQuery(sources=("written",))) == list(known)
    assert found(project, ExampleQuery(sources=("other.jsonl",))) == []


def test_sorts(mixed):
    project, known = mixed
    rows = project.rows(list(known))
    keys = {
        "number": lambda row: row.number,
        "state": lambda row: STATES.index(row.state),
        "turns": lambda row: row.turns,
        "tokens": lambda row: row.tokens,
        "trained": lambda row: row.trained_tokens,
        "problems": lambda row: (row.errors, row.warnings, row.hints),
        "changed": lambda row: row.changed_at,
        "source": lambda row: row.number,
    }
    for sort, key in keys.items():
        up = [row.id for row in sorted(rows, key=key)]
        assert found(project, ExampleQuery(sort=sort)) == up
    for sort in ("turns", "tokens", "problems"):
        down = [row.id for row in sorted(rows, key=keys[sort], reverse=True)]
        assert found(project, ExampleQuery(sort=sort, descending=True)) == down
    assert found(project, ExampleQuery(descending=True)) == [row.id for row in rows][::-1]
    by_preview = project.rows(found(project, ExampleQuery(sort="preview")))
    starts = [row.preview[:40].lower() for row in by_preview]
    assert starts == sorted(starts)
    for sort in SORTS:
        assert sorted(found(project, ExampleQuery(sort=sort, descending=True))) == list(known)


def test_unknown_names_are_told(project):
    with pytest.raises(UserError, match="no state “done”"):
        project.count(ExampleQuery(states=("done",)))
    with pytest.raises(UserError, match="no order “colour”"):
        project.ids(ExampleQuery(sort="colour"))


def test_unfiltered():
    query = ExampleQuery(sort="tokens", descending=True)
    assert query.unfiltered
    assert not replace(query, search="x").unfiltered


def test_reading_ids_can_be_cancelled(project):
    project.add_examples([new_example(str(number)) for number in range(5000)])

    def cancel(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.ids(ExampleQuery(), cancel)
    assert project.count() == 5000


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


def test_duplicates_stand_group_by_group(project):
    ids = project.add_examples([new_example(words) for words in "abacadc"])
    query = ExampleQuery(duplicated=True)
    groups = [[ids[0], ids[2], ids[4]], [ids[3], ids[6]]]
    rows = found(project, query)
    assert rows in (groups[0] + groups[1], groups[1] + groups[0])
    assert found(project, replace(query, sort="changed")) == sorted(rows)
    assert query_from_json(query_to_json(query)) == query
    project.delete([ids[6]])
    assert found(project, query) == groups[0]
    assert not query.unfiltered
