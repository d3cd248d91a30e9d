"""Rules for one message: its role, its keys, and whether it says anything.

The shapes are those of FineTuneChatRequestInput in OpenAI's specification of 2025-03-21, and the
checks of the cookbook's Chat_finetuning_data_prep notebook; the source of each rule stands beside
its severity in resources/severities.json.
"""

from collections.abc import Iterator
from typing import Any

from tunedesk.checks.content_rules import check_parts
from tunedesk.checks.json_type import json_type
from tunedesk.checks.problem import Problem
from tunedesk.checks.targets import Target
from tunedesk.checks.tool_rules import NAME
from tunedesk.examples.json_path import Path

ROLES = ("system", "user", "assistant", "tool", "function")

_OWN_KEYS = {
    "system": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset(
        {"role", "content", "name", "weight", "tool_calls", "function_call", "refusal"}
    ),
    "tool": frozenset({"role", "content", "name", "tool_call_id"}),
    "function": frozenset({"role", "content", "name"}),
}
_ALL_KEYS = frozenset().union(*_OWN_KEYS.values())


def check_message(message: Any, path: Path, target: Target) -> Iterator[Problem]:
    """The problems of one message, whatever it is."""
    if not isinstance(message, dict):
        yield Problem("message_not_an_object", path, {"type": json_type(message)})
        return
    role = message.get("role")
    yield from _check_role(message, path)
    yield from _check_keys(message, path)
    yield from _check_content(message, path, target)
    if "name" in message:
        yield from _check_name(message["name"], (*path, "name"))
    if "weight" in message and role == "assistant":
        weight = message["weight"]
        if isinstance(weight, bool) or weight not in (0, 1):
            yield Problem("weight_invalid", (*path, "weight"), {"value": _short(weight)})
    if role == "assistant" and not isinstance(message.get("refusal"), str | None):
        yield Problem(
            "refusal_not_text", (*path, "refusal"), {"type": json_type(message["refusal"])}
        )


def _check_role(message: dict[str, Any], path: Path) -> Iterator[Problem]:
    if "role" not in message:
        yield Problem("role_missing", path, {})
        return
    role = message["role"]
    if not isinstance(role, str):
        yield Problem("role_not_text", (*path, "role"), {"type": json_type(role)})
    elif role == "developer":
        yield Problem("role_developer", (*path, "role"), {})
    elif role not in ROLES:
        yield Problem("role_unknown", (*path, "role"), {"role": _short(role)})


def _check_keys(message: dict[str, Any], path: Path) -> Iterator[Problem]:
    role = message.get("role")
    own = _OWN_KEYS.get(role) if isinstance(role, str) else None
    for key in message:
        if key in (_ALL_KEYS if own is None else own):
            continue
        if key not in _ALL_KEYS:
            yield Problem("unknown_message_key", (*path, key), {"key": _short(key)})
        elif key == "weight":
            yield Problem("weight_misplaced", (*path, key), {"role": role})
        else:
            yield Problem("key_misplaced", (*path, key), {"key": key, "role": role})


def _check_content(message: dict[str, Any], path: Path, target: Target) -> Iterator[Problem]:
    role = message.get("role")
    here = (*path, "content")
    if "content" not in message or message["content"] is None:
        if role != "function" and not (role == "assistant" and says_without_content(message)):
            if "content" in message:
                yield Problem("content_null", here, {"role": _short(role)})
            else:
                yield Problem("content_missing", path, {"role": _short(role)})
        elif role == "function" and "content" not in message:
            yield Problem("content_missing", path, {"role": "function"})
        return
    content = message["content"]
    if isinstance(content, str):
        # A tool may well answer nothing, and beside a call the text may be empty.
        if role in ("tool", "function") or (role == "assistant" and says_without_content(message)):
            return
        if not content:
            yield Problem("content_empty", here, {"role": _short(role)})
        elif not content.strip():
            yield Problem("content_blank", here, {"role": _short(role)})
    elif isinstance(content, list):
        yield from check_parts(content, here, role, target)
    else:
        yield Problem("content_not_text", here, {"type": json_type(content)})


def says_without_content(message: dict[str, Any]) -> bool:
    """Whether an assistant message needs no content: it calls a tool or refuses."""
    calls = message.get("tool_calls")
    return (
        (isinstance(calls, list) and bool(calls))
        or isinstance(message.get("function_call"), dict)
        or isinstance(message.get("refusal"), str)
    )


def _check_name(name: Any, path: Path) -> Iterator[Problem]:
    if name is None or name == "":
        yield Problem("name_empty", path, {})
    elif not isinstance(name, str):
        yield Problem("name_not_text", path, {"type": json_type(name)})
    elif not NAME.match(name):
        yield Problem("name_invalid", path, {"name": _short(name)})


def _short(value: Any) -> str | int | float | bool | None:
    """A value of the data, short enough to stand in a sentence."""
    if isinstance(value, str):
        return value if len(value) <= 60 else value[:59] + "…"
    return value if isinstance(value, (int, float, bool)) or value is None else json_type(value)
