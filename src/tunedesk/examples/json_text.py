"""A JSON parser (RFC 8259) that keeps where each value stands, so that an edit can leave the rest.

It keeps duplicate keys, and refuses what the standard refuses: NaN, control characters in strings,
commas before a closing bracket. It works without recursion, so no nesting can exhaust the stack.
Where a value stands is a path of keys and indexes, written out as a JSON Pointer (RFC 6901).
"""

import re
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from typing import Any, Literal

Path = tuple[str | int, ...]


def to_pointer(path: Path) -> str:
    """The JSON Pointer of the path: `/messages/0/content`; empty for the whole text."""
    return "".join(
        "/" + str(part).replace("~", "~0").replace("/", "~1")
        if isinstance(part, str)
        else f"/{part}"
        for part in path
    )


JsonType = Literal["null", "boolean", "number", "string", "array", "object"]


def json_type(value: Any) -> JsonType:
    """The JSON type of the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


DEPTH_LIMIT = 512
"""How many objects and lists may stand one inside the other."""

Kind = Literal["object", "array", "string", "number", "true", "false", "null"]

Reason = Literal[
    "empty",  # no value at all, only blanks
    "unexpected_end",  # the text ends inside an object or a list: a row that was cut off
    "unterminated_string",  # the text ends inside a string
    "control_character",  # a raw tab, line break or the like inside a string
    "bad_escape",  # a backslash before something that JSON does not know
    "bad_number",  # 01, 1., +1, .5
    "not_a_number",  # NaN, Infinity, -Infinity
    "python_literal",  # True, False, None
    "single_quotes",  # 'text' in place of "text"
    "expected_value",
    "expected_key",
    "expected_colon",
    "expected_comma",
    "trailing_comma",  # a comma before } or ]
    "too_deep",
    "extra_text",  # something stands after the value
]


class JsonSyntaxError(ValueError):
    """The text is not JSON.

    Attributes:
        reason_code: What is wrong.
        offset: Where, in characters from 0.
        line: The line of the text, from 1.
        column: The character in that line, from 1.
    """

    def __init__(self, reason_code: Reason, offset: int, line: int, column: int) -> None:
        super().__init__(f"{reason_code} at line {line}, column {column}")
        self.reason_code: Reason = reason_code
        self.offset = offset
        self.line = line
        self.column = column

    def __reduce__(self) -> tuple[Any, ...]:
        # It crosses the border of worker processes.
        return (type(self), (self.reason_code, self.offset, self.line, self.column))


class JsonNode:
    """A value and where it stands: `text[node.start:node.end]` is its exact spelling.

    Attributes:
        kind: What it is.
        start: Where it begins in the text, in characters.
        end: Where it ends, one past its last character.
        value: The Python value; of keys given twice the last one counts, as everywhere.
        members: Of an object: key, node of the key, node of the value, in the order of the text.
        items: Of a list: its nodes.
    """

    __slots__ = ("end", "items", "kind", "members", "start", "value")

    def __init__(
        self,
        kind: Kind,
        start: int,
        end: int,
        value: Any,
        members: "list[tuple[str, JsonNode, JsonNode]]",
        items: "list[JsonNode]",
    ) -> None:
        self.kind: Kind = kind
        self.start = start
        self.end = end
        self.value = value
        self.members = members
        self.items = items

    def __repr__(self) -> str:
        return f"<JsonNode {self.kind} {self.start}:{self.end}>"

    def member(self, key: str) -> "JsonNode | None":
        """The value of the key (the last one if it stands there twice), None without."""
        if self.kind == "object" and key in self.value:
            for name, _key, node in reversed(self.members):
                if name == key:
                    return node
        return None

    def find(self, path: Path) -> "JsonNode | None":
        """The node at the path below this one, None if there is none."""
        node: JsonNode | None = self
        for part in path:
            if node is None:
                return None
            if node.kind == "array" and isinstance(part, int):
                node = node.items[part] if 0 <= part < len(node.items) else None
            else:
                node = node.member(str(part))
        return node

    def walk(self) -> "Iterator[tuple[Path, JsonNode]]":
        """Every node from this one down with its path, in the order of the text."""
        waiting: list[tuple[Path, JsonNode]] = [((), self)]
        while waiting:
            path, node = waiting.pop()
            yield path, node
            if node.members:
                waiting.extend(((*path, key), child) for key, _, child in reversed(node.members))
            elif node.items:
                last = len(node.items) - 1
                waiting.extend(
                    ((*path, last - number), child)
                    for number, child in enumerate(reversed(node.items))
                )

    @property
    def duplicates(self) -> list[Path]:
        """The paths of the keys that stand twice or more in one object, each once."""
        found: list[Path] = []
        for path, node in self.walk():
            if len(node.members) != len(node.value if node.kind == "object" else ()):
                seen: dict[str, int] = {}
                for key, _, _ in node.members:
                    seen[key] = seen.get(key, 0) + 1
                found.extend((*path, key) for key, times in seen.items() if times > 1)
        return found


_KEY = re.compile(r'"([^"\\\x00-\x1f]*)"([ \t\n\r]*:[ \t\n\r]*)').match
_BLANKS = re.compile(r"[ \t\n\r]*").match
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII).match
_WORD = re.compile(r"[-+]?[A-Za-z_]+").match
_LITERALS: dict[str, tuple[str, Kind, Any]] = {
    "t": ("true", "true", True),
    "f": ("false", "false", False),
    "n": ("null", "null", None),
}
_NO_MEMBERS: list[tuple[str, JsonNode, JsonNode]] = []
_NO_ITEMS: list[JsonNode] = []
_scan: Callable[[str, int, bool], tuple[str, int]] = _scanstring


def parse(text: str) -> JsonNode:
    """Parse a whole text.

    Raises:
        JsonSyntaxError: It is not JSON, or nested over `DEPTH_LIMIT` levels.
    """
    root, end = parse_first(text)
    end = _skip(text, end)
    if end != len(text):
        raise _error("extra_text", text, end)
    return root


def parse_first(text: str, at: int = 0) -> tuple[JsonNode, int]:
    """Parse one value that begins at `at` or after blanks there; also where it ends.

    Raises:
        JsonSyntaxError: No JSON value stands there, or it is nested over `DEPTH_LIMIT` levels.
    """
    at = _skip(text, at)
    if at == len(text):
        raise _error("empty", text, at)
    scan = _scan
    # The containers around what is read: of the innermost its start, its Python value
    # (`fields` or `values`), and its nodes; of the outer ones the same on the stack.
    stack: list[tuple[int, Any, Any, bool, str, Any]] = []
    start = 0
    fields: Any = None
    nodes: Any = None
    in_object = False
    key = ""
    key_node: Any = None
    while True:
        # A value begins at `at`.
        mark = text[at : at + 1]
        if mark == '"':
            try:
                value, end = scan(text, at + 1, True)
            except JSONDecodeError as error:
                raise _string_error(error, text, at) from None
            node = JsonNode("string", at, end, value, _NO_MEMBERS, _NO_ITEMS)
        elif mark == "{" or mark == "[":
            if len(stack) >= DEPTH_LIMIT:
                raise _error("too_deep", text, at)
            stack.append((start, fields, nodes, in_object, key, key_node))
            start = at
            nodes = []
            at = _BLANKS(text, at + 1).end()  # type: ignore[union-attr]
            if mark == "[":
                in_object = False
                fields = []
                if text[at : at + 1] != "]":
                    continue
            else:
                in_object = True
                fields = {}
                if text[at : at + 1] != "}":
                    key, key_node, at = _key(text, at)
                    continue
            end = at + 1
            node = _container(start, end, in_object, fields, nodes)
            start, fields, nodes, in_object, key, key_node = stack.pop()
        else:
            node = _plain(text, at, mark)
            end = node.end
        # A value has ended at `end`: it belongs to the innermost container.
        while nodes is not None:
            if in_object:
                fields[key] = node.value
                nodes.append((key, key_node, node))
                closing = "}"
            else:
                fields.append(node.value)
                nodes.append(node)
                closing = "]"
            mark = text[end : end + 1]
            if mark != "," and mark != closing:
                end = _BLANKS(text, end).end()  # type: ignore[union-attr]
                mark = text[end : end + 1]
            if mark == ",":
                at = _BLANKS(text, end + 1).end()  # type: ignore[union-attr]
                if text[at : at + 1] == closing:
                    raise _error("trailing_comma", text, end)
                if in_object:
                    key, key_node, at = _key(text, at)
                break
            if mark != closing:
                raise _error("expected_comma" if mark else "unexpected_end", text, end)
            end += 1
            node = _container(start, end, in_object, fields, nodes)
            start, fields, nodes, in_object, key, key_node = stack.pop()
        else:
            return node, end


def _container(start: int, end: int, in_object: bool, value: Any, nodes: Any) -> JsonNode:
    if in_object:
        return JsonNode("object", start, end, value, nodes, _NO_ITEMS)
    return JsonNode("array", start, end, value, _NO_MEMBERS, nodes)


def _key(text: str, at: int) -> tuple[str, JsonNode, int]:
    """The key at `at`, its node, and where its value begins."""
    simple = _KEY(text, at)
    if simple is not None:
        key, colon = simple.groups()
        node = JsonNode("string", at, at + len(key) + 2, key, _NO_MEMBERS, _NO_ITEMS)
        return key, node, at + len(key) + 2 + len(colon)
    mark = text[at : at + 1]
    if mark != '"':
        reason: Reason = "expected_key" if mark else "unexpected_end"
        raise _error("single_quotes" if mark == "'" else reason, text, at)
    try:
        key, end = _scan(text, at + 1, True)
    except JSONDecodeError as error:
        raise _string_error(error, text, at) from None
    node = JsonNode("string", at, end, key, _NO_MEMBERS, _NO_ITEMS)
    colon_at = _skip(text, end)
    if text[colon_at : colon_at + 1] != ":":
        reason = "expected_colon" if colon_at < len(text) else "unexpected_end"
        raise _error(reason, text, colon_at)
    return key, node, _skip(text, colon_at + 1)


def _plain(text: str, at: int, mark: str) -> JsonNode:
    """The number, true, false or null at `at`."""
    literal = _LITERALS.get(mark)
    if literal is not None:
        word, kind, value = literal
        if text.startswith(word, at):
            return JsonNode(kind, at, at + len(word), value, _NO_MEMBERS, _NO_ITEMS)
    number = _NUMBER(text, at)
    if number is not None:
        end = number.end()
        if text[end : end + 1] not in ("", ",", "]", "}", " ", "\n", "\r", "\t"):
            raise _error(
                "bad_number" if text[end] in "0123456789.eE+-" else "expected_comma", text, end
            )
        fraction, exponent = number.groups()
        value = _number(number.group(), fraction is None and exponent is None)
        return JsonNode("number", at, end, value, _NO_MEMBERS, _NO_ITEMS)
    raise _error(_wrong_value(text, at, mark), text, at)


def _number(digits: str, whole: bool) -> int | float:
    # int() refuses over 4,300 digits; the spelling stays in the text, only the value is rounded.
    return int(digits) if whole and len(digits) < 4300 else float(digits)


def _wrong_value(text: str, at: int, mark: str) -> Reason:
    if not mark:
        return "unexpected_end"
    if mark == "'":
        return "single_quotes"
    word = _WORD(text, at)
    name = word.group().lstrip("+-") if word else ""
    if name in ("NaN", "nan", "Infinity", "inf", "Inf"):
        return "not_a_number"
    if name in ("True", "False", "None"):
        return "python_literal"
    return "bad_number" if mark in "+-." else "expected_value"


def _skip(text: str, at: int) -> int:
    """Where the next character that is not blank stands."""
    blanks = _BLANKS(text, at)
    return blanks.end() if blanks else at


def _error(reason: Reason, text: str, at: int) -> JsonSyntaxError:
    before = text[:at].replace("\r\n", " \n").replace("\r", "\n")
    return JsonSyntaxError(reason, at, before.count("\n") + 1, at - before.rfind("\n"))


def _string_error(error: JSONDecodeError, text: str, at: int) -> JsonSyntaxError:
    if error.msg.startswith("Unterminated"):
        return _error("unterminated_string", text, at)
    if error.msg.startswith("Invalid control"):
        return _error("control_character", text, error.pos)
    return _error("bad_escape", text, text.rfind("\\", at, error.pos + 1))
