"""What is said of the problems of one code, and the names of the values that sentences mention."""

from functools import cache
from typing import NamedTuple

from tunedesk.i18n import _


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


@cache
def type_names() -> dict[str, str]:
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
def role_names() -> dict[str, str]:
    """The names of roles, as parts of a sentence."""
    return {
        "system": _("system"),
        "user": _("user"),
        "assistant": _("assistant"),
        "tool": _("tool"),
        "function": _("function"),
        "developer": _("developer"),
    }
