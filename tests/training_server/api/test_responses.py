"""/v1/responses, asked by the SDK, which is strict about what it is answered."""

import json
import urllib.request
from typing import Literal

import openai
import pytest
from pydantic import BaseModel
from tests.openai_document import ANSWERS
from tests.training_server.conftest import KEY, TOOLS

from tunedesk.training_server.api.response_requests import ResponseRequest

STARTER = "tunedesk-starter"
TOOL = {"type": "function", **TOOLS[0]["function"]}
STRICT = {**TOOL, "name": "strict", "strict": True}
STRICT["parameters"] = {**TOOL["parameters"], "additionalProperties": False}


class Person(BaseModel):
    kind: Literal["guest", "member"]
    is_new: bool


def ask(client, **options):
    options = {"model": STARTER, "input": "Who is it?", "max_output_tokens": 200, **options}
    return client.responses.create(**options)


def test_a_text(client):
    answer = ask(client, instructions="Be brief.", max_output_tokens=5, metadata={"a": "b"})
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    (message,) = answer.output
    assert (message.type, message.status) == ("message", "incomplete")
    assert answer.output_text == message.content[0].text != ""
    assert (answer.usage.output_tokens, answer.metadata) == (5, {"a": "b"})
    assert answer.usage.total_tokens == answer.usage.input_tokens + 5
    assert answer.instructions == "Be brief."
    assert answer.store is False
    assert answer.usage.input_tokens > ask(client, max_output_tokens=1).usage.input_tokens


def check_order(events):
    """The rules of the order that OpenAI's events have."""
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] in ("response.completed", "response.incomplete")
    final = events[-1].response
    assert {event.response.id for event in events if hasattr(event, "response")} == {final.id}
    assert [event.response.status for event in events[:2]] == ["in_progress"] * 2
    begun, ended = [], []
    for event in events[2:-1]:
        number = event.output_index
        if event.type == "response.output_item.added":
            assert number == len(begun) == len(ended)
            assert event.item.status == "in_progress"
            begun.append(event.item.id)
        elif event.type == "response.output_item.done":
            assert event.item.status == final.output[number].status != "in_progress"
            ended.append(event.item.id)
        else:
            assert event.item_id == begun[number]
            assert number == len(ended)
    assert begun == ended == [item.id for item in final.output]
    return final


def test_the_events_of_a_text(client):
    options = {"top_logprobs": 2, "include": ["message.output_text.logprobs"]}
    events = list(ask(client, stream=True, max_output_tokens=6, **options))
    final = check_order(events)
    kinds = [event.type for event in events]
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert kinds[2:4] == ["response.output_item.added", "response.content_part.added"]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.incomplete",
    ]
    assert "".join(event.delta for event in deltas) == final.output_text == events[-4].text
    assert all(len(event.logprobs) == 1 for event in deltas)
    assert all(len(event.logprobs[0].top_logprobs) == 2 for event in deltas)
    assert len(final.output[0].content[0].logprobs) == final.usage.output_tokens == 6


def test_the_events_as_they_are_sent(server):
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    body = {"model": STARTER, "input": "Hi", "stream": True, "max_output_tokens": 2}
    sent = urllib.request.Request(f"{server.url}/responses", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(sent) as answer:
        text = answer.read().decode()
    events = text.strip().split("\n\n")
    for event in events:
        name, data = event.split("\n")
        assert name == f"event: {json.loads(data.removeprefix('data: '))['type']}"
    assert "[DONE]" not in text


def test_the_sdk_parses_what_a_class_asks_for(client):
    options = {"model": STARTER, "input": "Who is it?", "max_output_tokens": 99}
    answer = client.responses.parse(text_format=Person, **options)
    assert isinstance(answer.output_parsed, Person)
    assert answer.text.format.type == "json_schema"
    with client.responses.stream(text_format=Person, **options) as stream:
        check_order(list(stream))
        assert isinstance(stream.get_final_response().output_parsed, Person)
    answer = ask(client, text={"format": {"type": "json_object"}}, max_output_tokens=3)
    assert answer.output_text.startswith("{")


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "function", "name": "strict"},
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "strict"}],
        },
    ],
)
def test_a_call_and_its_answer(client, choice):
    tools = [TOOL, STRICT]
    answer = ask(client, tools=tools, tool_choice=choice, parallel_tool_calls=False)
    assert answer.status == "completed"
    (call,) = answer.output
    assert (call.type, call.name, call.status) == ("function_call", "strict", "completed")
    assert list(json.loads(call.arguments)) == ["number"]
    assert answer.output_text == ""
    said = [
        {"role": "user", "content": "Where is it?"},
        *(item.model_dump() for item in answer.output),
        {"type": "function_call_output", "call_id": call.call_id, "output": "On its way"},
    ]
    more = ask(client, input=said, tools=tools, max_output_tokens=3)
    assert more.output_text
    events = list(ask(client, tools=tools, tool_choice=choice, stream=True))
    final = check_order(events)
    kinds = [event.type.removeprefix("response.") for event in events[2:6]]
    assert kinds == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert events[4].arguments == final.output[0].arguments
    cut = ask(client, tools=tools, tool_choice=choice, max_output_tokens=4)
    assert (cut.status, cut.output) == ("incomplete", [])


