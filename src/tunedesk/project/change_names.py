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


def _counted(singular: str, plural: str, parameters: _Parameters) -> str:
    count = int(parameters.get("count", 1))
    return ngettext(singular, plural, count).format(**{**parameters, "count": f"{count:,}"})


def _state(parameters: _Parameters) -> str:
    sentences: dict[str, tuple[str, str]] = {
        "approved": (_("Approve {count} example"), _("Approve {count} examples")),
        "rejected": (_("Reject {count} example"), _("Reject {count} examples")),
        "draft": (_("Set {count} example to draft"), _("Set {count} examples to draft")),
        "to_review": (_("Set {count} example to review"), _("Set {count} examples to review")),
        "changes_wanted": (
            _("Want changes in {count} example"),
            _("Want changes in {count} examples"),
        ),
    }
    known = sentences.get(str(parameters.get("state")))
    return _counted(*known, parameters) if known else _("Set the state")


_WORDING: dict[str, Callable[[_Parameters], str]] = {
    "worded": lambda p: str(p.get("text", "")),
    "create": lambda _p: _("Create the project"),
    "add": lambda p: _counted("Add {count} example", "Add {count} examples", p),
    "import": lambda p: _counted(
        "Import {count} example from {file}", "Import {count} examples from {file}", p
    ),
    "duplicate": lambda p: _counted("Duplicate {count} example", "Duplicate {count} examples", p),
    "delete": lambda p: _counted("Delete {count} example", "Delete {count} examples", p),
    "move": lambda p: _counted("Move {count} example", "Move {count} examples", p),
    "set_state": _state,
    "add_tag": lambda p: _counted("Tag {count} example “{tag}”", "Tag {count} examples “{tag}”", p),
    "remove_tag": lambda p: _counted(
        "Remove tag “{tag}” from {count} example", "Remove tag “{tag}” from {count} examples", p
    ),
    "replace": lambda p: _counted(
        "Replace “{find}” in {count} example", "Replace “{find}” in {count} examples", p
    ),
    "fix": lambda p: _counted("Fix {count} example: {title}", "Fix {count} examples: {title}", p),
    "fix_several": lambda p: _counted(
        "Fix {count} example by {rules} rules", "Fix {count} examples by {rules} rules", p
    ),
    "set_system_prompt": lambda p: _counted(
        "Set the system prompt of {count} example", "Set the system prompt of {count} examples", p
    ),
    "back_to_version": lambda _p: _("Back to an earlier version"),
    "set_preset": lambda p: _("Keep the preset “{name}”").format(**p),
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
