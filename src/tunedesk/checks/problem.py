"""A problem, stored as a code, a path and parameters, never as a sentence, and how bad it is.

A rule has its code in five places: the check that yields it, in `checks.conversation_rules` and its
neighbours; its severity at each target and its source, in resources/severities.json; its title,
sentence and advice, in `checks.messages`; a sample, in tests/checks/samples; and, where it can be
put right safely, its fix, in `checks.fixes`. Tests hold that none is forgotten. Examples that were
checked before show a new rule once the program's version has risen, or when they are checked again.
"""

import json
from functools import cache
from typing import Any, Literal, NamedTuple, cast

from tunedesk.catalogue.targets import DEFAULT_TARGET
from tunedesk.examples.json_text import Path
from tunedesk.paths import resource


class Problem(NamedTuple):
    """A problem of one record.

    Attributes:
        code: The rule's stable name in snake_case; see resources/severities.json.
        path: Where in the record: object keys and array indices from the outside in; empty for
            the whole record.
        parameters: The facts that the sentence names (JSON values only).
    """

    code: str
    path: Path
    parameters: dict[str, Any]


class ProblemMessage(NamedTuple):
    """What to say of the problems of one code.

    Attributes:
        title: A few words for a list of rules.
        sentence: What is wrong; `{n}` is the number of the message, other names are parameters.
        advice: What to do about it.
        variants: Other sentences, by the value of the parameter `reason`.
    """

    title: str
    sentence: str
    advice: str
    variants: dict[str, str] = {}  # noqa: RUF012  never changed


class SetProblem(NamedTuple):
    """A problem of the data set as a whole.

    Attributes:
        code: The rule's stable name.
        parameters: The facts that the sentence names.
        members: The identities (whatever the caller gave) of the examples concerned; empty when
            it concerns all.
    """

    code: str
    parameters: dict[str, Any]
    members: tuple[int, ...] = ()


Severity = Literal["error", "warning", "hint"]
"""error: the target refuses it, breaks on it, or would lose the answer; warning: it trains but
costs quality; hint: worth a look."""


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(
        resource("severities.json").read_text(encoding="utf-8")
    )
    return table


def codes() -> tuple[str, ...]:
    """The codes of all rules, in the order of the table: file, example, tools, images, set."""
    return tuple(_table())


@cache
def severity(code: str, target: str = DEFAULT_TARGET) -> Severity:
    """How bad a problem of this code is at the target.

    One that a newer Tunedesk found, and this one does not know, is a hint.
    """
    entry = _table().get(code)
    if entry is None:
        return "hint"
    return cast("Severity", entry.get("targets", {}).get(target, entry["default"]))


def source(code: str) -> str:
    """Where the rule comes from."""
    return str(_table().get(code, {}).get("source", ""))
