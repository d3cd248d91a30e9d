"""The names of changes: stored as code and parameters, told in the user's language.

Each change has three whole sentences: what was done, and what the menu offers to undo and to redo.
"""

import json
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from tunedesk.i18n import _, ngettext
from tunedesk.project import damage
from tunedesk.project.stored_values import loaded

Sentence = Literal["done", "undo", "redo"]
_SENTENCES: tuple[Sentence, ...] = ("done", "undo", "redo")


class ChangeName(NamedTuple):
    """The name of a change.

    Attributes:
        code: What was done, one of those below; "worded" for a name that the caller has put into
            words.
        parameters: What the sentence names, such as `count`; JSON values only.
    """

    code: str
    parameters: dict[str, Any]

    @classmethod
    def of(cls, name: "str | ChangeName") -> "ChangeName":
        """A name from words such as "Edit message 2", or as it is."""
        return name if isinstance(name, ChangeName) else cls("worded", {"text": name})

    def stored(self) -> str:
        """The parameters as the project file keeps them."""
        return json.dumps(self.parameters)


_WORDED: dict[str, Callable[[int], tuple[str, str, str]]] = {
    "create": lambda _n: (
        _("Create the project"),
        _("Undo create the project"),
        _("Redo create the project"),
    ),
    "back_to_version": lambda _n: (
        _("Back to an earlier version"),
        _("Undo back to an earlier version"),
        _("Redo back to an earlier version"),
    ),
    "set_preset": lambda _n: (
        _("Keep the preset “{name}”"),
        _("Undo keep the preset “{name}”"),
        _("Redo keep the preset “{name}”"),
    ),
    "delete_preset": lambda _n: (
        _("Delete the preset “{name}”"),
        _("Undo delete the preset “{name}”"),
        _("Redo delete the preset “{name}”"),
    ),
    "merge": lambda _n: (_("Merge “{file}”"), _("Undo merge “{file}”"), _("Redo merge “{file}”")),
    "fix_one": lambda _n: (_("Fix: {title}"), _("Undo fix: {title}"), _("Redo fix: {title}")),
    "edit_message": lambda _n: (
        _("Edit message {number}"),
        _("Undo edit message {number}"),
        _("Redo edit message {number}"),
    ),
    "add_message": lambda _n: (
        _("Add message {number}"),
        _("Undo add message {number}"),
        _("Redo add message {number}"),
    ),
    "delete_message": lambda _n: (
        _("Delete message {number}"),
        _("Undo delete message {number}"),
        _("Redo delete message {number}"),
    ),
    "move_message": lambda _n: (
        _("Move message {number}"),
        _("Undo move message {number}"),
        _("Redo move message {number}"),
    ),
    "duplicate_message": lambda _n: (
        _("Duplicate message {number}"),
        _("Undo duplicate message {number}"),
        _("Redo duplicate message {number}"),
    ),
    "split_message": lambda _n: (
        _("Split message {number}"),
        _("Undo split message {number}"),
        _("Redo split message {number}"),
    ),
    "merge_message": lambda _n: (
        _("Merge message {number} with the next"),
        _("Undo merge message {number} with the next"),
        _("Redo merge message {number} with the next"),
    ),
    "change_role": lambda _n: (
        _("Change the role of message {number}"),
        _("Undo change the role of message {number}"),
        _("Redo change the role of message {number}"),
    ),
    "train_on_message": lambda _n: (
        _("Train on message {number}"),
        _("Undo train on message {number}"),
        _("Redo train on message {number}"),
    ),
    "do_not_train_on_message": lambda _n: (
        _("Do not train on message {number}"),
        _("Undo do not train on message {number}"),
        _("Redo do not train on message {number}"),
    ),
    "edit_refusal": lambda _n: (
        _("Edit the refusal in message {number}"),
        _("Undo edit the refusal in message {number}"),
        _("Redo edit the refusal in message {number}"),
    ),
    "remove_refusal": lambda _n: (
        _("Remove the refusal in message {number}"),
        _("Undo remove the refusal in message {number}"),
        _("Redo remove the refusal in message {number}"),
    ),
    "edit_name": lambda _n: (
        _("Edit the name in message {number}"),
        _("Undo edit the name in message {number}"),
        _("Redo edit the name in message {number}"),
    ),
    "edit_tool_call": lambda _n: (
        _("Edit the tool call in message {number}"),
        _("Undo edit the tool call in message {number}"),
        _("Redo edit the tool call in message {number}"),
    ),
    "add_tool_call": lambda _n: (
        _("Add a tool call to message {number}"),
        _("Undo add a tool call to message {number}"),
        _("Redo add a tool call to message {number}"),
    ),
    "remove_tool_call": lambda _n: (
        _("Remove a tool call from message {number}"),
        _("Undo remove a tool call from message {number}"),
        _("Redo remove a tool call from message {number}"),
    ),
    "edit_tool_call_id": lambda _n: (
        _("Edit the tool call id in message {number}"),
        _("Undo edit the tool call id in message {number}"),
        _("Redo edit the tool call id in message {number}"),
    ),
    "modernise_function_call": lambda _n: (
        _("Turn the function call in message {number} into a tool call"),
        _("Undo turn the function call in message {number} into a tool call"),
        _("Redo turn the function call in message {number} into a tool call"),
    ),
    "turn_content_into_text": lambda _n: (
        _("Turn the content of message {number} into text"),
        _("Undo turn the content of message {number} into text"),
        _("Redo turn the content of message {number} into text"),
    ),
    "add_picture": lambda _n: (
        _("Add a picture to message {number}"),
        _("Undo add a picture to message {number}"),
        _("Redo add a picture to message {number}"),
    ),
    "remove_part": lambda _n: (
        _("Remove a part of message {number}"),
        _("Undo remove a part of message {number}"),
        _("Redo remove a part of message {number}"),
    ),
    "set_picture_detail": lambda _n: (
        _("Set the detail of a picture in message {number}"),
        _("Undo set the detail of a picture in message {number}"),
        _("Redo set the detail of a picture in message {number}"),
    ),
    "remove_message_key": lambda _n: (
        _("Remove a key from message {number}"),
        _("Undo remove a key from message {number}"),
        _("Redo remove a key from message {number}"),
    ),
    "remove_example_key": lambda _n: (
        _("Remove a key of the example"),
        _("Undo remove a key of the example"),
        _("Redo remove a key of the example"),
    ),
    "edit_tools": lambda _n: (
        _("Edit the tools"),
        _("Undo edit the tools"),
        _("Redo edit the tools"),
    ),
    "add_tool": lambda _n: (_("Add a tool"), _("Undo add a tool"), _("Redo add a tool")),
    "remove_tool": lambda _n: (
        _("Remove a tool"),
        _("Undo remove a tool"),
        _("Redo remove a tool"),
    ),
    "add_parameter": lambda _n: (
        _("Add a parameter"),
        _("Undo add a parameter"),
        _("Redo add a parameter"),
    ),
    "remove_parameter": lambda _n: (
        _("Remove a parameter"),
        _("Undo remove a parameter"),
        _("Redo remove a parameter"),
    ),
    "rename_parameter": lambda _n: (
        _("Rename a parameter"),
        _("Undo rename a parameter"),
        _("Redo rename a parameter"),
    ),
    "change_parameter_type": lambda _n: (
        _("Change the type of a parameter"),
        _("Undo change the type of a parameter"),
        _("Redo change the type of a parameter"),
    ),
    "change_required_parameters": lambda _n: (
        _("Change what a tool requires"),
        _("Undo change what a tool requires"),
        _("Redo change what a tool requires"),
    ),
    "change_parallel_calls": lambda _n: (
        _("Change whether several tools are called at once"),
        _("Undo change whether several tools are called at once"),
        _("Redo change whether several tools are called at once"),
    ),
    "edit_raw_json": lambda _n: (
        _("Edit the raw JSON"),
        _("Undo edit the raw JSON"),
        _("Redo edit the raw JSON"),
    ),
    "set_one_system_prompt": lambda _n: (
        _("Set the system prompt"),
        _("Undo set the system prompt"),
        _("Redo set the system prompt"),
    ),
    "set_unknown_state": lambda _n: (
        _("Set the state"),
        _("Undo set the state"),
        _("Redo set the state"),
    ),
    "add": lambda n: (
        ngettext("Add {count} example", "Add {count} examples", n),
        ngettext("Undo add {count} example", "Undo add {count} examples", n),
        ngettext("Redo add {count} example", "Redo add {count} examples", n),
    ),
    "import": lambda n: (
        ngettext("Import {count} example from {file}", "Import {count} examples from {file}", n),
        ngettext(
            "Undo import {count} example from {file}", "Undo import {count} examples from {file}", n
        ),
        ngettext(
            "Redo import {count} example from {file}", "Redo import {count} examples from {file}", n
        ),
    ),
    "paste": lambda n: (
        ngettext("Paste {count} example", "Paste {count} examples", n),
        ngettext("Undo paste {count} example", "Undo paste {count} examples", n),
        ngettext("Redo paste {count} example", "Redo paste {count} examples", n),
    ),
    "duplicate": lambda n: (
        ngettext("Duplicate {count} example", "Duplicate {count} examples", n),
        ngettext("Undo duplicate {count} example", "Undo duplicate {count} examples", n),
        ngettext("Redo duplicate {count} example", "Redo duplicate {count} examples", n),
    ),
    "delete": lambda n: (
        ngettext("Delete {count} example", "Delete {count} examples", n),
        ngettext("Undo delete {count} example", "Undo delete {count} examples", n),
        ngettext("Redo delete {count} example", "Redo delete {count} examples", n),
    ),
    "move": lambda n: (
        ngettext("Move {count} example", "Move {count} examples", n),
        ngettext("Undo move {count} example", "Undo move {count} examples", n),
        ngettext("Redo move {count} example", "Redo move {count} examples", n),
    ),
    "add_tag": lambda n: (
        ngettext("Tag {count} example “{tag}”", "Tag {count} examples “{tag}”", n),
        ngettext("Undo tag {count} example “{tag}”", "Undo tag {count} examples “{tag}”", n),
        ngettext("Redo tag {count} example “{tag}”", "Redo tag {count} examples “{tag}”", n),
    ),
    "remove_tag": lambda n: (
        ngettext(
            "Remove tag “{tag}” from {count} example", "Remove tag “{tag}” from {count} examples", n
        ),
        ngettext(
            "Undo remove tag “{tag}” from {count} example",
            "Undo remove tag “{tag}” from {count} examples",
            n,
        ),
        ngettext(
            "Redo remove tag “{tag}” from {count} example",
            "Redo remove tag “{tag}” from {count} examples",
            n,
        ),
    ),
    "replace": lambda n: (
        ngettext("Replace “{find}” in {count} example", "Replace “{find}” in {count} examples", n),
        ngettext(
            "Undo replace “{find}” in {count} example",
            "Undo replace “{find}” in {count} examples",
            n,
        ),
        ngettext(
            "Redo replace “{find}” in {count} example",
            "Redo replace “{find}” in {count} examples",
            n,
        ),
    ),
    "fix": lambda n: (
        ngettext("Fix {count} example: {title}", "Fix {count} examples: {title}", n),
        ngettext("Undo fix {count} example: {title}", "Undo fix {count} examples: {title}", n),
        ngettext("Redo fix {count} example: {title}", "Redo fix {count} examples: {title}", n),
    ),
    "fix_several": lambda n: (
        ngettext(
            "Fix {count} example by {rules} rules", "Fix {count} examples by {rules} rules", n
        ),
        ngettext(
            "Undo fix {count} example by {rules} rules",
            "Undo fix {count} examples by {rules} rules",
            n,
        ),
        ngettext(
            "Redo fix {count} example by {rules} rules",
            "Redo fix {count} examples by {rules} rules",
            n,
        ),
    ),
    "embed_pictures": lambda n: (
        ngettext(
            "Embed the pictures of {count} example", "Embed the pictures of {count} examples", n
        ),
        ngettext(
            "Undo embed the pictures of {count} example",
            "Undo embed the pictures of {count} examples",
            n,
        ),
        ngettext(
            "Redo embed the pictures of {count} example",
            "Redo embed the pictures of {count} examples",
            n,
        ),
    ),
    "set_system_prompt": lambda n: (
        ngettext(
            "Set the system prompt of {count} example",
            "Set the system prompt of {count} examples",
            n,
        ),
        ngettext(
            "Undo set the system prompt of {count} example",
            "Undo set the system prompt of {count} examples",
            n,
        ),
        ngettext(
            "Redo set the system prompt of {count} example",
            "Redo set the system prompt of {count} examples",
            n,
        ),
    ),
    "set_state.approved": lambda n: (
        ngettext("Approve {count} example", "Approve {count} examples", n),
        ngettext("Undo approve {count} example", "Undo approve {count} examples", n),
        ngettext("Redo approve {count} example", "Redo approve {count} examples", n),
    ),
    "set_state.rejected": lambda n: (
        ngettext("Reject {count} example", "Reject {count} examples", n),
        ngettext("Undo reject {count} example", "Undo reject {count} examples", n),
        ngettext("Redo reject {count} example", "Redo reject {count} examples", n),
    ),
    "set_state.draft": lambda n: (
        ngettext("Set {count} example to draft", "Set {count} examples to draft", n),
        ngettext("Undo set {count} example to draft", "Undo set {count} examples to draft", n),
        ngettext("Redo set {count} example to draft", "Redo set {count} examples to draft", n),
    ),
    "set_state.to_review": lambda n: (
        ngettext("Set {count} example to review", "Set {count} examples to review", n),
        ngettext("Undo set {count} example to review", "Undo set {count} examples to review", n),
        ngettext("Redo set {count} example to review", "Redo set {count} examples to review", n),
    ),
    "set_state.changes_wanted": lambda n: (
        ngettext("Want changes in {count} example", "Want changes in {count} examples", n),
        ngettext(
            "Undo want changes in {count} example", "Undo want changes in {count} examples", n
        ),
        ngettext(
            "Redo want changes in {count} example", "Redo want changes in {count} examples", n
        ),
    ),
    "worded": lambda _n: ("{text}", _("Undo: {text}"), _("Redo: {text}")),
}
"""By code and for a number of examples: what was done, and how it is undone and redone."""


def worded(name: ChangeName, sentence: Sentence = "done") -> str:
    """The name as the history shows it, or as the menu offers to undo or redo it."""
    code, parameters = name
    if code == "set_state":
        code = f"set_state.{parameters.get('state')}"
        code = code if code in _WORDED else "set_unknown_state"
    sentences = _WORDED.get(code)
    try:
        if sentences is not None:
            count = int(parameters.get("count", 1))
            text = sentences(count)[_SENTENCES.index(sentence)]
            return text.format(**{**parameters, "count": f"{count:,}"})
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError):
        # A stranger may have written other parameters.
        pass
    return worded(ChangeName("worded", {"text": code.replace("_", " ").capitalize()}), sentence)


def from_row(code: str, parameters: str) -> ChangeName:
    """A name as the project file keeps it; what it does not hold as it should be is left out."""
    found: dict[str, Any] = loaded(parameters, {})
    return ChangeName(
        damage.text(code, "set_unknown_state"),
        {
            name: damage.text(value) if isinstance(value, str) else value
            for name, value in found.items()
        },
    )
