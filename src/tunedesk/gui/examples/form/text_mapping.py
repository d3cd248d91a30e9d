"""A text and how a Qt text box shows it, so that an edit there keeps what the box cannot show.

A text box of Qt turns every kind of line break into one, drops a byte order mark at the beginning
and cannot hold a lone surrogate; the raw JSON view lays a record out over lines that it does not
have. `TextMapping` keeps the original beside what is shown, and carries an edit of what is shown
over to the original: all that was not touched stays as it was.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, Path, parse

_BREAK_OR_UNSHOWABLE = re.compile("\r\n|[\r\u2029\ufdd0\ufdd1]|[\ud800-\udfff]|\\A\ufeff")
_LINE_BREAKS = ("\r\n", "\r", "\u2029", "\ufdd0", "\ufdd1")


class _Piece(NamedTuple):
    """A stretch that is shown as it is, and where it begins in both texts."""

    shown: int
    original: int
    length: int


class TextMapping:
    """An original text, the text shown for it, and the way from one to the other.

    Attributes:
        original: The text itself.
        shown: What the text box holds.
    """

    def __init__(self, original: str, shown: str, pieces: list[_Piece]) -> None:
        self.original = original
        self.shown = shown
        self._pieces = pieces

    @classmethod
    def of_message(cls, original: str) -> "TextMapping":
        """The text of a message, as a text box of Qt shows it."""
        if not _BREAK_OR_UNSHOWABLE.search(original):
            return cls(original, original, [_Piece(0, 0, len(original))])
        layout = _Layout(original)
        for match in _BREAK_OR_UNSHOWABLE.finditer(original):
            found = match.group()
            if found in _LINE_BREAKS:
                layout.replace(match.start(), match.end(), "\n")
            elif found == "\ufeff":
                layout.replace(match.start(), match.end(), "")
            else:
                layout.replace(match.start(), match.end(), "\ufffd")
        return layout.finished()

    @classmethod
    def with_replaced(cls, original: str, changes: list[tuple[int, int, str]]) -> "TextMapping":
        """A text of which stretches are shown as something else.

        Args:
            original: The text.
            changes: Start, end and what is shown for it; in order, none over another.
        """
        layout = _Layout(original)
        for start, end, shown in changes:
            layout.replace(start, end, shown)
        return layout.finished()

    def edited(self, new_shown: str) -> "TextMapping":
        """The text after the box's text became `new_shown`: the edit, and all else untouched."""
        start, old_end, new_end = changed_span(self.shown, new_shown)
        original_start = self.to_original(start)
        # An insertion at a position where something hidden stands goes before it.
        original_end = original_start if old_end == start else self.to_original(old_end)
        original_end = max(original_start, original_end)
        middle = new_shown[start:new_end]
        new_original = self.original[:original_start] + middle + self.original[original_end:]
        shown_by = new_end - old_end
        original_by = len(middle) - (original_end - original_start)
        pieces = [
            _Piece(p.shown, p.original, min(p.length, start - p.shown))
            for p in self._pieces
            if p.shown < start
        ]
        pieces.append(_Piece(start, original_start, len(middle)))
        for piece in self._pieces:
            cut = max(0, old_end - piece.shown, original_end - piece.original)
            if piece.length - cut > 0:
                pieces.append(
                    _Piece(
                        piece.shown + cut + shown_by,
                        piece.original + cut + original_by,
                        piece.length - cut,
                    )
                )
        return TextMapping(new_original, new_shown, pieces)

    def to_original(self, position: int) -> int:
        """The position in the original of a position in the shown text."""
        if not self._pieces:
            return min(position, len(self.original))
        number = max(0, bisect_right(self._pieces, position, key=lambda piece: piece.shown) - 1)
        piece = self._pieces[number]
        inside = position - piece.shown
        if inside <= piece.length:
            return max(0, piece.original + min(inside, piece.length))
        following = self._pieces[number + 1 : number + 2]
        return following[0].original if following else len(self.original)

    def to_shown(self, position: int) -> int:
        """The position in the shown text of a position in the original."""
        if not self._pieces:
            return 0
        number = max(0, bisect_right(self._pieces, position, key=lambda piece: piece.original) - 1)
        piece = self._pieces[number]
        inside = position - piece.original
        if inside <= piece.length:
            return piece.shown + max(0, inside)
        following = self._pieces[number + 1 : number + 2]
        return following[0].shown if following else len(self.shown)


class _Layout:
    """Gathers the pieces of a shown text from the left to the right."""

    def __init__(self, original: str) -> None:
        self._original = original
        self._at = 0
        self._shown: list[str] = []
        self._shown_length = 0
        self._pieces: list[_Piece] = []

    def replace(self, start: int, end: int, shown: str) -> None:
        """Show `shown` for the stretch; what stands before it is shown as it is."""
        self._keep_until(start)
        self._shown.append(shown)
        self._shown_length += len(shown)
        self._at = end

    def finished(self) -> TextMapping:
        """The whole, with the rest shown as it is."""
        self._keep_until(len(self._original))
        return TextMapping(self._original, "".join(self._shown), self._pieces)

    def _keep_until(self, end: int) -> None:
        # Also a stretch of no length is a position that both texts have.
        self._pieces.append(_Piece(self._shown_length, self._at, end - self._at))
        self._shown.append(self._original[self._at : end])
        self._shown_length += end - self._at
        self._at = end


def changed_span(old: str, new: str) -> tuple[int, int, int]:
    """Where two texts differ: the start, the end in the old one, the end in the new one."""
    shortest = min(len(old), len(new))
    start = _common(lambda length: old[:length] == new[:length], shortest)
    rest = shortest - start
    behind = _common(lambda length: old[len(old) - length :] == new[len(new) - length :], rest)
    return start, len(old) - behind, len(new) - behind


def _common(same: Callable[[int], bool], longest: int) -> int:
    """The greatest length up to `longest` for which `same` holds, found by halving."""
    low, high = 0, longest
    while low < high:
        middle = (low + high + 1) // 2
        if same(middle):
            low = middle
        else:
            high = middle - 1
    return low


LONGEST_ESCAPE = 12  # a surrogate pair written as two escapes


def diff_position(old_text: str, new_text: str) -> tuple[Path, int] | None:
    """The path of the value in which the texts differ, and the end of the change inside it.

    The position counts characters of a string's value; it is 0 for everything else. None if
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
