"""Turns messages as OpenAI writes them into what chat templates read."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def template_messages(
    messages: Iterable[Mapping[str, Any]], parse_arguments: bool
) -> list[dict[str, Any]]:
    """The messages for a chat template.

    Args:
        messages: The messages of a conversation.
        parse_arguments: Whether the arguments of calls become objects, which the templates of
            others write as JSON; ours keeps their text as it is.
    """
    return [_message(message, parse_arguments) for message in messages]


def template_tools(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The tools of a record, those in the old form of functions too; None without any."""
    tools = record.get("tools")
    if tools:
        return list(tools)
    functions = record.get("functions")
    if functions:
        return [{"type": "function", "function": function} for function in functions]
    return None


def content_text(content: Any) -> str:
    """The text of a content: a string, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(
        part.get("text") or part.get("refusal") or "" for part in content if isinstance(part, dict)
    )


def _message(message: Mapping[str, Any], parse_arguments: bool) -> dict[str, Any]:
    role = message.get("role")
    text = content_text(message.get("content")) or str(message.get("refusal") or "")
    result: dict[str, Any] = {"role": role, "content": text}
    if role == "developer":
        result["role"] = "system"
    elif role == "function":
        result |= {"role": "tool", "name": message.get("name"), "tool_call_id": ""}
    elif role == "tool":
        result["tool_call_id"] = message.get("tool_call_id")
        if message.get("name"):
            result["name"] = message["name"]
    elif role == "assistant":
        if message.get("weight") is not None:
            result["weight"] = message["weight"]
        calls = list(message.get("tool_calls") or ())
        if not calls and message.get("function_call"):
            calls = [{"id": "", "type": "function", "function": message["function_call"]}]
        if calls:
            result["tool_calls"] = [_call(call, parse_arguments) for call in calls]
    return result


def _call(call: Mapping[str, Any], parse_arguments: bool) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = function.get("arguments") or "{}"
    if parse_arguments and isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            # Checked before; what is left is written by the template as the text that it is.
            arguments = str(arguments)
    return {
        "id": call.get("id") or "",
        "type": "function",
        "function": {"name": function.get("name"), "arguments": arguments},
    }
