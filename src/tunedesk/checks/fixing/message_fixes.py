"""Fixes of roles, contents, names and weights."""

import re
from collections.abc import Callable
from typing import Any

from tunedesk.checks.problem import Problem
from tunedesk.examples.json_edit import move_item, remove, replace_value, spelled_string
from tunedesk.examples.json_text import parse

_ROLE_OF = {
    "human": "user",
    "customer": "user",
    "client": "user",
    "prompter": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "chatbot": "assistant",
    "chatgpt": "assistant",
    "agent": "assistant",
    "assistent": "assistant",
    "sys": "system",
    "instruction": "system",
}
_ROLES = ("system", "user", "assistant", "tool", "function")
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]+")


def known_role(text: str, problem: Problem) -> str | None:
    """Write a role by the name that services know: Human is user, bot is assistant."""
    value = _value(text, problem)
    if not isinstance(value, str):
        return None
    name = value.strip().casefold()
    if name == "developer":
        name = "system"
    role = name if name in _ROLES else _ROLE_OF.get(name)
    return None if role is None else replace_value(text, problem.path, role)


def developer_to_system(text: str, problem: Problem) -> str | None:
    """Make a developer message a system message."""
    return replace_value(text, problem.path, "system")


def number_to_text(text: str, problem: Problem) -> str | None:
    """Make a text of a number, spelled as it is."""
    node = parse(text).find(problem.path)
    if node is None or node.kind != "number":
        return None
    return replace_value(text, problem.path, text[node.start : node.end])


def join_parts(text: str, problem: Problem) -> str | None:
    """Make one text of a list of text parts, each in its own line."""
    parts = _value(text, problem)
    if not isinstance(parts, list) or not parts:
        return None
    texts = [
        part["text"]
        for part in parts
        if isinstance(part, dict)
        and part.get("type") == "text"
        and isinstance(part.get("text"), str)
        and part.keys() == {"type", "text"}
    ]
    if len(texts) < len(parts):
        return None
    return replace_value(text, problem.path, "\n".join(texts))


def take_out(text: str, problem: Problem) -> str | None:
    """Take out the member at the place of the problem."""
    return remove(text, problem.path)


def take_out_nothing(text: str, problem: Problem) -> str | None:
    """Take out a member that holds nothing: null, or an empty list, object or text."""
    value = _value(text, problem)
    return remove(text, problem.path) if value in (None, "", [], {}) else None


def valid_name(text: str, problem: Problem) -> str | None:
    """Put _ for what a name may not hold."""
    value = _value(text, problem)
    if not isinstance(value, str):
        return None
    name = _FORBIDDEN.sub("_", value.strip()).strip("_")[:64]
    return replace_value(text, problem.path, name) if name else None


def whole_weight(text: str, problem: Problem) -> str | None:
    """Write a weight that can only mean 0 or 1 so; take out one that is null."""
    value = _value(text, problem)
    if value is None:
        return remove(text, problem.path)
    meant = {"true": 1, "1": 1, "1.0": 1, "false": 0, "0": 0, "0.0": 0}
    weight = meant.get(str(value).strip().lower())
    return None if weight is None else replace_value(text, problem.path, weight)


def move_to_beginning(text: str, problem: Problem) -> str | None:
    """Move the message to the beginning of the conversation."""
    number = problem.path[1]
    return move_item(text, ("messages",), number, 0) if isinstance(number, int) else None


def edit_text(change: Callable[[str], str]) -> Callable[[str, Problem], str | None]:
    """Make a fix that changes the text at the place of the problem."""

    def fix(text: str, problem: Problem) -> str | None:
        node = parse(text).find(problem.path)
        if node is None or node.kind != "string":
            return None
        changed = change(node.value)
        if changed == node.value:
            return None
        spelled = spelled_string(changed, text[node.start : node.end])
        return text[: node.start] + spelled + text[node.end :]

    return fix


def _value(text: str, problem: Problem) -> Any:
    node = parse(text).find(problem.path)
    return None if node is None else node.value
