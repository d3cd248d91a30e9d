r"""Edits of a JSON text that change one span and leave every other character as it was.

What is new follows what stands around it: spaces, indentation, and `\u` escapes if the value that
it replaces was spelled with them; otherwise letters of every script stand as themselves.
"""

import json
import re
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, NamedTuple

from tunedesk.examples.json_text import JsonNode, Path, parse, to_pointer

_ESCAPED_LETTER = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class SpelledJson(str):
    """A JSON text that is put in as it is, character for character."""

    __slots__ = ()


class _Style(NamedTuple):
    """How a text spaces its values.

    Attributes:
        comma: The comma with its blanks, in one line.
        colon: The colon with its blanks.
        step: One step of indentation, where the text goes over several lines.
    """

    comma: str
    colon: str
    step: str


def replace_value(text: str, path: Path, value: Any) -> str:
    """Replace the value at the path.

    Raises:
        KeyError: Nothing stands at the path.
    """
    root = parse(text)
    node = _at(root, path)
    return text[: node.start] + _spelled(text, root, node, value) + text[node.end :]


def set_member(
    text: str, path: Path, key: str, value: Any, after: str | None = None, first: bool = False
) -> str:
    """Give the object at the path a member: the value of the key is replaced, or a new one added.

    Args:
        text: The JSON text.
        path: Where the object stands.
        key: The key.
        value: Its new value.
        after: The key behind which a new member is put; the end of the object without it.
        first: Put a new member before all others.
    """
    root = parse(text)
    node = _object_at(root, path)
    old = node.member(key)
    if old is not None:
        return text[: old.start] + _spelled(text, root, old, value) + text[old.end :]
    style = _style(text, root)
    keys = [name for name, _, _ in node.members]
    index = len(keys) - keys[::-1].index(after) if after in keys else len(keys)
    index = 0 if first else index
    spans = [(name.start, child.end) for _, name, child in node.members]

    def spell(indent: str | None) -> str:
        return _dumps(key, False) + style.colon + _written(value, False, style, indent)

    return _insert(text, node, spans, index, spell, style)


def rename_key(text: str, path: Path, new_key: str) -> str:
    """Change the key of the member at the path; where it stands twice, the last of them."""
    *above, key = path
    node = _object_at(parse(text), tuple(above))
    for name, key_node, _ in reversed(node.members):
        if name == key:
            ascii_only = _is_escaped(text[key_node.start : key_node.end])
            return text[: key_node.start] + _dumps(new_key, ascii_only) + text[key_node.end :]
    raise KeyError(to_pointer(path))


def remove(text: str, path: Path) -> str:
    """Take out the member or item at the path with its comma; a key that stands twice, wholly."""
    *above, last = path
    node = _at(parse(text), tuple(above))
    if node.kind == "array" and isinstance(last, int) and 0 <= last < len(node.items):
        return _cut(text, node, [(child.start, child.end) for child in node.items], last)
    times = sum(key == str(last) for key, _, _ in node.members)
    if not times:
        raise KeyError(to_pointer(path))
    for occurrence in reversed(range(times)):
        text = remove_occurrence(text, path, occurrence)
    return text


def remove_occurrence(text: str, path: Path, occurrence: int) -> str:
    """Take out one of the members that share the key at the path, counted from 0."""
    *above, key = path
    node = _object_at(parse(text), tuple(above))
    numbers = [n for n, (name, _, _) in enumerate(node.members) if name == str(key)]
    if not 0 <= occurrence < len(numbers):
        raise KeyError(to_pointer(path))
    spans = [(name.start, child.end) for _, name, child in node.members]
    return _cut(text, node, spans, numbers[occurrence])


def insert_item(text: str, path: Path, index: int, value: Any) -> str:
    """Put a value into the list at the path, before the item that has the index now."""
    root = parse(text)
    node = _list_at(root, path)
    style = _style(text, root)
    spans = [(child.start, child.end) for child in node.items]

    def spell(indent: str | None) -> str:
        return _written(value, False, style, indent)

    return _insert(text, node, spans, min(max(index, 0), len(spans)), spell, style)


def move_item(text: str, path: Path, from_index: int, to_index: int) -> str:
    """Move an item of the list at the path; the spaces between the items stay where they are."""
    node = _list_at(parse(text), path)
    spans = [(child.start, child.end) for child in node.items]
    if not (0 <= from_index < len(spans) and 0 <= to_index < len(spans)):
        raise KeyError(to_pointer((*path, from_index)))
    order = list(range(len(spans)))
    order.insert(to_index, order.pop(from_index))
    pieces = [text[: spans[0][0]]] if spans else []
    for position, number in enumerate(order):
        start, end = spans[number]
        following = spans[position + 1][0] if position + 1 < len(spans) else len(text)
        pieces += [text[start:end], text[spans[position][1] : following]]
    return "".join(pieces)


def spelled_string(value: str, like: str) -> str:
    """The string as JSON, with letters beyond ASCII escaped if they are in the spelling `like`."""
    return _dumps(value, _is_escaped(like))


def raw_value(text: str, path: Path) -> SpelledJson:
    """The exact spelling of the value at the path."""
    node = _at(parse(text), path)
    return SpelledJson(text[node.start : node.end])


def _at(root: JsonNode, path: Path) -> JsonNode:
    node = root.find(path)
    if node is None:
        raise KeyError(to_pointer(path))
    return node


