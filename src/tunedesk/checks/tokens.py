"""The tokens of one chat example, by the frame of its format.

Text is exact: a message costs what the frame puts around it, and the tokens of its role, of its
content (a string, or the text parts of a list) and of a name. For OpenAI's models that are 3 for a
message, 1 more for a name and 3 for an example. Tools and images are estimates by the published
figures of gpt-4o (101 = 101), and so is what a tool call costs, for which nothing is published:
its name and arguments and 3. Open models read tools and calls as JSON in the messages; what that
takes is an estimate too, for each family puts other words around it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from tunedesk.catalogue.token_encodings import (
    OPENAI_FRAME,
    ImageFormula,
    MessageFrame,
    image_tokens,
)
from tunedesk.checks.images import read_image_url
from tunedesk.checks.problem import Problem

Count = Callable[[str], int]

PER_CALL = 3
_FUNCTION = 7
_PROPERTIES = 3
_PROPERTY = 3
_ENUM = -3
_ENUM_ITEM = 3
_FUNCTIONS_END = 12
_NESTING = 32
_TOOLS_TEXT = (
    "\n\nYou have access to the following tools:\n<tools>{}</tools>\nTo use them, answer with:\n"
    '<tool_call>[\n{{"name": ..., "arguments": {{...}}}}\n]</tool_call>'
)
"""As our training server says it to a model whose template knows no tools."""
_CALLS_TEXT = "<tool_call>[\n{}\n]</tool_call>"
_WRITTEN_ROLES = {"developer": "system", "tool": "user"}
_RESPONSE_TEXT = "<tool_response>\n{}\n</tool_response>"


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
    per_example: int = OPENAI_FRAME.per_example

    @property
    def messages(self) -> int:
        """The exact part: all messages and the example's own tokens."""
        return sum(self.per_message) + self.per_example

    @property
    def total(self) -> int:
        """All of it."""
        return self.messages + self.tools + self.images


def count_example(
    record: dict[str, Any],
    count: Count,
    formula: ImageFormula,
    frame: MessageFrame = OPENAI_FRAME,
) -> TokenCounts:
    """Count a chat example of whatever shape; what is not understood counts nothing."""
    messages = record.get("messages")
    per_message: list[int] = []
    calls = images = trained = 0
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            per_message.append(frame.per_message)
            continue
        content = message.get("content")
        if frame.writes_tools and message.get("role") == "tool" and isinstance(content, str):
            content = _RESPONSE_TEXT.format(content)
        text, pictures = content_tokens(content, count, formula)
        if frame.before_text and isinstance(content, str) and content[:1].isspace():
            # The blanks at its beginning may make a token with what stands before.
            text = count(frame.before_text + content) - 1
        called = call_tokens(message, count, frame)
        per_message.append(frame.per_message + text + _role_and_name(message, count, frame))
        calls += called
        images += pictures
        if message.get("role") == "assistant" and message.get("weight", 1) != 0:
            trained += text + called + frame.per_answer
    tools = declared_tokens(record, count, frame)
    per_example = frame.per_example
    listed = messages if isinstance(messages, list) else []
    first, last = (listed[0], listed[-1]) if listed else (None, None)
    if isinstance(last, dict) and last.get("role") == "assistant" and last.get("weight", 1) != 0:
        per_message[-1] -= frame.less_at_last
    if isinstance(first, dict) and _role(first, frame) != "system":
        per_example += usual_system_tokens(count, frame)
    return TokenCounts(tuple(per_message), tools + calls, images, trained, per_example)


def usual_system_tokens(count: Count, frame: MessageFrame) -> int:
    """The tokens of the system prompt that the format puts before an example without one."""
    if not frame.usual_system:
        return 0
    return frame.per_message + count("system") + count(frame.usual_system)


def _role_and_name(message: dict[str, Any], count: Count, frame: MessageFrame) -> int:
    role, name = _role(message, frame), message.get("name")
    number = count(role) if isinstance(role, str) else 0
    if frame.per_name is None or not isinstance(name, str):
        return number
    return number + frame.per_name + count(name)


def _role(message: dict[str, Any], frame: MessageFrame) -> Any:
    """The role of a message as the format names it."""
    role = message.get("role")
    if not frame.writes_tools:
        return role
    return _WRITTEN_ROLES.get(role, role) if isinstance(role, str) else role


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


def call_tokens(message: dict[str, Any], count: Count, frame: MessageFrame) -> int:
    """The estimate for the tool calls (or the legacy function call) of a message."""
    calls = message.get("tool_calls")
    functions = [
        call.get("function")
        for call in (calls if isinstance(calls, list) else ())
        if isinstance(call, dict)
    ]
    known = [each for each in (*functions, message.get("function_call")) if isinstance(each, dict)]
    if frame.writes_tools:
        lines = [
            f'{{"name": "{_text(each.get("name"))}", "arguments": {_text(each.get("arguments"))}}}'
            for each in known
        ]
        return count(_CALLS_TEXT.format("\n".join(lines))) if lines else 0
    number = 0
    for function in known:
        number += PER_CALL + sum(
            count(function[key])
            for key in ("name", "arguments")
            if isinstance(function.get(key), str)
        )
    return number


def declared_tokens(record: dict[str, Any], count: Count, frame: MessageFrame) -> int:
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
    if frame.writes_tools:
        declared_text = orjson.dumps(
            [{"type": "function", "function": function} for function in known], default=str
        )
        # With blanks after commas and colons, as Python and the templates write JSON.
        spaced = declared_text.decode().replace(',"', ', "').replace('":', '": ')
        return count(_TOOLS_TEXT.format(spaced))
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
