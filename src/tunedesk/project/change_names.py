"""The names of changes: stored as code and parameters, worded in the user's language."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tunedesk.i18n import _, ngettext
from tunedesk.project.store import loaded


class ChangeName(NamedTuple):
    """The name of a change.

    Attributes:
        code: What was done; "worded" for a name that the caller has put into words.
        parameters: What the sentence names, such as `count`; JSON values only.
    """

    code: str
    parameters: dict[str, Any]

    @classmethod
    def of(cls, name: "str | ChangeName") -> "ChangeName":
        """A name from a sentence such as "Edit message 2", or as it is."""
        return name if isinstance(name, ChangeName) else cls("worded", {"text": name})

    def stored(self) -> str:
        """The parameters as the project file keeps them."""
        return json.dumps(self.parameters)


_Parameters = dict[str, Any]


def _count(parameters: _Parameters) -> int:
    return int(parameters.get("count", 1))


def _filled(sentence: str, parameters: _Parameters) -> str:
    return sentence.format(**{**parameters, "count": f"{_count(parameters):,}"})


def _state(p: _Parameters) -> str:
    n = _count(p)
    sentences: dict[str, str] = {
        "approved": ngettext("Approve {count} example", "Approve {count} examples", n),
        "rejected": ngettext("Reject {count} example", "Reject {count} examples", n),
        "draft": ngettext("Set {count} example to draft", "Set {count} examples to draft", n),
        "to_review": ngettext("Set {count} example to review", "Set {count} examples to review", n),
        "changes_wanted": ngettext(
            "Want changes in {count} example", "Want changes in {count} examples", n
        ),
    }
    known = sentences.get(str(p.get("state")))
    return _filled(known, p) if known else _("Set the state")


_WORDING: dict[str, Callable[[_Parameters], str]] = {
    "worded": lambda p: str(p.get("text", "")),
    "create": lambda _p: _("Create the project"),
    "add": lambda p: _filled(ngettext("Add {count} example", "Add {count} examples", _count(p)), p),
    "import": lambda p: _filled(
        ngettext(
            "Import {count} example from {file}", "Import {count} examples from {file}", _count(p)
        ),
        p,
    ),
    "duplicate": lambda p: _filled(
        ngettext("Duplicate {count} example", "Duplicate {count} examples", _count(p)), p
    ),
    "delete": lambda p: _filled(
        ngettext("Delete {count} example", "Delete {count} examples", _count(p)), p
    ),
    "move": lambda p: _filled(
        ngettext("Move {count} example", "Move {count} examples", _count(p)), p
    ),
    "set_state": _state,
    "add_tag": lambda p: _filled(
        ngettext("Tag {count} example “{tag}”", "Tag {count} examples “{tag}”", _count(p)), p
    ),
    "remove_tag": lambda p: _filled(
        ngettext(
            "Remove tag “{tag}” from {count} example",
            "Remove tag “{tag}” from {count} examples",
            _count(p),
        ),
        p,
    ),
    "replace": lambda p: _filled(
        ngettext(
            "Replace “{find}” in {count} example", "Replace “{find}” in {count} examples", _count(p)
        ),
        p,
    ),
    "fix": lambda p: _filled(
        ngettext("Fix {count} example: {title}", "Fix {count} examples: {title}", _count(p)), p
    ),
    "fix_several": lambda p: _filled(
        ngettext(
            "Fix {count} example by {rules} rules",
            "Fix {count} examples by {rules} rules",
            _count(p),
        ),
        p,
    ),
    "set_system_prompt": lambda p: _filled(
        ngettext(
            "Set the system prompt of {count} example",
            "Set the system prompt of {count} examples",
            _count(p),
        ),
        p,
    ),
    "back_to_version": lambda _p: _("Back to an earlier version"),
    "set_preset": lambda p: _("Keep the preset “{name}”").format(**p),
    "merge": lambda p: _("Merge “{file}”").format(**p),
    "delete_preset": lambda p: _("Delete the preset “{name}”").format(**p),
}


def worded(name: ChangeName) -> str:
    """The name as menus and the history show it."""
    wording = _WORDING.get(name.code)
    if wording is None:
        return name.code.replace("_", " ").capitalize()
    try:
        return wording(name.parameters)
    except (KeyError, ValueError, TypeError):
        return name.code.replace("_", " ").capitalize()


def from_row(code: str, parameters: str) -> ChangeName:
    """A name as the project file keeps it."""
    return ChangeName(code, loaded(parameters, {}))
