"""Rules for a conversation: its messages, their roles, keys and contents, and their order.

The shapes are those of FineTuneChatRequestInput in OpenAI's specification of 2025-03-21, and the
checks of the cookbook's Chat_finetuning_data_prep notebook; the source of each rule stands beside
its severity in resources/severities.json.
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from tunedesk.catalogue.targets import Target
from tunedesk.checks.chat_templates import read_templated
from tunedesk.checks.images import check_image, check_image_count, image_place
from tunedesk.checks.problem import Problem, severity
from tunedesk.checks.schema import is_valid, reasons
from tunedesk.checks.text_rules import check_texts
from tunedesk.checks.tool_rules import NAME, STANDS_FOR_NOTHING, check_calls, check_tools
from tunedesk.examples.json_text import Path, json_type
from tunedesk.examples.kinds.conversation import ROLE_LETTERS
from tunedesk.examples.kinds.kind import says_nothing

_TEXT_KEYS = frozenset({"type", "text"})
_IMAGE_KEYS = frozenset({"type", "image_url"})


def check_parts(parts: list[Any], path: Path, role: Any, target: Target) -> Iterator[Problem]:
    """The problems of a content list.

    Only a user message with images needs a list: "write plain-string content for every role
    except user messages with images" (facts 2.1, from community.openai.com/t/965584).
    """
    if not parts or (role == "system" and all(map(_says_nothing, parts))):
        reason = {"reason": "system"} if role == "system" else {}
        yield Problem("content_list_empty", path, {"role": str(role), **reason})
        return
    if not all(map(_is_text_part, parts)) and all(only_text(part) is not None for part in parts):
        # One thing is wrong, whoever speaks: the texts stand in a list.
        yield Problem("content_list_of_texts", path, {"role": str(role), "count": len(parts)})
        if all(map(_says_nothing, parts)):
            yield Problem("content_empty", path, {"role": str(role)})
        return
    if any(map(_is_value_part, parts)) and all(map(_is_value_or_text_part, parts)):
        yield Problem("parts_under_value", path, {"role": str(role)})
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
        elif part.get("type") == "image" and "image" in part:
            images = True
            place = image_place(part["image"])
            yield Problem("image_part_foreign", part_path, {"reason": place})
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


def part_text(part: Any) -> str:
    """The text of a part, wherever a form of parts keeps it; empty without."""
    if isinstance(part, str):
        return part
    text = (part.get("text") or part.get("value")) if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _is_text_part(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and part.keys() == _TEXT_KEYS
        and part["type"] == "text"
        and isinstance(part["text"], str)
    )


def only_text(part: Any) -> str | None:
    """The text of a part that holds nothing else, in any of the forms that are met; else None."""
    if isinstance(part, dict) and part.get("type", "text") in _TEXT_TYPES:
        # The API for responses has annotations beside the text; mostly there are none.
        others = part.keys() - _TEXT_KEYS
        if others == {"annotations"} and not part["annotations"]:
            others = set()
        part = None if others else part.get("text")
    return part if isinstance(part, str) else None


_TEXT_TYPES = ("text", "input_text", "output_text")


def _is_value_part(part: Any) -> bool:
    """Whether it is a part as LLaMA-Factory writes it: its text under `value`."""
    return (
        isinstance(part, dict)
        and part.keys() == {"type", "value"}
        and part["type"] in ("text", "reasoning")
        and isinstance(part["value"], str)
    )


def _is_value_or_text_part(part: Any) -> bool:
    return _is_value_part(part) or _is_text_part(part)


def _is_blank(part: Any) -> bool:
    text = part.get("text") if isinstance(part, dict) else None
    return isinstance(text, str) and says_nothing(text)


def _says_nothing(part: Any) -> bool:
    """Whether a part is a text in which nothing stands."""
    text = only_text(part)
    return text is not None and says_nothing(text)


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
REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
"""Where the thoughts before an answer are kept; chat templates of reasoning models read the first.
"""


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
        if key in REASONING_KEYS and role == "assistant" and isinstance(message[key], str):
            yield Problem("reasoning_field", (*path, key), {"key": key})
        elif key not in _ALL_KEYS:
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
            missing = {"role": _short(role), **({"reason": "system"} if role == "system" else {})}
            if "content" in message:
                yield Problem("content_null", here, missing)
            else:
                yield Problem("content_missing", path, missing)
        elif role == "function" and "content" not in message:
            yield Problem("content_missing", path, {"role": "function"})
        return
    content = message["content"]
    if isinstance(content, str):
        # A tool may well answer nothing, and beside a call the text may be empty.
        if role in ("tool", "function") or (role == "assistant" and says_without_content(message)):
            return
        if not says_nothing(content):
            return
        invisible = {"reason": "invisible"} if content.strip() else {}
        if role == "system":
            yield Problem("system_empty", here, invisible)
        elif not content:
            yield Problem("content_empty", here, {"role": _short(role)})
        else:
            yield Problem("content_blank", here, {"role": _short(role), **invisible})
    elif isinstance(content, list):
        yield from check_parts(content, here, role, target)
    else:
        yield Problem("content_not_text", here, {"type": json_type(content)})


def says_without_content(message: dict[str, Any]) -> bool:
    """Whether an assistant message needs no content: it calls a tool or refuses."""
    calls = message.get("tool_calls")
    return (
        (isinstance(calls, list | dict) and bool(calls))
        or (isinstance(calls, str) and calls.strip() not in STANDS_FOR_NOTHING)
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
    if isinstance(value, float) and math.isinf(value):
        return "> 1e308" if value > 0 else "< -1e308"  # JSON has no name for it
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
        if "?" in roles:
            return  # a role that nobody knows is a problem of its own, and may be the assistant's
        yield Problem("no_assistant", ("messages",), {})
    elif roles[-1] != "a":
        yield Problem(
            "last_not_assistant", ("messages", len(roles) - 1), {"role": _role(roles[-1])}
        )
    asked = roles.find("u")
    answered = roles.find("a")
    if asked < 0 and answered >= 0 and not {"t", "f", "?"} & set(roles):
        yield Problem("no_user", ("messages", answered), {"number": answered + 1})
    elif 0 <= answered < asked:
        yield Problem("assistant_first", ("messages", answered), {"number": answered + 1})
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
PICTURE_KEYS = frozenset({"images", "image", "videos", "video", "audios", "audio"})
"""Where other tools keep pictures, films and sounds beside the messages."""
_PICTURE_MARK = re.compile(
    r"<\|?(?:image|video|audio|vision_start|image_pad)\|?>|<image_placeholder>"
)

MOST_PROBLEMS = 1_000
"""More problems of one example are not told: nobody goes through them one by one."""

_OF_AN_ANSWER = frozenset({"no_assistant", "last_not_assistant", "role_developer"})


def check_conversation(
    record: dict[str, Any], roles: str, target: Target, *, waits_for_answer: bool = False
) -> list[Problem]:
    """The problems of a conversation, but for those of its JSON and its length.

    Args:
        record: The example.
        roles: Its roles, a letter each, as `role_letters` gives them.
        target: Where it will be trained.
        waits_for_answer: Whether it is an item for reinforcement: it ends with the user, who may
            have a developer before him, and what stands beside the messages is for the grader.
    """
    found: list[Problem] = []
    messages = record.get("messages")
    if "messages" not in record and is_single_message(record):
        found.append(Problem("single_message", (), {"role": _short(record["role"])}))
    elif "messages" not in record and (row := find_templated(record)) is not None:
        found.append(Problem("templated_row", (row.key,), {"family": row.family}))
    elif "messages" not in record:
        detail: dict[str, Any] = {"keys": sorted(record)[:5]}
        if isinstance(record.get("text"), str):
            detail["reason"] = "one_text"
        found.append(Problem("messages_missing", (), detail))
    elif not isinstance(messages, list):
        found.append(Problem("messages_not_a_list", ("messages",), {"type": json_type(messages)}))
    elif not messages:
        found.append(Problem("messages_empty", ("messages",), {}))
    else:
        for number, message in enumerate(messages):
            found += check_message(message, ("messages", number), target)
            if len(found) > MOST_PROBLEMS:
                break
        found += check_order(roles)
        found += check_weights(messages)
        found += check_texts(messages)
        found += check_image_count(messages, target)
    listed = messages if isinstance(messages, list) else []
    found += check_tools(record, target)
    found += check_calls(record, listed)
    found += check_pictures_beside(record)
    schema = "chat"
    if waits_for_answer:
        schema = "reinforcement"
        found = [problem for problem in found if problem.code not in _OF_AN_ANSWER]
        if roles and roles[-1] != "u":
            found.append(
                Problem("item_not_asking", ("messages", len(roles) - 1), {"role": _role(roles[-1])})
            )
    else:
        found += check_unknown_keys(record)
    if not is_valid(schema, record) and not any(severity(p.code) == "error" for p in found):
        # The rules name every error of shape; should one escape them, the schema still does.
        for reason in reasons(schema, record)[:3]:
            found.append(Problem("schema_mismatch", reason.path, reason.parameters()))
    return sorted(found, key=_reading_order)[:MOST_PROBLEMS]


def check_unknown_keys(record: dict[str, Any]) -> tuple[Problem, ...]:
    """The keys beside the conversation, in one problem: files often have a dozen in every row."""
    keys = [key for key in record if key not in KNOWN_KEYS and not _holds_pictures(record, key)]
    if not keys or "messages" not in record:
        return ()
    shown = ", ".join(key[:40] for key in keys[:8]) + (" …" if len(keys) > 8 else "")
    return (Problem("unknown_key", (keys[0],), {"keys": shown, "count": len(keys)}),)


def check_pictures_beside(record: dict[str, Any]) -> Iterator[Problem]:
    """Pictures under a key beside the messages: they are not sent, and their marks are letters."""
    for key in record:
        if _holds_pictures(record, key):
            messages = record.get("messages")
            marked = any(
                _PICTURE_MARK.search(part_text(part))
                for message in (messages if isinstance(messages, list) else ())
                if isinstance(message, dict)
                for part in _parts(message.get("content"))
            )
            reason = "marked" if marked else "not_marked"
            yield Problem("pictures_not_sent", (key,), {"key": key, "reason": reason})


def _parts(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def _holds_pictures(record: dict[str, Any], key: str) -> bool:
    """Whether a key beside the messages names files, addresses or data of pictures."""
    if key not in PICTURE_KEYS or "messages" not in record:
        return False
    value = record[key]
    return bool(value) and isinstance(value, (str, list, dict))


def is_single_message(record: dict[str, Any]) -> bool:
    """Whether a record is a message by itself, without the conversation around it."""
    return (
        isinstance(record.get("role"), str)
        and ("content" in record or "tool_calls" in record)
        and "messages" not in record
    )


class TemplatedRow(NamedTuple):
    """A record whose conversation stands in one text with the marks of a chat template.

    Attributes:
        key: The key of the text.
        family: The family of templates.
    """

    key: str
    family: str


def find_templated(record: dict[str, Any]) -> TemplatedRow | None:
    """Where a conversation stands in a record as one text; None if none does."""
    for key in ("text", "prompt", "content", "conversation"):
        text = record.get(key)
        templated = read_templated(text) if isinstance(text, str) else None
        if templated is not None:
            return TemplatedRow(key, templated.family)
    return None


def _reading_order(problem: Problem) -> tuple[int, int, str]:
    path = problem.path
    if not path:
        return (0, 0, "")
    if path[0] == "messages":
        return (1, int(path[1]) + 1 if len(path) > 1 and isinstance(path[1], int) else 0, "")
    return (2, 0, str(path[0]))
