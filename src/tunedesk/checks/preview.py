"""One line that shows what a record is about."""

from typing import Any

LENGTH = 160
_READ = 400
# Shorter texts are mostly names of roles and kinds.
_SHORT = 6


def one_line(text: str) -> str:
    """The beginning of the text in one line of at most 160 characters."""
    start = text[:LENGTH]
    if start.isprintable():
        return start.strip()
    start = " ".join(text[:_READ].split())[:LENGTH]
    return start.encode("utf-8", "replace").decode()


def preview(record: Any) -> str:
    """What the record is about: the first thing that the user says, or any first text."""
    first = ""
    messages = record.get("messages") if isinstance(record, dict) else None
    for message in messages if isinstance(messages, list) else ():
        text = _text(message.get("content")) if isinstance(message, dict) else ""
        if text.strip() and message.get("role") == "user":
            return one_line(text)
        first = first or (text if text.strip() else "")
    return one_line(first or _any_text(record))


def _text(content: Any) -> str:
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
