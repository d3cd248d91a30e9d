"""How a search is read, the marks of its hits, and the same answer before and after filling."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.project.made_examples import add, example_text, facts_of, retype

from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.search import fold, hits, match_expression, matches, phrases


@pytest.mark.parametrize(
    ("search", "expression"),
    [
        ("two words", '"two" AND "words" *'),
        ("two words ", '"two" AND "words"'),
        ('"two words" more ', '"two words" AND "more"'),
        ('open "quote', '"open" AND "quote"'),
        ("e-mail ", '"e mail"'),
        ("药房", '"药 房"'),
        ("()*^:", ""),
        ("Ünï ", '"uni"'),
    ],
)
def test_a_search_is_read_as_phrases(search, expression):
    assert match_expression(search) == expression


@pytest.mark.parametrize(
    ("text", "search", "marked"),
    [
        ("The pharmacy, the pharmacist", "pharma", ["pharma", "pharma"]),
        ("Das Café hat", "cafe ", ["Café"]),
        ("Das Cafe\u0301 hat", "cafe ", ["Cafe\u0301"]),
        ("今天药房开门", "药房", ["药房"]),
        ("Straße", "strasse", ["Straße"]),
        ("a e-mail b", "e-mail", ["e-mail"]),
        ("one two three", '"one two" three', ["one two", "three"]),
        ("nothing here", "absent", []),
        ("", "x", []),
    ],
)
def test_hits_are_spans_of_the_text_itself(text, search, marked):
    assert [text[begin:end] for begin, end in hits(text, search)] == marked


@given(text=st.text(max_size=60), search=st.text(max_size=12))
def test_a_text_has_hits_if_it_matches(text, search):
    spans = hits(text, search)
    if phrases(search) and matches(fold(text), search):
        assert spans
    assert all(0 <= begin < end <= len(text) for begin, end in spans)
    assert spans == sorted(spans)


@given(st.text(max_size=60))
@example("\u0e17\u0e33")
@example("\u0edc\u0eb3")
@example("\u309b\u309f\u30ff")
def test_folding_folded_text_changes_nothing(text):
    once = fold(text)
    assert fold(once).split() == once.split()


def test_a_letter_spelled_as_two_is_the_same_word():
    assert fold("\u0e17\u0e4d\u0e32") == fold("\u0e17\u0e33")


TEXTS = [
    "The pharmacist on duty",
    "Das Café hat geöffnet",
    "药房今天开门吗",
    "薬局は今日開いていますか",
    "오늘 약국이 열려 있나요",
    "ร้านขายยาเปิดไหม",
    "the quick brown fox",
    "a re-entrant e-mail O'Brien",
    "Straße и Ёлка",
]

SEARCHES = {
    "pharmacist": [0],
    "PHARM": [0],
    "pharm ": [],
    "harm": [],
    "cafe": [1],
    "geoffnet": [1],
    "今天": [2],
    "药房": [2],
    "今": [2, 3],
    "天今": [],
    "薬局": [3],
    "いて": [3],
    "약국": [4],
    "국이": [4],
    "ขายยา": [5],
    "ยา": [5],
    "the": [0, 6],
    '"quick brown"': [6],
    '"brown quick"': [],
    "brown quick": [6],
    "e-mail": [7],
    "o'brien": [7],
    "strasse": [8],
    "елка": [8],
    "": list(range(9)),
    '"': list(range(9)),
    "AND OR NOT NEAR( * ^": [],
}


@pytest.fixture
def filled(project):
    return project, [add(project, text) for text in TEXTS]


def answers(project, ids):
    return {
        search: [ids.index(found) for found in project.ids(ExampleQuery(search=search))]
        for search in SEARCHES
    }


def test_the_answer_is_the_same_before_during_and_after_filling(filled):
    project, ids = filled
    assert answers(project, ids) == SEARCHES
    while project.fill_search(0.01):
        pass
    assert answers(project, ids) == SEARCHES
    late = add(project, "A late pharmacist")
    assert list(project.ids(ExampleQuery(search="pharmacist"))) == [ids[0], late]
    assert list(project.first_ids(ExampleQuery(search="pharmacist"), 1)) == [ids[0]]
    assert project.count(ExampleQuery(search="pharmacist")) == 2


def test_an_edited_text_is_found_by_its_new_words_only(filled):
    project, ids = filled
    while project.fill_search(1):
        pass
    retype(project, ids[0], "Something else")
    assert list(project.ids(ExampleQuery(search="pharmacist"))) == []
    assert list(project.ids(ExampleQuery(search="something"))) == [ids[0]]
    project.undo()
    assert list(project.ids(ExampleQuery(search="pharmacist"))) == [ids[0]]


def test_typing_leaves_no_hits_of_what_was_typed_over(project):
    example = add(project, "zero")
    for word in ("alpha", "alphabet", "beta"):
        retype(project, example, word, merge_key="field")
        while project.fill_search(1):
            pass
    assert list(project.ids(ExampleQuery(search="alphabet"))) == []
    assert list(project.ids(ExampleQuery(search="beta"))) == [example]


def test_a_record_that_is_not_json_is_searched_as_it_is(project):
    broken = project.add_example("{broken pharmacy", facts_of("x"))
    assert list(project.ids(ExampleQuery(search="pharmacy"))) == [broken]
    while project.fill_search(1):
        pass
    assert list(project.ids(ExampleQuery(search="pharmacy"))) == [broken]


@given(search=st.text(max_size=30), text=st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_search_is_an_error_and_index_and_plain_look_agree(tmp_path_factory, search, text):
    path = tmp_path_factory.mktemp("search") / "Test.tunedesk"
    with Project.create(path) as project:
        record = example_text("x").replace('"x"', json.dumps(text))
        project.add_example(record, facts_of("x"))
        before = list(project.ids(ExampleQuery(search=search)))
        while project.fill_search(1):
            pass
        assert list(project.ids(ExampleQuery(search=search))) == before
