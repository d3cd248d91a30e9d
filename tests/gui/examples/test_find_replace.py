"""The choices of find and replace as a pattern; wrong expressions are told in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.errors import UserError
from tunedesk.gui.examples.find_replace import FindOptions


@given(st.text(min_size=1))
def test_plain_words_find_themselves(words):
    assert FindOptions(words, match_case=True).pattern().search(f"x{words}y")


def test_capitals_count_only_when_asked():
    assert FindOptions("doctor").pattern().search("Ask a DOCTOR")
    assert not FindOptions("doctor", match_case=True).pattern().search("Ask a DOCTOR")


def test_whole_words_leave_longer_words_alone():
    pattern = FindOptions("pill", whole_words=True).pattern()
    assert pattern.search("one pill.")
    assert not pattern.search("two pills")
    assert FindOptions("mg.", whole_words=True).pattern().search("5 mg. a day")


@pytest.mark.parametrize("expression", ["(", "[a", "*a", "a**", "\\", "(?P<1>a)", "(?<!a+)b"])
def test_a_wrong_expression_is_a_sentence(expression):
    with pytest.raises(UserError) as raised:
        FindOptions(expression, regular=True).pattern()
    assert raised.value.sentence.startswith("This regular expression cannot be read: ")
    assert raised.value.advice


def test_a_group_that_is_not_there_is_a_sentence():
    with pytest.raises(UserError, match="The replacement cannot be read"):
        FindOptions("(a)", r"\2", regular=True).pattern()
    assert FindOptions("(a)", r"\1b", regular=True).pattern().sub(r"\1b", "a") == "ab"
