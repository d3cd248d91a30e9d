"""Where in an example two versions of its text differ: the value, and the place inside it."""

import json

from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, Path, parse
from tunedesk.gui.examples.form.shown_text import changed_span

LONGEST_ESCAPE = 12  # a surrogate pair written as two escapes


def changed_place(old_text: str, new_text: str) -> tuple[Path, int] | None:
    """The path of the value in which the texts differ, and the end of the change inside it.

    The place inside counts characters of a string's value; it is 0 for everything else. None if
    the new text is not JSON.
    """
    try:
        root = parse(new_text)
    except JsonSyntaxError:
        return None
    start, _old_end, end = changed_span(old_text, new_text)
    path, node = _innermost(root, start, end)
    if node.kind != "string":
        return path, 0
    return path, _inside(new_text, node, end)


def _innermost(root: JsonNode, start: int, end: int) -> tuple[Path, JsonNode]:
    """The smallest value that holds the whole stretch."""
    path: list[str | int] = []
    node = root
    while True:
        inner: tuple[str | int, JsonNode] | None = None
        if node.kind == "object":
            for key, key_node, value in node.members:
                if key_node.start <= start and end <= value.end:
                    inner = (key, value)
        else:
            for index, item in enumerate(node.items):
                if item.start <= start and end <= item.end:
                    inner = (index, item)
        if inner is None:
            return tuple(path), node
        path.append(inner[0])
        node = inner[1]


def _inside(text: str, node: JsonNode, offset: int) -> int:
    """How many characters of a string's value stand before an offset of the text."""
    offset = min(max(offset, node.start + 1), node.end - 1)
    for end in range(offset, max(node.start, offset - LONGEST_ESCAPE), -1):
        try:
            value = json.loads(text[node.start : end] + '"')
        except ValueError:
            continue  # the offset cuts an escape in two
        return len(value)
    return 0
