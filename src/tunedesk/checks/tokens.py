"""The tokens of one chat example, by the formulas of OpenAI's cookbook.

Text is exact: a message costs 3, and the tokens of its role, of its content (a string, or the text
parts of a list) and of a name, which costs 1 more; an example costs 3 at its end
(How_to_count_tokens_with_tiktoken; it matched the API: 124 = 124). Tools and images are estimates
by the published figures of gpt-4o (101 = 101), and so is what a tool call costs, for which nothing
is published: its name and arguments and 3.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from tunedesk.catalogue.token_encodings import ImageFormula, image_tokens
from tunedesk.checks.images import read_image_url
from tunedesk.checks.problem import Problem

Count = Callable[[str], int]

PER_MESSAGE = 3
PER_NAME = 1
PER_EXAMPLE = 3
PER_CALL = 3
_FUNCTION = 7
_PROPERTIES = 3
_PROPERTY = 3
_ENUM = -3
_ENUM_ITEM = 3
_FUNCTIONS_END = 12
_NESTING = 32


class TokenCounts(NamedTuple):
    """The tokens of one example.

    Attributes:
        per_message: The exact tokens of each message.
        tools: The estimate for the declared tools and the calls to them.
        images: The estimate for the images.
        trained: The tokens of the assistant messages that are trained on: texts and calls.
        per_example: The tokens that the format adds to an example.
    """

    per_message: tuple[int, ...]
    tools: int
    images: int
    trained: int
    per_example: int = PER_EXAMPLE

    @property
    def messages(self) -> int:
        """The exact part: all messages and the example's own tokens."""
        return sum(self.per_message) + self.per_example

    @property
    def total(self) -> int:
        """All of it."""
        return self.messages + self.tools + self.images


def count_example(record: dict[str, Any], count: Count, formula: ImageFormula) -> TokenCounts:
    """Count a chat example of whatever shape; what is not understood counts nothing."""
    messages = record.get("messages")
    per_message: list[int] = []
    calls = images = trained = 0
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            per_message.append(PER_MESSAGE)
            continue
        text, pictures = content_tokens(message.get("content"), count, formula)
        called = call_tokens(message, count)
        per_message.append(PER_MESSAGE + text + _role_and_name(message, count))
        calls += called
        images += pictures
        if message.get("role") == "assistant" and message.get("weight", 1) != 0:
            trained += text + called
    tools = declared_tokens(record, count)
    return TokenCounts(tuple(per_message), tools + calls, images, trained)


def _role_and_name(message: dict[str, Any], count: Count) -> int:
    role, name = message.get("role"), message.get("name")
    number = count(role) if isinstance(role, str) else 0
    return number + PER_NAME + count(name) if isinstance(name, str) else number


def content_tokens(content: Any, count: Count, formula: ImageFormula) -> tuple[int, int]:
    """The tokens of a content: its text (exact), its images (an estimate)."""
    if isinstance(content, str):
        return count(content), 0
    text = images = 0
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str):
            text += count(part["text"])
        picture = part.get("image_url")
        if isinstance(picture, dict) and isinstance(picture.get("url"), str):
            seen = read_image_url(picture["url"])
            images += image_tokens(seen.width, seen.height, str(picture.get("detail")), formula)
    return text, images


def call_tokens(message: dict[str, Any], count: Count) -> int:
    """The estimate for the tool calls (or the legacy function call) of a message."""
    calls = message.get("tool_calls")
    functions = [
        call.get("function")
        for call in (calls if isinstance(calls, list) else ())
        if isinstance(call, dict)
    ]
    number = 0
    for function in (*functions, message.get("function_call")):
        if isinstance(function, dict):
            number += PER_CALL + sum(
                count(function[key])
                for key in ("name", "arguments")
                if isinstance(function.get(key), str)
            )
    return number


def declared_tokens(record: dict[str, Any], count: Count) -> int:
    """The estimate for the tools that the example declares."""
    tools, functions = record.get("tools"), record.get("functions")
    declared = [
        tool.get("function")
        for tool in (tools if isinstance(tools, list) else ())
        if isinstance(tool, dict)
    ]
    declared += functions if isinstance(functions, list) else []
    known = [function for function in declared if isinstance(function, dict)]
    if not known:
        return 0
    return _FUNCTIONS_END + sum(_function_tokens(function, count) for function in known)


def _function_tokens(function: dict[str, Any], count: Count) -> int:
    parameters = function.get("parameters")
    line = f"{_text(function.get('name'))}:{_described(function)}"
    return _FUNCTION + count(line) + _property_tokens(parameters, count, 0)


def _property_tokens(schema: Any, count: Count, depth: int) -> int:
    """The properties of an object's schema, and those inside them (which the cookbook leaves)."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties or depth > _NESTING:
        return 0
    number = _PROPERTIES
    for name, described in properties.items():
        number += _PROPERTY
        if not isinstance(described, dict):
            number += count(f"{name}:")
            continue
        enum = described.get("enum")
        if isinstance(enum, list):
            number += _ENUM + sum(_ENUM_ITEM + count(_text(item)) for item in enum)
        number += count(f"{name}:{_text(described.get('type'))}:{_described(described)}")
        number += _property_tokens(described, count, depth + 1)
        number += _property_tokens(described.get("items"), count, depth + 1)
    return number


def _described(schema: dict[str, Any]) -> str:
    return _text(schema.get("description")).removesuffix(".")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value, default=str).decode()


def check_length(counts: TokenCounts, limit: int) -> tuple[Problem, ...]:
    """The problem of an example with more tokens than the limit.

    "Examples longer than the default are truncated to the maximum context length, which removes
    tokens from the end" (OpenAI best practices 2026, facts 2.1): the problem stands at the message
    in which the cut falls.
    """
    if counts.total <= limit:
        return ()
    passed = counts.tools
    cut_at = max(0, len(counts.per_message) - 1)
    for number, tokens in enumerate(counts.per_message):
        passed += tokens
        if passed > limit:
            cut_at = number
            break
    parameters = {
        "tokens": counts.total,
        "limit": limit,
        "message": cut_at + 1,
        "messages": len(counts.per_message),
    }
    return (Problem("over_token_limit", ("messages", cut_at), parameters),)
