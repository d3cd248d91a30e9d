"""What to say of each problem: a title, a sentence and what to do, in plain words.

The words are made from code and parameters when they are shown, never stored. They are written
for people who know their subject and not programming.
"""

from functools import cache
from typing import Any

from tunedesk.checks.problem import Problem, SetProblem
from tunedesk.checks.wording.examples import example_words
from tunedesk.checks.wording.files import file_words
from tunedesk.checks.wording.sets import set_words
from tunedesk.checks.wording.texts import text_words
from tunedesk.checks.wording.tools import tool_words
from tunedesk.checks.wording.words import Words, kind_words, role_words, type_words
from tunedesk.i18n import _


@cache
def _words() -> dict[str, Words]:
    tables = (file_words(), example_words(), tool_words(), text_words(), set_words())
    return {code: words for table in tables for code, words in table.items()}


def title(code: str) -> str:
    """A few words for the rule."""
    return _words()[code].title


def advice(code: str) -> str:
    """What to do about problems of this code."""
    return _words()[code].advice


def sentence(problem: Problem | SetProblem) -> str:
    """What is wrong, in one sentence."""
    words = _words()[problem.code]
    parameters = problem.parameters
    template = words.variants.get(str(parameters.get("reason", parameters.get("where"))))
    return (template or words.sentence).format_map(_Values(problem))


class _Values(dict[str, Any]):
    """The values for a sentence: the parameters in words, and what follows from the path."""

    def __init__(self, problem: Problem | SetProblem) -> None:
        super().__init__({name: _shown(name, value) for name, value in problem.parameters.items()})
        path = problem.path if isinstance(problem, Problem) else ()
        number = path[1] + 1 if len(path) > 1 and isinstance(path[1], int) else 1
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


def _shown(name: str, value: Any) -> str:
    if name == "type" and isinstance(value, str):
        return type_words().get(value, value)
    if name == "role" and isinstance(value, str):
        return role_words().get(value, value)
    if name == "kind" and isinstance(value, str):
        return kind_words().get(value, value)
    if name in ("role", "tool") and not value:
        return _("unknown")
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    if isinstance(value, int) and name not in ("line", "column"):
        return f"{value:,}"
    return str(value)
