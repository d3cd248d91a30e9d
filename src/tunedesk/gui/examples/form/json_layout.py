"""Shows a record of one line over many lines and its pictures short, without changing a byte."""

import contextlib
import re

from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse
from tunedesk.gui.examples.form.shown_text import ShownText
from tunedesk.i18n import _

INDENT = "  "
SHORT = 40
"""A value that is spelled shorter than this and holds nothing nested stays in its line."""
LONGEST_LAID_OUT = 1_000_000
"""Longer than this, pictures not counted, it stays as it is: the time would be felt."""

LONG_LINE = 20_000
PIECE = 2_000

_PICTURE = re.compile(
    r"(data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{24})([A-Za-z0-9+/=\\]{400,})(?=[A-Za-z0-9+/=]{8})"
)


def laid_out(text: str) -> ShownText:
    """The text with line breaks that are only shown and with the middle of pictures left out.

    It keeps its own lines if it has some, and no line breaks are shown if it is no JSON.
    """
    changes = [
        (match.start(2), match.end(2), _left_out(match.end(2) - match.start(2)))
        for match in _PICTURE.finditer(text)
    ]
    hidden = sum(end - start for start, end, _words in changes)
    if "\n" not in text.strip() and len(text) - hidden <= LONGEST_LAID_OUT:
        with contextlib.suppress(JsonSyntaxError):  # it is shown as it is, and said so
            _lay_out(text, parse(text), 0, changes)
    changes.sort()
    return ShownText.with_replaced(text, _with_long_lines_broken(text, changes))


def _with_long_lines_broken(
    text: str, changes: list[tuple[int, int, str]]
) -> list[tuple[int, int, str]]:
    """Add breaks in what would be very long lines: Qt needs a square of their length for some."""
    broken: list[tuple[int, int, str]] = []
    at = 0
    for start, end, shown in (*changes, (len(text), len(text), "")):
        line_start = at
        for line in text[at:start].split("\n"):
            if len(line) > LONG_LINE:
                places = range(line_start + PIECE, line_start + len(line), PIECE)
                broken.extend((place, place, "\n") for place in places)
            line_start += len(line) + 1
        if end > start or shown:
            broken.append((start, end, shown))
        at = end
    return broken


def _left_out(count: int) -> str:
    return " … {} … ".format(_("{count} characters").format(count=f"{count:,}"))


def _lay_out(text: str, root: JsonNode, depth: int, changes: list[tuple[int, int, str]]) -> None:
    waiting = [(root, depth)]
    while waiting:
        node, level = waiting.pop()
        children = [(key.start, child.end, child) for _name, key, child in node.members] or [
            (item.start, item.end, item) for item in node.items
        ]
        if not children or _is_short(node):
            continue
        at = node.start + 1
        for start, end, child in children:
            # Between two values stand a comma and blanks: the blanks are shown as a line break.
            comma = text.find(",", at, start)
            begin = comma + 1 if comma >= 0 else at
            changes.append((begin, start, "\n" + INDENT * (level + 1)))
            waiting.append((child, level + 1))
            at = end
        changes.append((at, node.end - 1, "\n" + INDENT * level))


def _is_short(node: JsonNode) -> bool:
    children = [child for _name, _key, child in node.members] or node.items
    return node.end - node.start <= SHORT and all(
        child.kind not in ("object", "array") for child in children
    )
