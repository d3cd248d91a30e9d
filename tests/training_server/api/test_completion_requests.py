"""What a chat may ask for, read without a server."""

import pytest

from tunedesk.training_server.api.completion_requests import ChatRequest, CompletionRequest
from tunedesk.training_server.web.responses import ApiError

USER = {"role": "user", "content": "Hi"}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in "ab"
]


def read(**options):
    return ChatRequest.read({"model": "m", "messages": [USER], **options})


def test_a_refusal_is_something_said():
    part = {"type": "refusal", "refusal": "No."}
    said = [
        USER,
        {"role": "assistant", "content": None, "refusal": "No.", "annotations": [], "audio": None},
        {"role": "assistant", "content": [{"type": "text", "text": "Well. "}, part]},
    ]
    messages = read(messages=said).messages
    assert messages[1] == {"role": "assistant", "content": None, "refusal": "No."}
    assert messages[2]["content"] == "Well. No."
    for wrong, param in (
        ([{"role": "assistant", "content": None}], "messages[0].content"),
        ([{"role": "user", "content": None, "refusal": "No."}], "messages[0].content"),
        ([{"role": "assistant", "refusal": ["No."]}], "messages[0].refusal"),
    ):
        with pytest.raises(ApiError) as refusal:
            read(messages=wrong)
        assert refusal.value.param == param


def test_what_changes_nothing_is_taken():
    asked = read(
        reasoning_effort="none",
        verbosity="medium",
        modalities=["text"],
        service_tier="auto",
        store=True,
        metadata={"a": "b"},
        response_format=None,
        tool_choice=None,
        tools=None,
        logit_bias=None,
        max_completion_tokens=5,
    )
    assert asked.parameters.max_tokens == 5
    assert asked.output.json_schema is None
    assert not asked.output.must_call


def test_the_tools_that_may_be_called():
    def names(**options):
        return [tool["function"]["name"] for tool in read(tools=TOOLS, **options).tools or ()]

    one = [{"type": "function", "function": {"name": "b"}}]
    some = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": one}}
    named = {"type": "function", "function": {"name": "a"}}
    assert names() == names(tool_choice="auto") == names(tool_choice="required") == ["a", "b"]
    assert names(tool_choice="none") == []
    assert names(tool_choice=some) == ["b"]
    # The model is told of all, also where it must call one.
    assert names(tool_choice=named) == ["a", "b"]
    output = read(tools=TOOLS, tool_choice=named, parallel_tool_calls=False).output
    assert (output.must_call, output.function, output.is_parallel) == (True, "a", False)
    output = read(tools=TOOLS, tool_choice=some).output
    assert (output.must_call, output.function, output.is_parallel) == (False, None, True)


def test_penalties_and_biases_of_both_requests():
    given = {"frequency_penalty": -2, "presence_penalty": 2, "logit_bias": {"7": -100, "9": 1.5}}
    completion = CompletionRequest.read({"model": "m", "prompt": "a", **given})
    for parameters in (read(**given).parameters, completion.parameters):
        assert parameters.frequency_penalty == -2
        assert parameters.presence_penalty == 2
        assert parameters.logit_bias == ((7, -100.0), (9, 1.5))
