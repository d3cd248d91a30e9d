"""The tokens of an example by the cookbook's formulas."""

import json

import pytest
from tests.catalogue.made_models import make_model

from tunedesk.catalogue.token_encodings import (
    DEFAULT_FORMULA,
    NO_IMAGES,
    ImageFormula,
    image_tokens,
    model_encoding,
)
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.tokens import count_example


@pytest.fixture
def words():
    """Counts words, so that the formulas can be followed by hand."""
    return lambda text: len(text.split())


def _count(record, words):
    return count_example(record, words, DEFAULT_FORMULA)


def test_text_is_exact(words):
    messages = [
        {"role": "system", "content": "Be kind to all"},
        {"role": "user", "content": "Hi", "name": "anna"},
        {"role": "assistant", "content": "Hello there"},
    ]
    counts = _count({"messages": messages}, words)
    assert counts.per_message == (3 + 1 + 4, 3 + 1 + 1 + 1 + 1, 3 + 1 + 2)
    assert counts.messages == 21 + 3
    assert counts.trained == 2
    assert (counts.tools, counts.images) == (0, 0)


def test_the_text_parts_of_a_list_count(words):
    parts = [{"type": "text", "text": "one two"}, {"type": "text", "value": "lost"}, "odd", None]
    counts = _count({"messages": [{"role": "user", "content": parts}]}, words)
    assert counts.per_message == (3 + 1 + 2,)


def test_what_is_not_trained_does_not_count_as_trained(words):
    messages = [
        {"role": "assistant", "content": "one two", "weight": 0},
        {"role": "assistant", "content": "three", "weight": 1},
    ]
    assert _count({"messages": messages}, words).trained == 1


def test_a_tool_counts_by_the_cookbook(words):
    properties = {
        "city": {"type": "string", "description": "The city."},
        "unit": {"type": "string", "description": "The unit", "enum": ["one", "two"]},
    }
    function = {
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {"properties": properties},
    }
    tools = [{"type": "function", "function": function}]
    # The function, its line, its properties: the one, and the other with two values.
    expected = 7 + 3 + 3 + (3 + 2) + (3 - 3 + 2 * (3 + 1) + 2) + 12
    assert _count({"messages": [], "tools": tools}, words).tools == expected


def test_a_call_counts_its_name_and_arguments(words):
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": "a b c"}}
    message = {"role": "assistant", "tool_calls": [call]}
    counts = _count({"messages": [message]}, words)
    assert counts.tools == 3 + 1 + 3
    assert counts.trained == 3 + 1 + 3
    assert counts.per_message == (4,)


def test_the_cookbooks_tool_example_has_its_published_number():
    # 101 tokens for gpt-4o in How_to_count_tokens_with_tiktoken.
    from tunedesk.checks.token_counter import TokenCounter

    record = {
        "messages": [
            {
                "role": "system",
                "content": "You are a helpful assistant that can answer to questions about "
                "the weather.",
            },
            {"role": "user", "content": "What's the weather like in San Francisco?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_current_weather",
                    "description": "Get the current weather in a given location",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "location": {
                                "type": "string",
                                "description": "The city and state, e.g. San Francisco, CA",
                            },
                            "unit": {
                                "type": "string",
                                "description": "The unit of temperature to return",
                                "enum": ["celsius", "fahrenheit"],
                            },
                        },
                        "required": ["location"],
                    },
                },
            }
        ],
    }
    assert count_example(record, TokenCounter().count, DEFAULT_FORMULA).total == 101


@pytest.mark.parametrize(
    ("width", "height", "detail", "tokens"),
    [
        (1024, 1024, "high", 765),
        (0, 0, "auto", 765),
        (2048, 4096, "high", 1105),
        (4096, 8192, "low", 85),
        (512, 512, "high", 255),
        (1, 1, "high", 255),
    ],
)
def test_tiles(width, height, detail, tokens):
    assert image_tokens(width, height, detail, DEFAULT_FORMULA) == tokens


@pytest.mark.parametrize(
    ("width", "height", "factor", "tokens"),
    [(1024, 1024, 1.0, 1024), (1800, 2400, 1.0, 1452), (1024, 1024, 1.62, 1659), (32, 32, 2.46, 3)],
)
def test_patches(width, height, factor, tokens):
    assert image_tokens(width, height, "high", ImageFormula(0, 0, factor)) == tokens


def test_whatever_stands_there_nothing_stumbles(words):
    for odd in (None, 5, "x", [], {}, [5], [[]], {"a": 1}):
        record = {
            "messages": [
                odd,
                {"role": odd, "content": odd, "tool_calls": odd, "function_call": odd},
            ],
            "tools": odd,
            "functions": odd,
        }
        assert _count(record, words).total >= 0
        assert _count({"messages": odd}, words).total >= 0


def test_open_models_read_tools_and_calls_as_json():
    make_model()
    counter = TokenCounter(model_encoding("Owner/Tiny").name)
    function = {"name": "oven", "description": "Heats.", "parameters": {"type": "object"}}
    call = {"id": "c1", "type": "function", "function": {"name": "oven", "arguments": '{"to": 2}'}}
    record = {
        "messages": [
            {"role": "user", "content": "Heat."},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "ok"},
        ],
        "tools": [{"type": "function", "function": function}],
    }
    counts = count_example(record, counter.count, NO_IMAGES, counter.frame)
    written = json.dumps(record["tools"]) + '{"name": "oven", "arguments": {"to": 2}}'
    assert counts.tools > counter.count(written)
    assert counts.trained > counter.count('{"name": "oven", "arguments": {"to": 2}}')
    assert counts.per_message[2] > 4 + counter.count("user") + counter.count("ok")
