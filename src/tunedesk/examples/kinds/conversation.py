"""Conversations: `messages` of a system, a user, an assistant and tools, as chat models learn them.

The functions for lists of messages serve every kind that holds such a list.
"""

import re
from collections.abc import Collection, Iterator
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from typing import Any

from tunedesk.examples.hashes import Hashes, conversation_hashes
from tunedesk.examples.json_edit import spelled_string
from tunedesk.examples.json_text import JsonNode, parse
from tunedesk.examples.kinds.kind import (
    Block,
    Kind,
    KindName,
    Method,
    RecordFormat,
    Replacing,
    first_text,
    member_blocks,
    preview_line,
    read_or_spelled,
    strings,
)
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing

NEW_EXAMPLE_TEXT = (
    '{"messages": [{"role": "system", "content": ""}, '
    '{"role": "user", "content": ""}, {"role": "assistant", "content": ""}]}'
)
"""What a new example begins with."""

ROLE_LETTERS = {
    "system": "s",
    "user": "u",
    "assistant": "a",
    "tool": "t",
    "function": "f",
    "developer": "d",
}
"""The letter of each role, as in `Facts.roles`."""

_CONTENT_KEY = re.compile(r'"content"[ \t\n\r]*:[ \t\n\r]*').finditer
_ESCAPED_ASCII = re.compile(r"\\u00[2-7]").search


class ConversationKind(Kind):
    """A conversation that ends with the answer to learn."""

    name: KindName = "chat"
    file_format: RecordFormat = "chat"
    method: Method | None = "supervised"
    blank: str | None = NEW_EXAMPLE_TEXT
    is_written_as_messages = True

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("a conversation")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        return "messages" in record

    def preview(self, record: Any) -> str:
        """One line that shows what the record is about."""
        messages = record.get("messages")
        shown = first_said(messages) if isinstance(messages, list) else ""
        return preview_line(shown or first_text(record))

    def texts(self, record: Any) -> Iterator[str]:
        """All that is said in the record, in order."""
        messages = record.get("messages")
        return said(messages) if isinstance(messages, list) else strings(record)

    def hashes(self, record: dict[str, Any]) -> Hashes | None:
        """The hashes by which doubles are found."""
        messages = record.get("messages")
        if not isinstance(messages, list) or not messages:
            return None
        return conversation_hashes(record, messages, role_letters(messages))

    def replaceable(self, root: JsonNode, roles: Collection[str] | None) -> Iterator[JsonNode]:
        """The strings in which find and replace may replace."""
        messages = root.member("messages")
        return iter(()) if messages is None else replaceable_in_messages(messages, roles)

    def replace(self, text: str, record: Any, replacing: Replacing) -> tuple[str, int]:
        """The text with all hits replaced, and how many there were."""
        messages = None if record is None else record.get("messages")
        if record is not None and not isinstance(messages, list):
            return text, 0
        contents = None if messages is None else _plain_contents(messages)
        if messages is None or contents is None:
            return super().replace(text, record, replacing)
        quick = _replace_in_plain(text, messages, contents, replacing)
        return super().replace(text, None, replacing) if quick is None else quick

    def with_system_prompt(self, text: str, prompt: str) -> str:
        """The text with this system prompt."""
        # Edits are asked for seldom, and a check of a file should not wait for them to load.
        with importing("tunedesk.examples.conversation_edits"):
            from tunedesk.examples.conversation_edits import set_system_prompt

        return set_system_prompt(text, prompt)

    def blocks(self, text: str) -> list[Block]:
        """The parts of the record as a person reads them."""
        root = parse(text)
        messages = root.member("messages")
        if messages is None or messages.kind != "array":
            return member_blocks(text, root)
        return [
            *message_blocks(text, messages, "messages"),
            *member_blocks(text, root, without=("messages",)),
        ]


CONVERSATION = ConversationKind()


def role_letters(messages: list[Any]) -> str:
    """One letter a message, as in `Facts.roles`; ? for a role that is not known."""
    return "".join(
        ROLE_LETTERS.get(role, "?") if isinstance(role, str) else "?"
        for role in (
            message.get("role") if isinstance(message, dict) else None for message in messages
        )
    )


def first_said(messages: list[Any]) -> str:
    """The first thing that the user says, else the first that anybody says; empty without."""
    first = ""
    for message in messages:
        text = _content_text(message.get("content")) if isinstance(message, dict) else ""
        if text.strip() and message.get("role") == "user":
            return text
        first = first or (text if text.strip() else "")
    return first


def said(messages: list[Any]) -> Iterator[str]:
    """All that is said in messages: contents, refusals, names and arguments of tool calls."""
    for message in messages:
        if not isinstance(message, dict):
            yield from strings(message)
            continue
        content = message.get("content")
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from _part_texts(content)
        elif content is not None:
            yield from strings(content)
        for key in ("refusal", "tool_calls", "function_call"):
            value = message.get(key)
            if value:
                yield from strings(value, skip=("id", "type"))


