"""Paths and their pointers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.examples.json_path import from_pointer, to_pointer
from tunedesk.examples.json_text import parse

INDEX = st.integers(0, 10**6)
NOT_A_NUMBER = st.text().filter(lambda key: not (key.isascii() and key.isdigit()))


@given(st.lists(INDEX | NOT_A_NUMBER).map(tuple))
def test_a_path_comes_back_from_its_pointer(path):
    assert from_pointer(to_pointer(path)) == path


def test_the_examples_of_the_standard():
    text = '{"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "7": 9}'
    pointers = {"/foo/0": "bar", "/": 0, "/a~1b": 1, "/m~0n": 8, "/7": 9}
    root = parse(text)
    for pointer, value in pointers.items():
        node = root.find(from_pointer(pointer))
        assert node is not None
        assert node.value == value
    assert to_pointer(()) == ""
    assert root.find(from_pointer("")) is root


def test_a_key_of_digits_and_a_tilde_before_a_one():
    assert to_pointer(("~1", "01")) == "/~01/01"
    assert from_pointer("/~01/01") == ("~1", "01")
    assert from_pointer("/" + "9" * 5000) == ("9" * 5000,)


def test_what_is_no_pointer_is_refused():
    with pytest.raises(ValueError, match="slash"):
        from_pointer("messages/0")