def _object_at(root: JsonNode, path: Path) -> JsonNode:
    node = _at(root, path)
    if node.kind != "object":
        raise KeyError(to_pointer(path))
    return node


def _list_at(root: JsonNode, path: Path) -> JsonNode:
    node = _at(root, path)
    if node.kind != "array":
        raise KeyError(to_pointer(path))
    return node


def _spelled(text: str, root: JsonNode, old: JsonNode, value: Any) -> str:
    """The value as it is to stand where the old one stood."""
    spelling = text[old.start : old.end]
    indent = None
    if _LINE_BREAK.search(spelling) and old.kind in ("object", "array"):
        indent = _indent_at(text, old.start)
    return _written(value, _is_escaped(spelling), _style(text, root), indent)


def _is_escaped(spelling: str) -> bool:
    """Whether letters beyond ASCII are spelled as escapes there."""
    # The first two questions are cheap, and most texts end there.
    return "\\u" in spelling and spelling.isascii() and _ESCAPED_LETTER.search(spelling) is not None


def _written(value: Any, ascii_only: bool, style: _Style, indent: str | None) -> str:
    """The value as JSON; over several lines if `indent`, that of its first line, is given."""
    if isinstance(value, SpelledJson):
        return str(value)
    if isinstance(value, str):
        return _dumps(value, ascii_only)
    if indent is not None and isinstance(value, (dict, list)) and value:
        lines = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, indent=style.step)
        return _storable(lines.replace("\n", "\n" + indent))
    return _storable(
        json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, separators=style[:2])
    )


def _dumps(text: str, ascii_only: bool) -> str:
    # What `json.dumps` comes to, without making an encoder for each text.
    return _storable(encode_basestring_ascii(text) if ascii_only else encode_basestring(text))


def _storable(text: str) -> str:
    """Half a pair has no UTF-8 form, so it stays an escape."""
    if text.isascii():
        return text
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", text)


def _style(text: str, root: JsonNode) -> _Style:
    """How the text spaces commas and colons, seen at the first of each; as `json.dumps` without."""
    comma: str | None = None
    colon: str | None = None
    step: str | None = None
    waiting = [root]
    while waiting and (comma is None or colon is None or step is None):
        node = waiting.pop()
        children = [child for _, _, child in node.members] or node.items
        if not children:
            continue
        starts = [key.start for _, key, _ in node.members] or [child.start for child in children]
        if colon is None and node.members:
            colon = text[node.members[0][1].end : children[0].start]
        if comma is None and len(children) > 1:
            comma = text[children[0].end : starts[1]]
        if step is None and _LINE_BREAK.search(text, node.start, starts[0]):
            outer, inner = _indent_at(text, node.start), _indent_at(text, starts[0])
            step = inner.removeprefix(outer)
        waiting.extend(reversed(children))
    if comma is None or _LINE_BREAK.search(comma):
        comma = "," if colon is not None and colon.endswith(":") else ", "
    return _Style(comma, ": " if colon is None else colon, step or "  ")


def _insert(
    text: str,
    node: JsonNode,
    spans: list[tuple[int, int]],
    index: int,
    spell: Callable[[str | None], str],
    style: _Style,
) -> str:
    """Put what `spell` writes among the spans of a container."""
    if not spans:
        return text[: node.start + 1] + spell(None) + text[node.end - 1 :]
    lead = text[node.start + 1 : spans[0][0]]
    over_lines = _LINE_BREAK.search(lead) is not None
    if len(spans) > 1:
        gap = text[spans[0][1] : spans[1][0]]
    else:
        gap = "," + lead if over_lines else style.comma
    new = spell(_indent_at(text, spans[0][0]) if over_lines else None)
    if index < len(spans):
        at = spans[index][0]
        return text[:at] + new + gap + text[at:]
    at = spans[-1][1]
    return text[:at] + gap + new + text[at:]


def _indent_at(text: str, at: int) -> str:
    """The blanks with which that line begins."""
    line = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    end = line
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return text[line:end]


def _cut(text: str, node: JsonNode, spans: list[tuple[int, int]], number: int) -> str:
    """Take out one span and its comma; the spans before it stay valid."""
    start, end = spans[number]
    if number + 1 < len(spans):
        return text[:start] + text[spans[number + 1][0] :]
    if number:
        return text[: spans[number - 1][1]] + text[end:]
    # The only one: nothing is left between the brackets.
    return text[: node.start + 1] + text[node.end - 1 :]


_BREAKS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\r\n]+', re.DOTALL)
_INDENTED_BREAKS = re.compile(r'"(?:[^"\\]|\\.)*"?|,?[ \t]*[\r\n][ \t\r\n]*', re.DOTALL)


def on_one_line(text: str, drop_indentation: bool = False) -> str:
    r"""The text without its line breaks; all else stays as it is.

    A raw line break inside a string, which JSON forbids, becomes the escape `\n`.

    Args:
        text: A JSON text, or what was meant to be one.
        drop_indentation: Take the blanks beside the line breaks out as well.
    """
    if "\n" not in text and "\r" not in text:
        return text
    return (_INDENTED_BREAKS if drop_indentation else _BREAKS).sub(_without_breaks, text)


def _without_breaks(piece: re.Match[str]) -> str:
    found = piece.group()
    if found[0] == '"':
        return found.replace("\r\n", r"\n").replace("\n", r"\n").replace("\r", r"\n")
    return ", " if found[0] == "," else ""
