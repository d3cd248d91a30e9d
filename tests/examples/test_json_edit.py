"""Edits that touch one span."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.examples.strategies import json_values, spelled_json, spelled_objects

from tunedesk.examples.json_edit import (
    SpelledJson,
    insert_item,
    move_item,
    on_one_line,
    raw_value,
    remove,
    remove_occurrence,
    rename_key,
    replace_value,
    set_member,
)
from tunedesk.examples.json_text import parse

ODD = '{"a":1e2,  "b": "\\ud83d", "c":[ 1 ,2],"d": 123456789012345678901234567890, "e": {}}'


@given(spelled_json, json_values, st.data())
def test_a_replacement_changes_only_the_span(text, value, data):
    path, node = data.draw(st.sampled_from(list(parse(text).walk())))
    node = parse(text).find(path)  # of a key that stands twice, the last
    assume(node is not None)
    edited = replace_value(text, path, value)
    assert edited.startswith(text[: node.start])
    assert edited.endswith(text[node.end :])
    assert parse(edited).find(path).value == json.loads(json.dumps(value))
    edited.encode()


@given(spelled_json, st.data())
def test_a_value_put_in_as_it_was_changes_nothing(text, data):
    path, _ = data.draw(st.sampled_from(list(parse(text).walk())))
    assume(parse(text).find(path) is not None)
    assert replace_value(text, path, raw_value(text, path)) == text


@given(spelled_objects, st.sampled_from(["a", "b", "new"]), json_values)
def test_a_member_is_set_and_the_others_keep_their_spelling(text, key, value):
    before = parse(text)
    edited = set_member(text, (), key, value)
    after = parse(edited)
    assert after.value == {**before.value, key: json.loads(json.dumps(value))}
    if before.member(key) is None:
        assert remove(edited, (key,)).split() == text.split() or not before.members


@given(spelled_objects, st.data())
def test_a_removed_member_takes_only_its_comma_along(text, data):
    root = parse(text)
    assume(root.members)
    key = data.draw(st.sampled_from(sorted(root.value)))
    after = parse(remove(text, (key,)))
    assert after.value == {name: v for name, v in root.value.items() if name != key}


lists = st.lists(spelled_json, min_size=1, max_size=5).map(lambda items: f"[ {' ,  '.join(items)}]")


@given(lists, json_values, st.data())
def test_an_inserted_item_is_taken_out_again_without_a_trace(text, value, data):
    items = parse(text).value
    index = data.draw(st.integers(0, len(items)))
    edited = insert_item(text, (), index, value)
    expected = [*items[:index], json.loads(json.dumps(value)), *items[index:]]
    assert parse(edited).value == expected
    assert remove(edited, (index,)) == text


@given(lists, st.data())
def test_moving_there_and_back_is_the_identity(text, data):
    items = parse(text).value
    numbers = st.integers(0, len(items) - 1)
    here, there = data.draw(numbers), data.draw(numbers)
    moved = move_item(text, (), here, there)
    items.insert(there, items.pop(here))
    assert parse(moved).value == items
    assert move_item(moved, (), there, here) == text


def test_the_odd_survives_every_edit():
    assert replace_value(ODD, ("e",), 1) == ODD.replace("{}", "1")
    assert set_member(ODD, (), "f", "ä") == ODD[:-1] + ',  "f":"ä"}'
    assert remove(ODD, ("c",)) == ODD.replace('"c":[ 1 ,2],', "")
    assert remove(ODD, ("c", 1)) == ODD.replace(" ,2", "")
    assert insert_item(ODD, ("c",), 0, None) == ODD.replace("[ 1", "[ null ,1")
    assert rename_key(ODD, ("d",), "ü") == ODD.replace('"d"', '"ü"')


def test_a_new_member_can_stand_behind_another():
    assert set_member('{"a":1,"c":3}', (), "b", 2, after="a") == '{"a":1,"b":2,"c":3}'
    assert set_member('{"a":1}', (), "b", 2, after="z") == '{"a":1,"b":2}'
    assert set_member("{ }", (), "b", [1, 2]) == '{"b": [1, 2]}'


def test_indentation_is_followed():
    text = '{\n\t"a": [\n\t\t1\n\t]\n}'
    assert insert_item(text, ("a",), 1, 2) == '{\n\t"a": [\n\t\t1,\n\t\t2\n\t]\n}'
    added = set_member(text, (), "b", {"c": [1]})
    expected = '{\n\t"a": [\n\t\t1\n\t],\n\t"b": {\n\t\t"c": [\n\t\t\t1\n\t\t]\n\t}\n}'
    assert added == expected
    assert replace_value(expected, ("b", "c"), [2]) == expected.replace("\t\t\t1\n", "\t\t\t2\n")


def test_escapes_follow_the_old_value():
    assert replace_value(r'["\u00e4"]', (0,), "ö") == r'["\u00f6"]'
    assert replace_value('["ä"]', (0,), "ö") == '["ö"]'
    assert replace_value(r'["\n\u0007"]', (0,), "ö") == '["ö"]'
    assert replace_value(r'["\\u00e4"]', (0,), "ö") == '["ö"]'
    assert replace_value('["ä"]', (0,), "ö\ud83d") == r'["ö\ud83d"]'


def test_a_key_that_stands_twice_goes_wholly_or_one_at_a_time():
    text = '{"a":1, "a":2, "b":3, "a":4}'
    assert remove(text, ("a",)) == '{"b":3}'
    assert remove_occurrence(text, ("a",), 1) == '{"a":1, "b":3, "a":4}'
    assert replace_value(text, ("a",), 5) == '{"a":1, "a":2, "b":3, "a":5}'


@pytest.mark.parametrize(
    "edit",
    [
        lambda: replace_value("{}", ("a",), 1),
        lambda: remove("[1]", (1,)),
        lambda: remove("{}", ("a",)),
        lambda: remove_occurrence('{"a":1}', ("a",), 1),
        lambda: set_member("[]", (), "a", 1),
        lambda: insert_item("{}", (), 0, 1),
        lambda: move_item("[1]", (), 0, 1),
        lambda: rename_key("{}", ("a",), "b"),
    ],
)
def test_what_is_not_there_is_a_key_error(edit):
    with pytest.raises(KeyError):
        edit()


def test_raw_json_goes_in_as_it_is():
    assert insert_item("[1,2]", (), 2, SpelledJson('{"x" :1}')) == '[1,2,{"x" :1}]'


@given(json_values)
def test_only_line_breaks_go(value):
    text = json.dumps(value, indent=2)
    assert on_one_line(text) == text.replace("\n", "")
    assert on_one_line(text.replace("\n", "\r\n")) == text.replace("\n", "")
    assert json.loads(on_one_line(text)) == value


@given(json_values)
def test_without_the_indentation_it_is_as_written_at_once(value):
    assert on_one_line(json.dumps(value, indent=3), drop_indentation=True) == json.dumps(value)


def test_a_line_break_inside_a_string_becomes_an_escape():
    assert on_one_line('{"a":\n"b\r\nc\\"\rd\ne"}') == r'{"a":"b\nc\"\nd\ne"}'
    assert on_one_line('{"a\n') == r'{"a\n'
    assert on_one_line("\u2028") == "\u2028"
