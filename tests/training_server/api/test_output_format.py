"""response_format, tool_choice and logit_bias, asked for by the SDK of a running server."""

import json
from typing import Literal

import openai
import pytest
from pydantic import BaseModel
from tests.openai_document import ANSWERS
from tests.training_server.conftest import TOOLS

QUESTION = [{"role": "user", "content": "Who is it?"}]
SCHEMA = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["age"],
    "additionalProperties": False,
}


class Person(BaseModel):
    kind: Literal["guest", "member"]
    is_new: bool


def ask(client, **options):
    options = {"model": "tunedesk-starter", "messages": QUESTION, "seed": 1, **options}
    return client.chat.completions.create(**{"max_tokens": 400, **options})


def by_schema(strict=True, schema=SCHEMA):
    inner = {"name": "person", "schema": schema, "strict": strict}
    return {"type": "json_schema", "json_schema": inner}


def test_the_sdk_parses_what_a_class_asks_for(client):
    answer = client.chat.completions.parse(
        model="tunedesk-starter", messages=QUESTION, response_format=Person, max_tokens=99
    )
    assert isinstance(answer.choices[0].message.parsed, Person)
    with client.chat.completions.stream(
        model="tunedesk-starter", messages=QUESTION, response_format=Person, max_tokens=99
    ) as stream:
        kinds = {event.type for event in stream}
        assert "content.done" in kinds
        message = stream.get_final_completion().choices[0].message
    assert isinstance(message.parsed, Person)


@pytest.mark.parametrize("strict", [True, False, None])
def test_answers_by_a_schema_streamed_and_not(client, strict):
    options = {"response_format": by_schema(strict), "n": 2, "logprobs": True}
    answer = ask(client, **options)
    texts = [choice.message.content for choice in answer.choices]
    assert [choice.finish_reason for choice in answer.choices] == ["stop"] * 2
    assert all(0 <= json.loads(text)["age"] <= 99 for text in texts)
    tokens = [len(choice.logprobs.content) for choice in answer.choices]
    assert sum(tokens) == answer.usage.completion_tokens
    streamed = ["", ""]
    for chunk in ask(client, stream=True, **options):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == texts


def test_an_answer_that_is_cut_off_is_told_so_by_the_sdk(client):
    options = {"model": "tunedesk-starter", "messages": QUESTION, "max_tokens": 3}
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(response_format=Person, **options)


def test_a_json_object(client):
    answer = ask(client, response_format={"type": "json_object"}, max_tokens=20)
    assert answer.choices[0].message.content.startswith("{")
    assert ask(client, response_format={"type": "text"}, max_tokens=2).choices


def test_a_call_that_is_asked_for(client):
    named = {"type": "function", "function": {"name": "find_order"}}
    some = {"mode": "required", "tools": [named]}
    other = {"type": "function", "function": {"name": "other", "parameters": SCHEMA}}
    strict = {"name": "find_order", "strict": True, "parameters": SCHEMA}
    tools = [{"type": "function", "function": strict}, other]
    for choice in (named, "required", {"type": "allowed_tools", "allowed_tools": some}):
        options = {"tools": tools, "tool_choice": choice, "parallel_tool_calls": False}
        (answer,) = ask(client, **options).choices
        assert answer.finish_reason == "tool_calls"
        assert answer.message.content is None
        (call,) = answer.message.tool_calls
        assert call.function.name == "find_order" or choice == "required"
        assert list(json.loads(call.function.arguments)) == ["age"]
        chunks = [chunk.choices[0] for chunk in ask(client, stream=True, **options)]
        told = [call for chunk in chunks for call in chunk.delta.tool_calls or ()]
        assert [each.function.arguments for each in told] == [call.function.arguments]
        assert chunks[-1].finish_reason == "tool_calls"
        cut = ask(client, **{**options, "max_tokens": 9}).choices[0]
        assert (cut.finish_reason, cut.message.tool_calls) == ("length", None)
        assert not cut.message.content


def test_a_bias_forces_a_token(client):
    assert ask(client, logit_bias={"40": 100}, max_tokens=3).choices[0].message.content == "FFF"
    with pytest.raises(openai.BadRequestError, match="no token 999999") as refusal:
        ask(client, logit_bias={"999999": 1})
    assert refusal.value.param == "logit_bias"
    answer = client.completions.create(
        model="tunedesk-starter", prompt="a", logit_bias={"40": 100}, max_tokens=3
    )
    assert answer.choices[0].text == "FFF"


NAMED = {"type": "function", "function": {"name": "absent"}}
REFUSED = [
    ({"response_format": "json"}, "response_format", "invalid_type"),
    ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
    (
        {"response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        "missing_parameter",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        "response_format.json_schema.name",
        "missing_parameter",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
        "response_format.json_schema.name",
        "invalid_value",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": 1}}},
        "response_format.json_schema.schema",
        "invalid_type",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": 1}}},
        "response_format.json_schema.strict",
        "invalid_type",
    ),
    ({"response_format": by_schema(True, {"not": {}})}, "response_format", "invalid_json_schema"),
    (
        {"response_format": by_schema(True, {"not": {}}), "stream": True},
        "response_format",
        "invalid_json_schema",
    ),
    ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
    ({"tool_choice": NAMED, "tools": TOOLS}, "tool_choice", "invalid_value"),
    ({"tool_choice": NAMED}, "tool_choice", "invalid_value"),
    ({"tool_choice": "all", "tools": TOOLS}, "tool_choice", "invalid_value"),
    ({"tool_choice": {"type": "custom"}, "tools": TOOLS}, "tool_choice", "invalid_value"),
    (
        {"tool_choice": {"type": "function", "function": {}}, "tools": TOOLS},
        "tool_choice.function.name",
        "missing_parameter",
    ),
    (
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "none", "tools": TOOLS},
            },
            "tools": TOOLS,
        },
        "tool_choice.allowed_tools.mode",
        "invalid_value",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "a", "parameters": [1]}}]},
        "tools[0]",
        "invalid_value",
    ),
    ({"parallel_tool_calls": "no"}, "parallel_tool_calls", "invalid_type"),
    ({"logit_bias": {"a": 1}}, "logit_bias", "invalid_value"),
    ({"logit_bias": {"1": 101}}, "logit_bias", "invalid_value"),
    ({"logit_bias": {"1": True}}, "logit_bias", "invalid_value"),
    ({"logit_bias": [1]}, "logit_bias", "invalid_value"),
    ({"logit_bias": {str(at): 1 for at in range(2000)}}, "logit_bias", "invalid_value"),
]


@pytest.mark.parametrize(("options", "param", "code"), REFUSED)
def test_what_cannot_be_asked_for_is_refused_by_its_name(client, options, param, code):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(client, extra_body=options)
    assert (refusal.value.param, refusal.value.code) == (param, code)
    assert ANSWERS.problems_of("ErrorResponse", refusal.value.response.json()) == []
