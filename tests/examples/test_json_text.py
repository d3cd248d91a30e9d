"""The parser that keeps places."""

import json
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.examples.strategies import json_values, spelled_json

from tunedesk.examples.json_text import (
    DEPTH_LIMIT,
    JsonSyntaxError,
    parse,
    parse_first,
    to_pointer,
)


@given(json_values, st.booleans(), st.sampled_from([None, 1, 4, "\t"]))
def test_it_reads_what_the_standard_library_reads(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse(text).value == json.loads(text)


@given(spelled_json)
def test_each_span_holds_the_spelling_of_its_value(text):
    for _, node in parse(text).walk():
        spelling = text[node.start : node.end]
        assert json.loads(spelling) == node.value
        for key, key_node, _ in node.members:
            assert json.loads(text[key_node.start : key_node.end]) == key


@given(st.text(alphabet="{}[]\",:\\ntrue\nfalse0123.eE+- \t\x00NaN'u"))
@example('{"a":1,}')
@example("[1 2]")
@example("-")
def test_it_refuses_what_the_standard_library_refuses(text):
    def refuse(name):
        raise ValueError(name)

    try:
        expected = json.loads(text, parse_constant=refuse)
    except ValueError:
        with pytest.raises(JsonSyntaxError):
            parse(text)
    else:
        assert parse(text).value == expected


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("", "empty", 1, 1),
        (" \n ", "empty", 2, 2),
        ('{"a": ', "unexpected_end", 1, 7),
        ('{"a": 1', "unexpected_end", 1, 8),
        ('{"a": "b', "unterminated_string", 1, 7),
        ('{"a":\n "b\tc"}', "control_character", 2, 4),
        (r'{"a": "b\x"}', "bad_escape", 1, 9),
        (r'{"a": "\u12"}', "bad_escape", 1, 8),
        ('{"a": NaN}', "not_a_number", 1, 7),
        ("[-Infinity]", "not_a_number", 1, 2),
        ("[01]", "bad_number", 1, 3),
        ("[+1]", "bad_number", 1, 2),
        ("[1.]", "bad_number", 1, 3),
        ("{'a': 1}", "single_quotes", 1, 2),
        ("['a']", "single_quotes", 1, 2),
        ("[True]", "python_literal", 1, 2),
        ("[x]", "expected_value", 1, 2),
        ("...", "bad_number", 1, 1),
        ("<<<<<<< HEAD", "expected_value", 1, 1),
        ("{1: 2}", "expected_key", 1, 2),
        ('{"a" 1}', "expected_colon", 1, 6),
        ('{"a": 1 "b": 2}', "expected_comma", 1, 9),
        ("[1, 2,]", "trailing_comma", 1, 6),
        ('{"a": 1,\r\n\r\n}', "trailing_comma", 1, 8),
        ('[\r\n1,\r2\n"]', "expected_comma", 4, 1),
        ("{} {}", "extra_text", 1, 4),
        ("nullx", "extra_text", 1, 5),
    ],
)
def test_it_names_reason_line_and_column(text, reason, line, column):
    with pytest.raises(JsonSyntaxError) as caught:
        parse(text)
    error = caught.value
    assert (error.reason_code, error.line, error.column) == (reason, line, column)
    assert pickle.loads(pickle.dumps(error)).offset == error.offset


def test_depth_ends_at_the_limit_and_never_in_a_crash():
    parse("[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT)
    for mark in ("[", '{"a":'):
        with pytest.raises(JsonSyntaxError) as caught:
            parse(mark * 200_000)
        assert caught.value.reason_code == "too_deep"


def test_duplicates_are_kept_and_named():
    root = parse('{"a": [{"b": 1, "b": 2, "c": 3, "b": 4}], "a~": 0, "a~": 1}')
    assert root.duplicates == [("a~",), ("a", 0, "b")]
    inner = root.find(("a", 0))
    assert [key for key, _, _ in inner.members] == ["b", "b", "c", "b"]
    assert inner.member("b").value == 4


def test_numbers_of_any_length_and_half_pairs_pass():
    long = "9" * 5000
    text = f'[1e2, {"1" * 30}, {long}, -0.0, "\\ud83d"]'
    items = parse(text).items
    assert [text[node.start : node.end] for node in items[:3]] == ["1e2", "1" * 30, long]
    assert items[1].value == int("1" * 30)
    assert items[4].value == "\ud83d"


def test_one_value_after_another():
    text = ' {"a": 1}\n\n[2] '
    first, end = parse_first(text)
    second, end = parse_first(text, end)
    assert (first.value, second.value, end) == ({"a": 1}, [2], len(text) - 1)


@given(st.lists(st.integers(0, 10**6) | st.text()).map(tuple))
def test_a_pointer_names_each_part_of_its_path(path):
    start, *parts = to_pointer(path).split("/")
    assert start == ""
    assert [part.replace("~1", "/").replace("~0", "~") for part in parts] == list(map(str, path))


def test_the_examples_of_the_standard():
    text = '{"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "7": 9}'
    pointers = {
        ("foo", 0): ("/foo/0", "bar"),
        ("",): ("/", 0),
        ("a/b",): ("/a~1b", 1),
        ("m~n",): ("/m~0n", 8),
        (7,): ("/7", 9),
    }
    root = parse(text)
    for path, (pointer, value) in pointers.items():
        node = root.find(path)
        assert node is not None
        assert (to_pointer(path), node.value) == (pointer, value)
    assert to_pointer(()) == ""
    assert root.find(()) is root


def test_a_key_of_digits_and_a_tilde_before_a_one():
    assert to_pointer(("~1", "01")) == "/~01/01"
