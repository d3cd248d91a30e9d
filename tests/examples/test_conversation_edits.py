"""The edits of a conversation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.examples import conversation_edits as edits
from tunedesk.examples.conversation import Conversation
from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.examples.kinds.conversation import NEW_EXAMPLE_TEXT

ODD = (
    '{"id":1e2, "messages":[{"role":"user","content":"a\\ud83d", "x":1.0},'
    '{"role":"assistant" ,"content":"b"}], "id":"twice"}'
)
PARTS = json.dumps(
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "one"},
                    {"type": "image_url", "image_url": {"url": "data:1"}},
                    {"type": "text", "text": "two"},
                ],
            },
            {"role": "user", "content": "three"},
        ]
    }
)
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def messages(text):
    return json.loads(text)["messages"]


def test_typing_leaves_the_rest_byte_for_byte():
    assert edits.set_message_text(ODD, 1, "ü\n") == ODD.replace('"b"', '"ü\\n"')
    assert edits.set_message_text(ODD, 1, "b") == ODD
    assert edits.set_role(ODD, 1, "tool") == ODD.replace('"assistant"', '"tool"')


@given(st.text(), st.text())
def test_any_text_can_be_written(first, second):
    text = edits.set_message_text(NEW_EXAMPLE_TEXT, 1, first)
    text = edits.set_message_text(text, 1, second)
    assert Conversation.from_text(text).messages[1].text == second
    json.loads(text.encode())


def test_a_text_goes_where_there_was_none():
    text = '{"messages":[{"role":"assistant","weight":1}, {"content":null}, {"content":3}]}'
    assert messages(edits.set_message_text(text, 0, "x"))[0] == {
        "role": "assistant",
        "content": "x",
        "weight": 1,
    }
    assert edits.set_message_text(text, 1, "") == text
    assert messages(edits.set_message_text(text, 1, "x"))[1] == {"content": "x"}
    assert messages(edits.set_message_text(text, 2, "3"))[2] == {"content": "3"}


def test_the_text_of_parts():
    (message, _) = messages(edits.set_message_text(PARTS, 0, "new"))
    assert [part["type"] for part in message["content"]] == ["text", "image_url"]
    assert message["content"][0]["text"] == "new"
    no_text = edits.remove_part(edits.remove_part(PARTS, 0, 2), 0, 0)
    assert messages(edits.set_message_text(no_text, 0, "new")) == messages(
        edits.set_message_text(PARTS, 0, "new")
    )


def test_fields_come_and_go():
    text = NEW_EXAMPLE_TEXT
    for edit, key, value in (
        (edits.set_name, "name", "ann"),
        (edits.set_weight, "weight", 0),
        (edits.set_refusal, "refusal", "no"),
        (edits.set_tool_call_id, "tool_call_id", "c1"),
    ):
        edited = edit(text, 2, value)
        assert messages(edited)[2][key] == value
        assert edit(edited, 2, None) == text
        assert edit(text, 2, None) == text


def test_messages_are_inserted_moved_copied_and_deleted():
    text = edits.insert_message(ODD, 1, "assistant", "hm")
    assert [m["content"] for m in messages(text)[1:]] == ["hm", "b"]
    assert edits.delete_message(text, 1) == ODD
    moved = edits.move_message(text, 0, 2)
    assert [m["content"] for m in messages(moved)] == ["hm", "b", "a\ud83d"]
    assert edits.move_message(moved, 2, 0) == text
    assert edits.delete_message(edits.duplicate_message(ODD, 0), 0) == ODD
    assert messages(edits.insert_message('{"a":1}', 0, "user")) == [{"role": "user", "content": ""}]


def test_a_tool_message_answers_the_call_that_waits():
    first, second = dict(CALL, id="c1"), dict(CALL, id="c2")
    talk = [
        {"role": "assistant", "tool_calls": [first, second]},
        {"role": "tool", "tool_call_id": "c1", "content": ""},
    ]
    text = edits.insert_message(json.dumps({"messages": talk}), 2, "tool", "x")
    assert messages(text)[2] == {"role": "tool", "tool_call_id": "c2", "content": "x"}


@given(st.text(min_size=1), st.data())
def test_a_split_message_says_the_same_in_two(words, data):
    at = data.draw(st.integers(0, len(words)))
    text = edits.set_weight(edits.set_message_text(NEW_EXAMPLE_TEXT, 2, words), 2, 0)
    _, _, first, second = messages(edits.split_message(text, 2, at))
    assert (first["content"], second["content"]) == (words[:at], words[at:])
    assert first["weight"] == second["weight"] == 0


def test_a_split_leaves_the_calls_with_the_second():
    talk = {"messages": [{"role": "assistant", "content": "ab", "tool_calls": [CALL]}]}
    first, second = messages(edits.split_message(json.dumps(talk), 0, 1))
    assert "tool_calls" not in first
    assert second == {"role": "assistant", "content": "b", "tool_calls": [CALL]}


@pytest.mark.parametrize(
    ("at", "first", "second"),
    [
        (0, [""], ["one", 1, "two"]),
        (1, ["o"], ["ne", 1, "two"]),
        (3, ["one"], [1, "two"]),
        (4, ["one", 1], ["two"]),
        (5, ["one", 1, "t"], ["wo"]),
        (7, ["one", 1, "two"], [""]),
    ],
)
def test_parts_are_split_where_the_text_is(at, first, second):
    split = messages(edits.split_message(PARTS, 0, at))
    assert len(split) == 3
    for message, expected in zip(split, (first, second), strict=False):
        assert [part.get("text", 1) for part in message["content"]] == expected


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("a", "b", "a\n\nb"),
        ("a ", "b", "a b"),
        ("a", "\nb", "a\nb"),
        ("", "b", "b"),
        ("a", "", "a"),
    ],
)
def test_two_texts_are_merged(first, second, joined):
    talk = {"messages": [{"role": "user", "content": first}, {"role": "x", "content": second}]}
    assert messages(edits.merge_with_next(json.dumps(talk), 0)) == [
        {"role": "user", "content": joined}
    ]


def test_a_merge_loses_no_call_and_no_key():
    talk = [
        {"role": "assistant", "weight": 1, "tool_calls": [CALL]},
        {
            "role": "assistant",
            "content": "b",
            "weight": 0,
            "z": 1,
            "tool_calls": [dict(CALL, id="c2")],
        },
    ]
    (merged,) = messages(edits.merge_with_next(json.dumps({"messages": talk}), 0))
    assert merged == {
        "role": "assistant",
        "weight": 1,
        "content": "b",
        "z": 1,
        "tool_calls": [CALL, dict(CALL, id="c2")],
    }
    del talk[0]["tool_calls"]
    (merged,) = messages(edits.merge_with_next(json.dumps({"messages": talk}), 0))
    assert merged["tool_calls"] == [dict(CALL, id="c2")]


def test_parts_and_text_are_merged_into_parts():
    (merged,) = messages(edits.merge_with_next(PARTS, 0))
    assert [part.get("text", 1) for part in merged["content"]] == ["one", 1, "two", "three"]
    (merged,) = messages(edits.merge_with_next(edits.move_message(PARTS, 0, 1), 0))
    assert [part.get("text", 1) for part in merged["content"]] == ["three", "one", 1, "two"]


def test_the_system_prompt_is_set_changed_and_taken_out():
    text = edits.set_system_prompt(ODD, "Be kind.")
    assert messages(text)[0] == {"role": "system", "content": "Be kind."}
    changed = edits.set_system_prompt(text, "Be brief.")
    assert changed == text.replace("Be kind.", "Be brief.")
    assert edits.set_system_prompt(changed, "") == ODD
    assert edits.set_system_prompt(ODD, "") == ODD
    developer = '{"messages": [{"role": "developer", "content": "x"}]}'
    assert edits.set_system_prompt(developer, "y") == developer.replace('"x"', '"y"')


def test_tool_calls_are_added_changed_and_removed():
    text = edits.add_tool_call(NEW_EXAMPLE_TEXT, 2, "look", '{"a": "ä"}')
    text = edits.add_tool_call(text, 2)
    first, second = messages(text)[2]["tool_calls"]
    assert first == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "look", "arguments": '{"a": "ä"}'},
    }
    assert second["id"] == "call_2"
    text = edits.set_tool_call(text, 2, 1, name="see", arguments="[]", id="z")
    assert messages(text)[2]["tool_calls"][1] == {
        "id": "z",
        "type": "function",
        "function": {"name": "see", "arguments": "[]"},
    }
    text = edits.remove_tool_call(edits.remove_tool_call(text, 2, 0), 2, 0)
    assert text == NEW_EXAMPLE_TEXT


def test_a_broken_tool_call_is_mended():
    text = '{"messages": [{"tool_calls": [{"function": {"arguments": {"a": 1}}}, {}]}]}'
    text = edits.set_tool_call(text, 0, 0, arguments='{"a": 1}')
    text = edits.set_tool_call(text, 0, 1, name="f")
    assert messages(text)[0]["tool_calls"] == [
        {"function": {"arguments": '{"a": 1}'}},
        {"function": {"name": "f"}},
    ]


def test_tools_are_set_as_they_are_spelled():
    tools = '[\n  {"type": "function",\n   "n": 1e2}\n]\n'
    text = edits.set_tools(ODD, tools)
    assert text == ODD[:-1] + ', "tools":[{"type": "function", "n": 1e2}]}'
    assert edits.set_tools(text, " ") == ODD
    assert edits.set_tools(ODD, "") == ODD
    with pytest.raises(JsonSyntaxError):
        edits.set_tools(ODD, "[")
    assert edits.set_parallel_tool_calls(ODD, False) == ODD[:-1] + ', "parallel_tool_calls":false}'
    assert edits.set_parallel_tool_calls(ODD, None) == ODD


def test_a_picture_comes_and_goes():
    text = edits.add_image_part(ODD, 0, "data:image/png;base64,AA==", detail="low")
    words, picture = messages(text)[0]["content"]
    assert words == {"type": "text", "text": "a\ud83d"}
    assert picture["image_url"] == {"url": "data:image/png;base64,AA==", "detail": "low"}
    assert edits.remove_part(text, 0, 1) == ODD
    only = edits.add_image_part(NEW_EXAMPLE_TEXT, 1, "data:x")
    assert len(messages(only)[1]["content"]) == 1
    assert edits.remove_part(only, 1, 0) == NEW_EXAMPLE_TEXT


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_a_message_that_is_not_there(index):
    for edit in (edits.set_message_text, edits.set_role, edits.set_name):
        with pytest.raises(KeyError):
            edit(ODD, index, "x")
    with pytest.raises(KeyError):
        edits.set_part_text(PARTS, 0, 9, "x")
    with pytest.raises(KeyError):
        edits.remove_tool_call(ODD, 0, 0)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=5)), max_size=4))
def test_edits_of_pretty_printed_records_stay_pretty(talk):
    record = {"messages": [{"role": role, "content": words} for role, words in talk]}
    text = edits.insert_message(json.dumps(record, indent=2), len(talk), "user", "x")
    record["messages"].append({"role": "user", "content": "x"})
    assert parse(text).value == record
    if talk:
        assert text == json.dumps(record, indent=2)
