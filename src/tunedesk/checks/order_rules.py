"""Rules for the order of the messages: whose turn it is, and whether anything is trained."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from tunedesk.checks.problem import Problem

LETTERS = {
    "system": "s",
    "user": "u",
    "assistant": "a",
    "tool": "t",
    "function": "f",
    "developer": "d",
}


def role_letters(messages: list[Any]) -> str:
    """One letter a message, as in `Facts.roles`."""
    return "".join(
        LETTERS.get(role, "?") if isinstance(role, str) else "?"
        for role in (
            message.get("role") if isinstance(message, dict) else None for message in messages
        )
    )


@lru_cache(maxsize=4096)
def check_order(roles: str) -> tuple[Problem, ...]:
    """The problems of an order of roles; the same few orders come again and again."""
    return tuple(_check_order(roles))


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
    return next((role for role, known in LETTERS.items() if known == letter), "")
