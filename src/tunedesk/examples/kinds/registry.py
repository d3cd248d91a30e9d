"""The kinds of example that there are, and what is asked of a record whatever its kind is."""

import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import orjson

from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.examples.kinds.conversation import CONVERSATION
from tunedesk.examples.kinds.foreign import ALPACA, OTHER, SHAREGPT
from tunedesk.examples.kinds.kind import Kind, Replacing
from tunedesk.examples.kinds.preference import PREFERENCE
from tunedesk.examples.kinds.prompt_completion import PROMPT_COMPLETION
from tunedesk.examples.kinds.reinforcement import REINFORCEMENT
from tunedesk.examples.kinds.unreadable import UNREADABLE

KINDS: tuple[Kind, ...] = (
    PREFERENCE,
    REINFORCEMENT,
    CONVERSATION,
    SHAREGPT,
    PROMPT_COMPLETION,
    ALPACA,
    OTHER,
)
"""All kinds, in the order in which a record is tried: the first that recognises it has it."""

_BY_NAME: dict[str, Kind] = {kind.name: kind for kind in (*KINDS, UNREADABLE)}


class ReadRecord(NamedTuple):
    """A record that was read.

    Attributes:
        kind: Its kind.
        record: Its value; the text itself where it is unreadable.
    """

    kind: Kind
    record: Any


def kind_of(record: dict[str, Any]) -> Kind:
    """The kind of a record, recognised by its keys."""
    if len(record) == 1 and "messages" in record:
        # Most records of most files; each of the other kinds has a key beside it.
        return CONVERSATION
    for kind in KINDS:
        if kind.recognises(record):
            return kind
    return OTHER


def kind_named(name: str) -> Kind:
    """The kind of this stored name; one that a newer Tunedesk knows counts as "other"."""
    return _BY_NAME.get(name, OTHER)


def read_kind(text: bytes | str) -> ReadRecord:
    """The kind of a record and its value, quickly where that is possible."""
    try:
        record = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        plain = text.decode(errors="replace") if isinstance(text, bytes) else text
        try:
            record = parse(plain).value
        except JsonSyntaxError:
            return ReadRecord(UNREADABLE, plain)
    kind = kind_of(record) if isinstance(record, dict) else UNREADABLE
    return ReadRecord(kind, record)


def search_text(text: bytes | str) -> str:
    """All that is said in a record, a line for each text: what a search looks through."""
    kind, record = read_kind(text)
    return "\n".join(kind.texts(record))


def text_replacer(
    find: re.Pattern[str],
    replacement: str,
    roles: Collection[str] | None = None,
    template: bool = False,
) -> Callable[[str], tuple[str, int]]:
    r"""What replaces in the contents, text parts and refusals of records; all else stays as it is.

    Args:
        find: What to find, in the text as it is read, escapes resolved.
        replacement: What to put there.
        roles: The roles of the messages to look at; all without.
        template: Whether `\1` and the like in the replacement stand for groups of the pattern.

    Returns:
        A function of the text of a record that gives the new text and how many hits were replaced;
        what is not JSON is left alone.
    """
    new, is_plain = _as_template(replacement, template)
    replacing = Replacing(find, new, roles, is_plain)

    def replace(text: str) -> tuple[str, int]:
        kind, record = read_kind(text)
        return kind.replace(text, record, replacing)

    return replace


def _as_template(replacement: str, is_template: bool) -> tuple[str, bool]:
    """A replacement as `re` takes it, and whether it stands in JSON as it is."""
    if is_template:
        return replacement, False
    needs_escape = not replacement.isascii() or any(mark in replacement for mark in '"\\')
    is_plain = not needs_escape and (not replacement or replacement.isprintable())
    return replacement.replace("\\", "\\\\"), is_plain


def with_system_prompt(text: str, prompt: str) -> str:
    """The record with this system prompt; what can have none, or is not JSON, is left alone."""
    try:
        return read_kind(text).kind.with_system_prompt(text, prompt)
    except (JsonSyntaxError, LookupError, ValueError):
        return text
