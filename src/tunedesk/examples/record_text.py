"""The text of a record as people read it: its preview, what a search reads, find and replace."""

import re
from collections.abc import Collection, Iterator
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from typing import Any

import orjson

from tunedesk.examples.json_edit import spelled_string
from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse

PREVIEW_LENGTH = 160
_READ = 400
# Shorter texts are mostly names of roles and kinds.
_SHORT = 6


def preview_line(text: str) -> str:
    """The beginning of the text in one line of at most 160 characters."""
    start = text[:PREVIEW_LENGTH]
    if start.isprintable():
        return start.strip()
    start = " ".join(text[:_READ].split())[:PREVIEW_LENGTH]
    return start.encode("utf-8", "replace").decode()


def preview(record: Any) -> str:
    """What the record is about: the first thing that the user says, or any first text."""
    first = ""
    messages = record.get("messages") if isinstance(record, dict) else None
    for message in messages if isinstance(messages, list) else ():
        text = _content_text(message.get("content")) if isinstance(message, dict) else ""
        if text.strip() and message.get("role") == "user":
            return preview_line(text)
        first = first or (text if text.strip() else "")
    return preview_line(first or _any_text(record))


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(text for text in texts if isinstance(text, str))
    return ""


def _any_text(value: Any) -> str:
    """The first text found within the value, looking at most a few levels deep."""
    level = [value]
    for _depth in range(6):
        inner: list[Any] = []
        for item in level:
            children = item.values() if isinstance(item, dict) else item
            for child in children if isinstance(item, (dict, list)) else ():
                if isinstance(child, str) and len(child.strip()) > _SHORT:
                    return child
                if isinstance(child, (dict, list)):
                    inner.append(child)
        level = inner[:50]
    return ""


_CONTENT_KEY = re.compile(r'"content"[ \t\n\r]*:[ \t\n\r]*').finditer
_TO_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f-\uffff]').search
_ESCAPED_ASCII = re.compile(r"\\u00[2-7]").search


def message_text(text: bytes | str) -> str:
    """All that is said in a record, a line for each text: what a search looks through.

    Contents, refusals, names and arguments of tool calls; of records without messages every
    string. What is no JSON is its own text.
    """
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        plain = text.decode(errors="replace") if isinstance(text, bytes) else text
        try:
            record = parse(plain).value
        except JsonSyntaxError:
            return plain
    messages = record.get("messages") if isinstance(record, dict) else None
    if isinstance(messages, list):
        return "\n".join(_said(messages))
    return "\n".join(_strings(record))


def _said(messages: list[Any]) -> Iterator[str]:
    for message in messages:
        if not isinstance(message, dict):
            yield from _strings(message)
            continue
        content = message.get("content")
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from _part_texts(content)
        elif content is not None:
            yield from _strings(content)
        for key in ("refusal", "tool_calls", "function_call"):
            value = message.get(key)
            if value:
                yield from _strings(value, skip=("id", "type"))


def _part_texts(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        # A picture as a data URL is megabytes that nobody searches.
        if isinstance(part, dict) and "image_url" in part:
            continue
        yield from _strings(part, skip=("type",))


def _strings(value: Any, skip: Collection[str] = ()) -> Iterator[str]:
    """Every string below a value, in order; keys are not text."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting.extend(child for key, child in reversed(item.items()) if key not in skip)
        elif isinstance(item, list):
            waiting.extend(reversed(item))


def replace_in_messages(
    text: str,
    find: re.Pattern[str],
    replacement: str,
    roles: Collection[str] | None = None,
    template: bool = False,
) -> tuple[str, int]:
    r"""Replace in the contents, text parts and refusals of a record; all else stays as it is.

    Args:
        text: The record; one that is not JSON is left alone.
        find: What to find, in the text as it is read, escapes resolved.
        replacement: What to put there.
        roles: The roles of the messages to look at; all without.
        template: Whether `\1` and the like in the replacement stand for groups of the pattern.

    Returns:
        The new text and how many places were replaced.
    """
    new = replacement if template else replacement.replace("\\", "\\\\")
    try:
        record = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return _replace_carefully(text, find, new, roles)
    messages = record.get("messages") if isinstance(record, dict) else None
    if not isinstance(messages, list):
        return text, 0
    contents = _plain_contents(messages)
    if contents is None:
        if any(find.search(words) for words in _said(messages)):
            return _replace_carefully(text, find, new, roles)
        return text, 0
    changed = [
        (place, content, *replaced)
        for place, content in enumerate(contents)
        if (roles is None or messages[place].get("role") in roles)
        and (replaced := find.subn(new, content))[1]
    ]
    if not changed:
        return text, 0
    starts = _content_starts(text, len(contents))
    if starts is None:
        return _replace_carefully(text, find, new, roles)
    # What holds nothing that must be escaped is spelled as it is.
    as_it_is = not template and _TO_ESCAPE(replacement) is None
    pieces: list[str] = []
    done = total = 0
    for place, content, words, times in changed:
        start = starts[place]
        end = start + len(content) + 2
        if text[start:end] == f'"{content}"' and as_it_is:
            spelled = f'"{words}"'
        else:
            end = _scanstring(text, start + 1, True)[1]
            spelled = spelled_string(words, text[start:end])
        pieces += (text[done:start], spelled)
        done = end
        total += times
    return "".join([*pieces, text[done:]]), total


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


def _replace_carefully(
    text: str, find: re.Pattern[str], new: str, roles: Collection[str] | None
) -> tuple[str, int]:
    try:
        root = parse(text)
    except JsonSyntaxError:
        return text, 0
    messages = root.member("messages")
    starts: list[int] = []
    for message in messages.items if messages is not None else ():
        role = message.member("role")
        if roles is None or (role is not None and role.value in roles):
            starts += [node.start for node in _texts(message)]
    return _replaced(text, sorted(starts), find, new)


def _texts(message: JsonNode) -> Iterator[JsonNode]:
    """The strings of a message that may be replaced."""
    content = message.member("content")
    for node in (content, message.member("refusal")):
        if node is not None and node.kind == "string":
            yield node
    for part in content.items if content is not None else ():
        words = part if part.kind == "string" else part.member("text")
        if words is not None and words.kind == "string":
            yield words


def _replaced(text: str, starts: list[int], find: re.Pattern[str], new: str) -> tuple[str, int]:
    """The text with the strings that begin there replaced, and how many places were."""
    pieces: list[str] = []
    done = total = 0
    for start in starts:
        value, end = _scanstring(text, start + 1, True)
        changed, times = find.subn(new, value)
        if times:
            pieces += (text[done:start], spelled_string(changed, text[start:end]))
            done = end
            total += times
    return ("".join([*pieces, text[done:]]), total) if pieces else (text, 0)
