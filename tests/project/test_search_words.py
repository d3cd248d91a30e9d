"""How a search is read, and the marks of its hits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.project.search_words import fold, hits, match_expression, matches, phrases


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
def test_folding_folded_text_changes_nothing(text):
    once = fold(text)
    assert fold(once).split() == once.split()
