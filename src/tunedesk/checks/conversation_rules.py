"""Rules for a conversation: its messages, their roles, keys and contents, and their order.

The shapes are those of FineTuneChatRequestInput in OpenAI's specification of 2025-03-21, and the
checks of the cookbook's Chat_finetuning_data_prep notebook; the source of each rule stands beside
its severity in resources/severities.json.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from tunedesk.catalogue.targets import Target
from tunedesk.checks.images import check_image, check_image_count
from tunedesk.checks.problem import Problem, severity
from tunedesk.checks.schema import is_valid, reasons
from tunedesk.checks.text_rules import check_texts
from tunedesk.checks.tool_rules import NAME, check_calls, check_tools
from tunedesk.examples.json_text import Path, json_type
from tunedesk.examples.kinds.conversation import ROLE_LETTERS

_TEXT_KEYS = frozenset({"type", "text"})
_IMAGE_KEYS = frozenset({"type", "image_url"})


def check_parts(parts: list[Any], path: Path, role: Any, target: Target) -> Iterator[Problem]:
    """The problems of a content list.

    Only a user message with images needs a list: "write plain-string content for every role
    except user messages with images" (facts 2.1, from community.openai.com/t/965584).
    """
    if not parts:
        yield Problem("content_list_empty", path, {"role": str(role)})
        return
    images = False
    for number, part in enumerate(parts):
        part_path = (*path, number)
        if not isinstance(part, dict):
            yield Problem("part_not_an_object", part_path, {"type": json_type(part)})
        elif part.get("type") == "image_url":
            images = True
            if role == "user":
                yield from check_image(part, part_path, target)
            else:
                yield Problem("image_misplaced", part_path, {"role": str(role)})
            yield from _unknown_part_keys(part, part_path, _IMAGE_KEYS)
        elif part.get("type") != "text":
            yield Problem("part_type_unknown", part_path, {"type": _type_name(part)})
        else:
            if not isinstance(part.get("text"), str):
                yield Problem("part_text_missing", part_path, {})
            yield from _unknown_part_keys(part, part_path, _TEXT_KEYS)
    if role != "user":
        yield Problem("parts_where_text_required", path, {"role": str(role)})
    elif not images:
        yield Problem("parts_only_text", path, {"parts": len(parts)})
    if not images and all(_is_blank(part) for part in parts):
        yield Problem("content_empty", path, {"role": str(role)})


def _is_blank(part: Any) -> bool:
    text = part.get("text") if isinstance(part, dict) else None
    return isinstance(text, str) and not text.strip()


def _type_name(part: dict[str, Any]) -> str:
    kind = part.get("type")
    return kind[:40] if isinstance(kind, str) else ""


def _unknown_part_keys(
    part: dict[str, Any], path: Path, known: frozenset[str]
) -> Iterator[Problem]:
    for key in part:
        if key not in known:
            yield Problem("unknown_message_key", (*path, key), {"key": key[:60]})


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


@lru_cache(maxsize=4096)
def check_order(roles: str) -> tuple[Problem, ...]:
    """The problems of an order of roles, in reading order; the same few orders come again."""
    return tuple(sorted(_check_order(roles), key=_reading_order))


def _check_order(roles: str) -> Iterator[Problem]:
    if not roles:
        return
    if "a" not in roles:
        yield Problem("no_assistant", ("messages",), {})
    elif roles[-1] != "a":
        yield Problem(
            "last_not_assistant", ("messages", len(roles) - 1), {"role": _role(roles[-1])}
        )
    systems = [number for number, letter in enumerate(roles) if letter in "sd"]
    for number in systems[:1]:
        if number > 0:
            yield Problem("system_not_first", ("messages", number), {"number": number + 1})
    for number in systems[1:]:
        yield Problem("system_repeated", ("messages", number), {"number": number + 1})
    for number in range(1, len(roles)):
        # Several tool answers in a row are the rule where several tools were called at once.
        if roles[number] == roles[number - 1] and roles[number] in "ua":
            yield Problem(
                "same_role_twice",
                ("messages", number),
                {"role": _role(roles[number]), "number": number + 1},
            )


def check_weights(messages: list[Any]) -> Iterator[Problem]:
    """Nothing to train on although the assistant speaks: every weight is 0."""
    weights = [
        message.get("weight", 1)
        for message in messages
        if isinstance(message, dict) and message.get("role") == "assistant"
    ]
    if weights and all(weight == 0 and not isinstance(weight, bool) for weight in weights):
        yield Problem("all_weights_zero", ("messages",), {"count": len(weights)})


def _role(letter: str) -> str:
    return next((role for role, known in ROLE_LETTERS.items() if known == letter), "")


KNOWN_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})


def check_conversation(record: dict[str, Any], roles: str, target: Target) -> list[Problem]:
    """The problems of a conversation, but for those of its JSON and its length.

    Args:
        record: The example.
        roles: Its roles, a letter each, as `role_letters` gives them.
        target: Where it will be trained.
    """
    found: list[Problem] = []
    messages = record.get("messages")
    if "messages" not in record:
        found.append(Problem("messages_missing", (), {"keys": sorted(record)[:5]}))
    elif not isinstance(messages, list):
        found.append(Problem("messages_not_a_list", ("messages",), {"type": json_type(messages)}))
    elif not messages:
        found.append(Problem("messages_empty", ("messages",), {}))
    else:
        for number, message in enumerate(messages):
            found += check_message(message, ("messages", number), target)
        found += check_order(roles)
        found += check_weights(messages)
        found += check_texts(messages)
        found += check_image_count(messages, target)
    listed = messages if isinstance(messages, list) else []
    found += check_tools(record, target)
    found += check_calls(record, listed)
    found += check_unknown_keys(record)
    if not is_valid("chat", record) and not any(severity(p.code) == "error" for p in found):
        # The rules name every error of shape; should one escape them, the schema still does.
        for reason in reasons("chat", record)[:3]:
            detail = {"keyword": reason.keyword, "reason": reason.message[:200]}
            found.append(Problem("schema_mismatch", reason.path, detail))
    return sorted(found, key=_reading_order)


def check_unknown_keys(record: dict[str, Any]) -> tuple[Problem, ...]:
    """The keys beside the conversation, in one problem: files often have a dozen in every row."""
    keys = [key for key in record if key not in KNOWN_KEYS]
    if not keys or "messages" not in record:
        return ()
    shown = ", ".join(key[:40] for key in keys[:8]) + (" …" if len(keys) > 8 else "")
    return (Problem("unknown_key", (keys[0],), {"keys": shown, "count": len(keys)}),)


def _reading_order(problem: Problem) -> tuple[int, int, str]:
    path = problem.path
    if not path:
        return (0, 0, "")
    if path[0] == "messages":
        return (1, int(path[1]) + 1 if len(path) > 1 and isinstance(path[1], int) else 0, "")
    return (2, 0, str(path[0]))
