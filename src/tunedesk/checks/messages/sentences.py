"""What to say of each problem: a title, a sentence and what to do, in plain words.

The sentences are made from code and parameters when they are shown, never stored. They are written
for people who know their subject and not programming.
"""

from functools import cache
from typing import Any

from tunedesk.checks.messages.example_messages import (
    conversation_messages,
    text_messages,
    tool_messages,
)
from tunedesk.checks.messages.file_messages import file_messages, set_messages
from tunedesk.checks.messages.kind_messages import kind_messages
from tunedesk.checks.problem import Problem, ProblemMessage, SetProblem
from tunedesk.examples.kinds.registry import kind_named
from tunedesk.i18n import _


@cache
def _messages() -> dict[str, ProblemMessage]:
    tables = (
        file_messages(),
        conversation_messages(),
        kind_messages(),
        tool_messages(),
        text_messages(),
        set_messages(),
    )
    return {code: message for table in tables for code, message in table.items()}


def title(code: str) -> str:
    """A few words for the rule."""
    return _messages()[code].title


def advice(code: str) -> str:
    """What to do about problems of this code."""
    return _messages()[code].advice


def sentence(problem: Problem | SetProblem) -> str:
    """What is wrong, in one sentence."""
    message = _messages()[problem.code]
    parameters = problem.parameters
    template = message.variants.get(str(parameters.get("reason", parameters.get("where"))))
    return (template or message.sentence).format_map(_Values(problem))


class _Values(dict[str, Any]):
    """The values for a sentence: the parameters in words, and what follows from the path."""

    def __init__(self, problem: Problem | SetProblem) -> None:
        super().__init__({name: _shown(name, value) for name, value in problem.parameters.items()})
        path = problem.path if isinstance(problem, Problem) else ()
        # In a pair the messages stand one level deeper: /input/messages/0.
        number = next((step + 1 for step in path[1:3] if isinstance(step, int)), 1)
        self["n"] = number
        self["before"] = number - 1
        self["tool_number"] = number
        parameters = problem.parameters
        if "bytes" in parameters and "limit" in parameters:
            self["megabytes"] = f"{parameters['bytes'] / 2**20:.1f}"
            self["limit_megabytes"] = f"{parameters['limit'] / 2**20:.0f}"
        # The type of a picture or a part is a name of the data, no type of JSON.
        named = parameters.get("type")
        self["media"] = self["type_name"] = named or _("unknown")

    def __missing__(self, name: str) -> str:
        return "…"


@cache
def _type_names() -> dict[str, str]:
    """The names of the types of JSON values."""
    return {
        "null": _("nothing (null)"),
        "boolean": _("true or false"),
        "number": _("a number"),
        "string": _("a text"),
        "array": _("a list"),
        "object": _("an object"),
    }


@cache
def _role_names() -> dict[str, str]:
    """The names of roles, as parts of a sentence."""
    return {
        "system": _("system"),
        "user": _("user"),
        "assistant": _("assistant"),
        "tool": _("tool"),
        "function": _("function"),
        "developer": _("developer"),
    }


def _shown(name: str, value: Any) -> str:
    if name == "type" and isinstance(value, str):
        return _type_names().get(value, value)
    if name == "role" and isinstance(value, str):
        return _role_names().get(value, value)
    if name == "kind" and isinstance(value, str):
        return kind_named(value).title()
    if name in ("role", "tool") and not value:
        return _("unknown")
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    if isinstance(value, int) and name not in ("line", "column"):
        return f"{value:,}"
    return str(value)
