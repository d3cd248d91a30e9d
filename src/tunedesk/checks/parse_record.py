"""From the bytes of a record to its value: quickly where that is safe, carefully elsewhere.

The quick way is orjson. It cannot be trusted with a key that stands twice (it keeps the last in
silence), so the keys in the text are counted: outside of strings a quotation mark is followed by a
colon exactly once a key, and inside of strings it is escaped. What cannot be counted so is read
by the careful parser, which keeps everything and knows where every error is.
"""

import json
import re
from typing import Any, NamedTuple

import orjson

from tunedesk.checks.problem import Problem
from tunedesk.checks.text_rules import SURROGATES
from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, json_type, parse

_CODE_OF = {
    "not_a_number": "not_a_number",
    "control_character": "control_character_raw",
    "too_deep": "nested_too_deep",
}

# orjson reads 1,024 levels and writes 254.
_QUICK_DEPTH = 250


class ParsedRecord(NamedTuple):
    """A record that has been read.

    Attributes:
        record: The object; None when it is unreadable.
        problems: What is wrong with its JSON.
    """

    record: dict[str, Any] | None
    problems: tuple[Problem, ...]


def count_colons(text: bytes) -> int:
    """How many keys stand in a JSON text that has no blank between a key and its colon."""
    if b"\\" in text:
        return text.count(b'":') - text.count(b'\\":')
    return text.count(b'":')


def parse_record(text: bytes) -> ParsedRecord:
    """Read the bytes of one record."""
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        return parse_carefully(text)
    if isinstance(record, dict) and is_shallow(text) and keys_are_single(text, record):
        return ParsedRecord(record, ())
    return parse_carefully(text)


def keys_are_single(text: bytes, record: dict[str, Any]) -> bool:
    """Whether no key stands twice in an object of the text, as far as counting can tell.

    False where counting cannot tell: then the careful parser has to.
    """
    # An escaped backslash before the quotation mark would be taken for an escaped mark.
    if b'\\\\":' in text:
        return False
    written = orjson.dumps(record)
    return b'\\\\":' not in written and count_colons(text) == count_colons(written)


def is_shallow(text: bytes) -> bool:
    """Whether the nesting is such as orjson can write, as far as the number of brackets tells."""
    return text.count(b"{") + text.count(b"[") <= _QUICK_DEPTH


def parse_carefully(text: bytes) -> ParsedRecord:
    """Read the bytes with the parser that names every error and where it is."""
    try:
        letters = text.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = Problem("bytes_not_text", (), {"offset": error.start})
        return ParsedRecord(None, (problem,))
    try:
        node = parse(letters)
    except JsonSyntaxError as error:
        return ParsedRecord(None, (_syntax_problem(letters, error),))
    if node.kind != "object":
        return ParsedRecord(None, (Problem("not_an_object", (), {"type": json_type(node.value)}),))
    problems = [
        Problem("duplicate_key", path, {"key": str(path[-1])[:60]}) for path in node.duplicates
    ]
    return ParsedRecord(node.value, (*problems, *_surrogates(letters, node)))


def _syntax_problem(text: str, error: JsonSyntaxError) -> Problem:
    code = _CODE_OF.get(error.reason_code, "not_json")
    where: dict[str, Any] = {
        "line": error.line,
        "column": error.column,
        "reason": error.reason_code,
    }
    if code == "control_character_raw":
        breaks = sum(string.group().count("\n") for string in _STRING.finditer(text))
        bare = find_bare_quotes(text) if breaks else None
        if bare is not None:
            return Problem("not_json", (), _where(text, bare.offset))
        if breaks:
            where |= {"reason": "one_line_break" if breaks == 1 else "line_break", "count": breaks}
    elif text[error.offset : error.offset + 1] in _CURLY and with_straight_quotes(text):
        where["reason"] = "curly_quotes"
    elif error.reason_code == "expected_comma" and with_missing_commas(text):
        where["reason"] = "missing_comma"
    elif error.reason_code in _OF_A_QUOTE:
        bare = find_bare_quotes(text)
        if bare is not None:
            where = _where(text, bare.offset)
    elif error.reason_code == "expected_value":
        marker = _MERGE_MARKER.match(text)
        if marker is not None:
            side = {"<": "ours", "|": "base", "=": "parted", ">": "theirs"}[text[0]]
            return Problem("merge_marker", (), {"reason": side})
    return Problem(code, (), where)


def _where(text: str, offset: int) -> dict[str, Any]:
    """Where a quotation mark stands that is not written as JSON wants it."""
    line = text.count("\n", 0, offset) + 1
    reason = "bare_quote" if line == 1 else "bare_quote_further_down"
    return {"line": line, "column": offset - text.rfind("\n", 0, offset), "reason": reason}


