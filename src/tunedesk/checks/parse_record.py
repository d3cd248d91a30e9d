"""From the bytes of a record to its value: quickly where that is safe, carefully elsewhere.

The quick way is orjson. It cannot be trusted with a key that stands twice (it keeps the last in
silence), so the keys in the text are counted: outside of strings a quotation mark is followed by a
colon exactly once a key, and inside of strings it is escaped. What cannot be counted so is read
by the careful parser, which keeps everything and knows where every error is.
"""

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
        code = _CODE_OF.get(error.reason_code, "not_json")
        where = {"line": error.line, "column": error.column, "reason": error.reason_code}
        return ParsedRecord(None, (Problem(code, (), where),))
    if node.kind != "object":
        return ParsedRecord(None, (Problem("not_an_object", (), {"type": json_type(node.value)}),))
    problems = [
        Problem("duplicate_key", path, {"key": str(path[-1])[:60]}) for path in node.duplicates
    ]
    return ParsedRecord(node.value, (*problems, *_surrogates(letters, node)))


def _surrogates(letters: str, node: JsonNode) -> list[Problem]:
    if "\\ud" not in letters and "\\uD" not in letters:
        return []
    problems = []
    for path, child in node.walk():
        if child.kind == "string" and SURROGATES.search(child.value):
            problems.append(Problem("lone_surrogate", path, {}))
        for key, _key_node, _value in child.members:
            if SURROGATES.search(key):
                problems.append(Problem("lone_surrogate", path, {}))
    return problems
