"""Records read as conversations."""

import json

import pytest
from hypothesis import given
from tests.examples.strategies import json_values, spelled_json

from tunedesk.examples.conversation import (
    Conversation,
    ImagePart,
    OtherPart,
    TextPart,
)
from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.examples.kinds.conversation import NEW_EXAMPLE_TEXT


def test_a_conversation_with_everything():
    tool = {"type": "function", "function": {"name": "look", "description": "L", "parameters": {}}}
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
    text = json.dumps(
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "name": "ann", "content": "Hi"},
                {"role": "assistant", "tool_calls": [call], "weight": 0},
                {"role": "tool", "tool_call_id": "c1", "content": "seen"},
                {"role": "assistant", "content": None, "refusal": "No."},
                {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            ],
            "tools": [tool],
            "parallel_tool_calls": False,
            "meta": {"n": 1},
        }
    )
    talk = Conversation.from_text(text)
    system, user, asks, answer, refuses, older = talk.messages
    assert (system.role, system.text, system.content_kind) == ("system", "Be kind.", "string")
    assert user.name == "ann"
    assert asks.weight == 0
    assert asks.content_kind == "missing"
    (found,) = asks.tool_calls
    assert (found.id, found.name, found.arguments) == ("c1", "look", '{"a": 1}')
    assert parse(text).find(found.path).value == call
    assert answer.tool_call_id == "c1"
    assert (refuses.refusal, refuses.content_kind, refuses.text) == ("No.", "null", "")
    assert older.function_call.name == "f"
    assert [(t.name, t.description, t.parameters) for t in talk.tools] == [("look", "L", "{}")]
    assert talk.parallel_tool_calls is False
    assert [(other.key, other.raw) for other in talk.other_keys] == [("meta", '{"n": 1}')]


def test_content_parts():
    text = json.dumps(
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "See"},
                        {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}},
                        {"type": "image_url", "image_url": "https://x.test"},
                        "bare",
                        {"type": "audio"},
                    ],
                }
            ]
        }
    )
    (message,) = Conversation.from_text(text).messages
    base = ("messages", 0, "content")
    assert message.parts == (
        TextPart((*base, 0), "See"),
        ImagePart((*base, 1), "data:x", "low"),
        ImagePart((*base, 2), "https://x.test", None),
        TextPart((*base, 3), "bare"),
        OtherPart((*base, 4), '{"type": "audio"}'),
    )
    assert message.text == "See\nbare"


def test_what_is_not_understood_is_shown_as_it_is_spelled():
    text = '{"messages": [7, {"role": 1, "content": 1e2, "weight": "1", "tool_calls": [[]]}]}'
    number, odd = Conversation.from_text(text).messages
    assert (number.is_object, number.text, number.role) == (False, "7", None)
    assert (odd.text, odd.content_kind, odd.weight) == ("1e2", "other", None)
    assert [(other.key, other.raw) for other in odd.other_keys] == [
        ("role", "1"),
        ("weight", '"1"'),
    ]
    assert odd.tool_calls[0].arguments == "[]"
    plain = Conversation.from_text('{"messages": {"a": 1}, "tools": "t"}')
    assert plain.messages == plain.tools == ()
    assert [other.key for other in plain.other_keys] == ["messages", "tools"]


@given(spelled_json)
def test_any_json_is_read(text):
    Conversation.from_text(text)
    Conversation.from_text(f'{{"messages": [{text}], "tools": [{text}]}}')


@given(json_values, json_values)
def test_any_value_may_stand_where_another_belongs(value, other):
    keys = ("role", "content", "name", "weight", "refusal", "tool_calls", "function_call")
    for key in keys:
        message = {"role": "user", key: value, "z": other}
        (read,) = Conversation.from_text(json.dumps({"messages": [message]})).messages
        assert "z" in {raw.key for raw in read.other_keys}


def test_what_is_no_json_is_said():
    with pytest.raises(JsonSyntaxError):
        Conversation.from_text('{"messages": [')


def test_a_new_example_has_the_three_roles():
    roles = [message.role for message in Conversation.from_text(NEW_EXAMPLE_TEXT).messages]
    assert roles == ["system", "user", "assistant"]