def replaceable_in_messages(
    messages: JsonNode, roles: Collection[str] | None
) -> Iterator[JsonNode]:
    """The contents, text parts and refusals of the messages of these roles; of all without."""
    for message in messages.items:
        role = message.member("role")
        if roles is not None and (role is None or role.value not in roles):
            continue
        content = message.member("content")
        for node in (content, message.member("refusal")):
            if node is not None and node.kind == "string":
                yield node
        for part in content.items if content is not None else ():
            node = part if part.kind == "string" else part.member("text")
            if node is not None and node.kind == "string":
                yield node


def message_blocks(
    text: str, messages: JsonNode, section: str, heading: str | None = None
) -> list[Block]:
    """A block for each message of a list.

    Args:
        text: The text of the record.
        messages: The list.
        section: The key under which it stands.
        heading: What the messages are, if more is known of them than their roles.
    """
    blocks = []
    for number, message in enumerate(messages.items, 1):
        node = message.member("role")
        role = node.value if node is not None and node.kind == "string" else ""
        shown = _heading(role if node is not None else None, number) if heading is None else heading
        blocks.append(Block(section, shown, role, _message_text(text, message), is_message=True))
    return blocks


def _heading(role: str | None, number: int) -> str:
    headings = {
        "system": _("System message {number}"),
        "developer": _("Developer message {number}"),
        "user": _("User message {number}"),
        "assistant": _("Assistant message {number}"),
        "tool": _("Tool message {number}"),
        "function": _("Function message {number}"),
    }
    if role is None or not role.strip():
        return _("No role message {number}").format(number=number)
    known = headings.get(role)
    if known is None:
        return _("{role} message {number}").format(role=role.strip(), number=number)
    return known.format(number=number)


def _message_text(text: str, message: JsonNode) -> str:
    """All that a message says: its text, then its other fields, a line each."""
    if message.kind != "object":
        return text[message.start : message.end]
    content = message.member("content")
    if content is None or content.kind == "null":
        lines = [""]
    elif content.kind == "array":
        lines = [_shown_part(part) for part in content.items]
    else:
        lines = [read_or_spelled(text, content)]
    for key, _key, value in message.members:
        if key == "role" or (key == "content" and value.kind != "null"):
            continue
        lines.append(f"{key}: {text[value.start : value.end]}")
    return "\n".join(lines).removeprefix("\n")


def _shown_part(part: JsonNode) -> str:
    node = part if part.kind == "string" else part.member("text")
    if node is not None and node.kind == "string":
        return str(node.value)
    image = part.member("image_url")
    url = image if image is None or image.kind == "string" else image.member("url")
    if url is not None and url.kind == "string":
        return _("[picture, {size} characters]").format(size=len(url.value))
    return _("[another content part]")


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(text for text in texts if isinstance(text, str))
    return ""


def _part_texts(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        # A picture as a data URL is megabytes that nobody searches.
        if isinstance(part, dict) and "image_url" in part:
            continue
        yield from strings(part, skip=("type",))


def _plain_contents(messages: list[Any]) -> list[str] | None:
    """The contents of the messages, if these are all that may be replaced; else None."""
    contents = []
    for message in messages:
        if not isinstance(message, dict):
            return None
        content = message.get("content")
        if not isinstance(content, str) or message.get("refusal"):
            return None
        contents.append(content)
    return contents


def _replace_in_plain(
    text: str, messages: list[Any], contents: list[str], replacing: Replacing
) -> tuple[str, int] | None:
    """Replace without parsing the text; None where it cannot be told where the contents stand."""
    find, new, roles, is_plain = replacing
    changed = [
        (number, content, *replaced)
        for number, content in enumerate(contents)
        if (roles is None or messages[number].get("role") in roles)
        and (replaced := find.subn(new, content))[1]
    ]
    if not changed:
        return text, 0
    starts = _content_starts(text, len(contents))
    if starts is None:
        return None
    pieces: list[str] = []
    done = total = 0
    for number, content, new_content, times in changed:
        start = starts[number]
        end = start + len(content) + 2
        # What holds nothing that must be escaped is spelled as it is.
        if text[start:end] == f'"{content}"' and is_plain:
            spelled = f'"{new_content}"'
        else:
            end = _scanstring(text, start + 1, True)[1]
            spelled = spelled_string(new_content, text[start:end])
        pieces += (text[done:start], spelled)
        done = end
        total += times
    return "".join([*pieces, text[done:]]), total


def _content_starts(text: str, count: int) -> list[int] | None:
    """Where the content string of each message begins, found without parsing; None if in doubt.

    The text is known to be JSON in which each of `count` messages has a content. If no key can be
    spelled with escapes, each of them stands as `"content":` outside of strings; so if it stands
    there `count` times, it is nothing else.
    """
    if _ESCAPED_ASCII(text):
        return None
    # After a backslash it is the end of a key such as "say \"content".
    starts = [key.end() for key in _CONTENT_KEY(text) if text[key.start() - 1] != "\\"]
    return starts if len(starts) == count else None