def messages(given, **more):
    return ResponseRequest.read({"model": "a", "input": given, **more}).messages


def test_items_become_messages():
    call = {"type": "function_call", "name": "f", "arguments": "{}"}
    given = [
        {"role": "developer", "content": [{"type": "input_text", "text": "Be "}]},
        {"type": "message", "role": "user", "content": "Hi"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "I ", "annotations": []},
                {"type": "refusal", "refusal": "look"},
            ],
        },
        {**call, "call_id": "a"},
        {**call, "call_id": "b", "id": "fc_1"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {
            "type": "function_call_output",
            "call_id": "b",
            "output": [{"type": "input_text", "text": "2"}],
        },
        {**call, "call_id": "c"},
    ]

    def made(name):
        return {"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}}

    assert messages(given, instructions="Be kind.") == [
        {"role": "system", "content": "Be kind."},
        {"role": "system", "content": "Be "},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "I look", "tool_calls": [made("a"), made("b")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "assistant", "content": None, "tool_calls": [made("c")]},
    ]
    assert messages("Hi") == [{"role": "user", "content": "Hi"}]


USER = {"role": "user", "content": "Hi"}
SCHEMA = {"type": "json_schema", "name": "a", "strict": True, "schema": {"not": {}}}
REFUSED = [
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"background": True}, "background"),
    ({"truncation": "auto"}, "truncation"),
    ({"reasoning": {"effort": "high"}}, "reasoning.effort"),
    ({"temprature": 1}, "temprature"),
    ({"temperature": 3}, "temperature"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"top_logprobs": 21}, "top_logprobs"),
    ({"metadata": {"a": 1}}, "metadata"),
    ({"include": "all"}, "include"),
    ({"input": 5}, "input"),
    ({"input": []}, "input"),
    ({"input": [{"type": "reasoning"}]}, "input"),
    ({"input": ["Hi"]}, "input[0]"),
    ({"input": [USER, {"role": "pope", "content": "Hi"}]}, "input[1].role"),
    ({"input": [{"role": "user"}]}, "input[0].content"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
        "input[0].content[0]",
    ),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ({"input": [{"type": "web_search_call", "id": "x"}]}, "input[0].type"),
    ({"input": [{"type": "function_call", "call_id": "a", "name": "f"}]}, "input[0].arguments"),
    ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tools": [{"type": "function", "name": "a b"}]}, "tools[0].name"),
    ({"tools": [{"type": "function", "name": "a", "parameters": 1}]}, "tools[0].parameters"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "g"}}, "tool_choice"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ({"text": {"format": {"type": "json_schema", "name": "a"}}}, "text.format.schema"),
    ({"text": {"format": SCHEMA}}, "text.format"),
    ({"text": {"format": SCHEMA}, "stream": True}, "text.format"),
    (
        {
            "tools": [{**STRICT, "parameters": {"type": "object", "not": {}}}],
            "tool_choice": "required",
        },
        "tools[0].parameters",
    ),
    ({"input": "a" * 9000}, "input"),
]


@pytest.mark.parametrize(("options", "param"), REFUSED)
def test_what_cannot_be_asked_is_refused_by_its_name(client, options, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(client, extra_body=options)
    assert refusal.value.param == param
    assert ANSWERS.problems_of("ErrorResponse", refusal.value.response.json()) == []


def test_what_is_not_kept_is_not_found(client):
    with pytest.raises(openai.NotFoundError, match="does not store responses"):
        client.responses.retrieve("resp_1")
    with pytest.raises(openai.NotFoundError) as refusal:
        ask(client, model="absent")
    assert refusal.value.code == "model_not_found"
