"""Fixes of tools and calls: the older form, texts in place of lists, bare functions."""

import json

import pytest

from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import fix_all
from tunedesk.examples.json_text import parse

ASKED = {"role": "user", "content": "Ticket price?"}
FUNCTION = {"name": "price", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture(scope="module")
def checker():
    return Checker(encoding=None)


def _fixed(record):
    fixed, count = fix_all(json.dumps(record))
    return json.loads(fixed), count


def test_the_older_form_of_calls_becomes_the_new_one(checker):
    text = json.dumps(
        {
            "messages": [
                {"role": "user", "content": "Heat the oven."},
                {
                    "role": "assistant",
                    "content": None,
                    "function_call": {"name": "oven", "arguments": "{}"},
                },
                {"role": "function", "name": "oven", "content": "done"},
                {"role": "assistant", "content": "It is hot."},
            ],
            "functions": [{"name": "oven", "parameters": {"type": "object", "properties": {}}}],
        }
    )
    fixed, _count = fix_all(text, {"function_call_legacy"})
    record = parse(fixed).value
    assert checker.check(fixed.encode()).problems == ()
    assert record["tools"][0]["function"]["name"] == "oven"
    assert record["messages"][1]["tool_calls"][0]["id"] == record["messages"][2]["tool_call_id"]
    assert record["messages"][2]["role"] == "tool"


def test_a_list_that_stands_as_a_text_is_taken_out_of_it():
    call = {"id": "a", "type": "function", "function": {"name": "price", "arguments": "{}"}}
    record = {
        "messages": [
            ASKED,
            {"role": "assistant", "content": "", "tool_calls": json.dumps([call])},
            {"role": "tool", "tool_call_id": "a", "content": "8"},
            {"role": "assistant", "content": "Eight."},
        ],
        "tools": json.dumps([{"type": "function", "function": FUNCTION}]),
    }
    fixed, count = _fixed(record)
    assert count == 2
    assert fixed["tools"] == [{"type": "function", "function": FUNCTION}]
    assert fixed["messages"][1]["tool_calls"] == [call]


@pytest.mark.parametrize("nothing", ["", "[]", " ", "null"])
def test_a_text_that_stands_for_no_tools_is_taken_out(nothing):
    answer = {"role": "assistant", "content": "Good day.", "tool_calls": nothing}
    fixed, _count = _fixed({"messages": [ASKED, answer], "tools": nothing})
    assert fixed == {"messages": [ASKED, {"role": "assistant", "content": "Good day."}]}


@pytest.mark.parametrize("text", ["none", '[{"function": {"name": "price"', "[1]", "7"])
def test_a_text_that_spells_no_list_of_tools_is_not_lost(text):
    record = {"messages": [ASKED, {"role": "assistant", "content": "x"}], "tools": text}
    assert _fixed(record) == (record, 0)


def test_a_bare_function_gets_its_frame(checker):
    record = {"messages": [ASKED, {"role": "assistant", "content": "x"}], "tools": [FUNCTION]}
    (problem,) = checker.check(json.dumps(record).encode()).problems
    assert (problem.code, problem.parameters["reason"]) == ("tool_invalid", "frame")
    fixed, count = _fixed(record)
    assert (fixed["tools"], count) == ([{"type": "function", "function": FUNCTION}], 1)


def test_arguments_that_were_encoded_twice():
    arguments = json.dumps(json.dumps({"what": "pupil"}))
    call = {"id": "x", "type": "function", "function": {"name": "price", "arguments": arguments}}
    messages = [ASKED, {"role": "assistant", "content": None, "tool_calls": [call]}]
    tools = [{"type": "function", "function": FUNCTION}]
    fixed, _count = _fixed({"messages": messages, "tools": tools})
    inner = fixed["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(inner) == {"what": "pupil"}


def _asked_and_answered(*calls, answers=1, last=True):
    called = {"role": "assistant", "content": None, "tool_calls": list(calls)}
    answered = [{"role": "tool", "content": "8"}] * answers
    ends = [{"role": "assistant", "content": "Eight."}] if last else []
    tools = [{"type": "function", "function": FUNCTION}]
    return {"messages": [ASKED, called, *answered, *ends], "tools": tools}


BARE_CALL = {"type": "function", "function": {"name": "price", "arguments": "{}"}}


def test_a_call_and_its_answer_without_an_id_get_one_that_they_share(checker):
    for call in (BARE_CALL, {"id": "", **BARE_CALL}, {"function": BARE_CALL["function"]}):
        fixed, _count = _fixed(_asked_and_answered(call))
        call_id = fixed["messages"][1]["tool_calls"][0]["id"]
        assert call_id
        assert fixed["messages"][2]["tool_call_id"] == call_id
        assert checker.check(json.dumps(fixed).encode()).problems == ()


def test_a_call_that_ends_the_example_gets_an_id_alone():
    fixed, _count = _fixed(_asked_and_answered(BARE_CALL, answers=0, last=False))
    assert fixed["messages"][1]["tool_calls"][0]["id"]


def test_which_answer_belongs_to_which_call_is_not_guessed():
    for record in (
        _asked_and_answered(BARE_CALL, BARE_CALL, answers=2),
        _asked_and_answered(BARE_CALL, answers=2),
        _asked_and_answered(BARE_CALL, answers=0),
        _asked_and_answered({"id": "a", **BARE_CALL}),
    ):
        fixed, count = _fixed(record)
        assert (fixed, count) == (record, 0)