_CURLY = ("\u201c", "\u201d", "\u201e", "\u201f")
_STRAIGHT = str.maketrans(dict.fromkeys(_CURLY, '"'))
_MOST_COMMAS = 8


def with_straight_quotes(text: str) -> str | None:
    """The record with the quotation marks of a word processor made straight, if that is JSON."""
    straight = text.translate(_STRAIGHT)
    try:
        parse(straight)
    except JsonSyntaxError:
        return None
    return straight


def with_missing_commas(text: str) -> str | None:
    """The record with commas between values that stand side by side, if that makes JSON of it."""
    for _comma in range(_MOST_COMMAS):
        try:
            parse(text)
        except JsonSyntaxError as error:
            begins_value = text[error.offset : error.offset + 1] in ('"', "{", "[")
            if error.reason_code != "expected_comma" or not begins_value:
                return None
            text = f"{text[: error.offset].rstrip()}, {text[error.offset :]}"
        else:
            return text
    return None


class BareQuotes(NamedTuple):
    r"""Quotation marks inside texts that are not written `\"`.

    Attributes:
        offset: Where the first of them stands, in characters.
        escaped: The record with all of them written as JSON wants it.
    """

    offset: int
    escaped: str


def find_bare_quotes(text: str) -> BareQuotes | None:
    """The quotation marks inside texts, where only one reading of them gives JSON; else None.

    A mark ends its text where what follows can only follow a text: a colon behind a key, a comma
    before another key or value, a bracket that closes what is open. Any other stands inside. Raw
    line breaks and tabs within the texts may stand there as well: they are a problem of their own.
    """
    bare: list[int] = []
    closing: list[str] = []
    is_key = False
    at = 0
    while at < len(text):
        mark = text[at]
        at += 1
        if mark in "{[":
            closing.append("}" if mark == "{" else "]")
            is_key = mark == "{"
        elif mark in "}]":
            if not closing or closing.pop() != mark:
                return None
        elif mark == ",":
            is_key = bool(closing) and closing[-1] == "}"
        elif mark == ":":
            is_key = False
        elif mark == '"':
            while True:
                found = _QUOTE.search(text, at)
                if found is None:
                    return None
                at = found.end()
                if _ends_text(text, at, is_key, closing[-1] if closing else ""):
                    break
                bare.append(at - 1)
    if not bare or closing:
        return None
    pieces = [text[start:end] for start, end in zip([0, *bare], [*bare, None], strict=True)]
    escaped = "\\".join(pieces)
    try:
        parse(escape_controls(escaped))
    except JsonSyntaxError:
        return None
    return BareQuotes(bare[0], escaped)


def escape_controls(text: str) -> str:
    """The record with the raw control characters inside of strings spelled as escapes."""

    def escaped(string: re.Match[str]) -> str:
        return _CONTROL.sub(lambda found: json.dumps(found.group())[1:-1], string.group())

    return _STRING.sub(escaped, text)


def _ends_text(text: str, at: int, is_key: bool, closing: str) -> bool:
    """Whether a quotation mark just before `at` can end the text that it stands in."""
    follows = _FOLLOWS.match(text, at)
    mark = "" if follows is None else follows.group(1)
    if is_key:
        return mark == ":"
    if mark == ",":
        after = _NEXT_KEY if closing == "}" else _NEXT_VALUE
        return after.match(text, follows.end() if follows else at) is not None
    if mark == "" or mark != closing:
        return False
    return _AFTER_BRACKET.match(text, follows.end() if follows else at) is not None


_OF_A_QUOTE = (
    "expected_comma",
    "expected_colon",
    "expected_key",
    "extra_text",
    "unterminated_string",
)
_CONTROL = re.compile("[\x00-\x1f]")
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
_FOLLOWS = re.compile(r"[ \t\n\r]*([:,}\]]?)")
_NEXT_KEY = re.compile(r'[ \t\n\r]*"[^"\\]*"[ \t\n\r]*:')
_NEXT_VALUE = re.compile(r'[ \t\n\r]*(?:["{\[0-9-]|true|false|null)')
_AFTER_BRACKET = re.compile(r"[ \t\n\r]*(?:[,}\]]|\Z)")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_MERGE_MARKER = re.compile(r"(?:<{7}|\|{7}|>{7})(?: [^\n]*)?\Z|={7}\Z")


def _surrogates(letters: str, node: JsonNode) -> list[Problem]:
    if "\\ud" not in letters and "\\uD" not in letters:
        return []
    problems = []
    for path, child in node.walk():
        where = {"reason": "message"} if path[:1] == ("messages",) and path[1:] else {}
        if child.kind == "string" and SURROGATES.search(child.value):
            problems.append(Problem("lone_surrogate", path, where))
        for key, _key_node, _value in child.members:
            if SURROGATES.search(key):
                problems.append(Problem("lone_surrogate", path, where))
    return problems
