"""Preference pairs: a prompt with the answer that was preferred and the one that was not.

Two spellings are met: OpenAI's (`input`, `preferred_output`, `non_preferred_output`), and the one
of open tools (`chosen` and `rejected`, with or without a `prompt`).
"""

from collections.abc import Collection, Iterator
from typing import Any, Literal, NamedTuple

from tunedesk.examples.hashes import Hashes, record_hashes
from tunedesk.examples.json_edit import SpelledJson, raw_value, replace_value
from tunedesk.examples.json_text import JsonNode, parse
from tunedesk.examples.kinds.conversation import (
    first_said,
    message_blocks,
    replaceable_in_messages,
    said,
)
from tunedesk.examples.kinds.kind import (
    Block,
    Kind,
    KindName,
    Method,
    RecordFormat,
    first_text,
    member_blocks,
    preview_line,
    read_or_spelled,
    strings,
)
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing

_ASKED = ("input", "prompt")
_PREFERRED = ("preferred_output", "preferred_completion", "chosen")
_OTHER = ("non_preferred_output", "non_preferred_completion", "rejected")
_PARTS = (*_ASKED, *_PREFERRED, *_OTHER)
PairPart = Literal["asked", "preferred", "other"]
PAIR_PARTS: dict[PairPart, tuple[str, ...]] = {
    "asked": _ASKED,
    "preferred": _PREFERRED,
    "other": _OTHER,
}
"""The parts of a pair, and the keys under which each of them is met."""
_OPENAI_KEYS = frozenset({*_PREFERRED[:2], *_OTHER[:2]})
# Older documents of OpenAI's call the outputs completions.


class PreferenceKind(Kind):
    """Two answers to one prompt, one preferred."""

    name: KindName = "preference"
    file_format: RecordFormat = "preference"
    method: Method | None = "dpo"

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("a preference pair (two answers, one preferred)")

    def section_title(self, section: str) -> str:
        """What stands under a key, as a heading."""
        if section in _PREFERRED:
            return _("Preferred answer")
        if section in _OTHER:
            return _("Other answer")
        return _("Prompt") if section in _ASKED else ""

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        return _is_openai_form(record) or ("chosen" in record and "rejected" in record)

    def format_of(self, record: dict[str, Any]) -> RecordFormat:
        """The format: "preference" as OpenAI's API takes it, "dpo" as open training tools do."""
        return "preference" if _is_openai_form(record) else "dpo"

    def preview(self, record: Any) -> str:
        """One line that shows what the record is about."""
        shown = ""
        for key in _PARTS:
            shown = shown or _first_said(record.get(key))
        return preview_line(shown or first_text(record))

    def texts(self, record: Any) -> Iterator[str]:
        """All that is said in the record, in order."""
        for key, value in record.items():
            if key not in _PARTS:
                yield from strings(value)
                continue
            messages = _messages(value)
            yield from strings(value) if messages is None else said(messages)
            if key == "input" and isinstance(value, dict):
                others = {name: part for name, part in value.items() if name != "messages"}
                yield from strings(others)

    def hashes(self, record: dict[str, Any]) -> Hashes | None:
        """The hashes by which doubles are found."""
        return record_hashes({key: record[key] for key in _PARTS if key in record})

    def replaceable(self, root: JsonNode, roles: Collection[str] | None) -> Iterator[JsonNode]:
        """The strings in which find and replace may replace."""
        for key in _PARTS:
            node = root.member(key)
            messages = None if node is None else _message_list(node)
            if messages is not None:
                yield from replaceable_in_messages(messages, roles)
                continue
            role = "user" if key in _ASKED else "assistant"
            if node is not None and node.kind == "string" and (roles is None or role in roles):
                yield node

    def with_system_prompt(self, text: str, prompt: str) -> str:
        """The text with this system prompt."""
        # Edits are asked for seldom, and a check of a file should not wait for them to load.
        with importing("tunedesk.examples.conversation_edits"):
            from tunedesk.examples.conversation_edits import set_system_prompt

        asked = parse(text).member("input")
        messages = None if asked is None else asked.member("messages")
        if messages is None or messages.kind != "array":
            return text
        conversation = raw_value(text, ("input",))
        changed = set_system_prompt(conversation, prompt)
        if changed == conversation:
            return text
        return replace_value(text, ("input",), SpelledJson(changed))

    def blocks(self, text: str) -> list[Block]:
        """The parts of the record as a person reads them."""
        root = parse(text)
        blocks = []
        for key in _PARTS:
            node = root.member(key)
            if node is not None:
                blocks += _part_blocks(text, key, node)
        return blocks + member_blocks(text, root, without=_PARTS)


PREFERENCE = PreferenceKind()


class PairMessages(NamedTuple):
    """A pair as messages, whatever its spelling.

    Attributes:
        asked: What both answers answer.
        answers: The preferred answer and then the other one, each of one or more messages.
        tools: The tools that the pair declares, as they stand there; None without.
    """

    asked: list[Any]
    answers: list[Any]
    tools: Any


def pair_messages(record: dict[str, Any]) -> PairMessages:
    """The messages of a pair; a plain text counts as the user's or the assistant's."""
    asked: list[Any] = []
    answers: list[Any] = []
    for key in _PARTS:
        value = record.get(key)
        found, role = (asked, "user") if key in _ASKED else (answers, "assistant")
        if isinstance(value, str):
            found.append({"role": role, "content": value})
        else:
            found += _messages(value) or []
    given = record.get("input")
    return PairMessages(asked, answers, given.get("tools") if isinstance(given, dict) else None)


def answer_messages(value: Any) -> list[Any]:
    """The messages of an answer; a plain text counts as the assistant's."""
    if isinstance(value, str):
        return [{"role": "assistant", "content": value}]
    return _messages(value) or []


def _is_openai_form(record: dict[str, Any]) -> bool:
    return not _OPENAI_KEYS.isdisjoint(record)


def _messages(value: Any) -> list[Any] | None:
    """The messages of a prompt or an answer; None if it is not a list of messages."""
    messages = value.get("messages") if isinstance(value, dict) else value
    return messages if isinstance(messages, list) else None


def _message_list(node: JsonNode) -> JsonNode | None:
    messages = node.member("messages") if node.kind == "object" else node
    return messages if messages is not None and messages.kind == "array" else None


def _first_said(value: Any) -> str:
    if isinstance(value, str):
        return value if value.strip() else ""
    messages = _messages(value)
    return "" if messages is None else first_said(messages)


def _part_blocks(text: str, key: str, node: JsonNode) -> list[Block]:
    heading = None
    if key in _PREFERRED:
        heading = _("Preferred answer")
    elif key in _OTHER:
        heading = _("Other answer")
    messages = _message_list(node)
    if messages is None:
        return [Block(key, heading or _("Prompt"), "", read_or_spelled(text, node))]
    blocks = message_blocks(text, messages, key, heading)
    if node.kind == "object":
        blocks += member_blocks(text, node, without=("messages",))
    return blocks
