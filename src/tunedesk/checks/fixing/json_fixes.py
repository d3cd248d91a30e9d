"""Fixes of what keeps a row from being JSON, where only one reading is possible."""

import ast
import json
import re
from typing import Any

from tunedesk.checks.problem import Problem
from tunedesk.examples.json_edit import remove_occurrence
from tunedesk.examples.json_text import JsonSyntaxError, parse

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CONTROL = re.compile("[\x00-\x1f]")
_LONGEST_PYTHON = 1_000_000
_MOST_COMMAS = 100


def escape_control_characters(text: str, problem: Problem) -> str | None:
    """Spell the raw control characters inside of strings as escapes."""
    del problem

    def escaped(string: re.Match[str]) -> str:
        return _CONTROL.sub(lambda found: json.dumps(found.group())[1:-1], string.group())

    return _STRING.sub(escaped, text)


def mend_json(text: str, problem: Problem) -> str | None:
    """Take out commas before closing brackets; write in JSON what is a Python dictionary."""
    reason = problem.parameters.get("reason")
    if reason == "trailing_comma":
        return _without_trailing_commas(text)
    if reason in ("single_quotes", "python_literal"):
        return _from_python(text)
    return None


def drop_equal_duplicate(text: str, problem: Problem) -> str | None:
    """Take out a key that stands twice, if both say the same."""
    node = parse(text).find(problem.path[:-1])
    if node is None:
        return None
    values = [child.value for name, _, child in node.members if name == problem.path[-1]]
    if len(values) < 2 or any(_spelled(value) != _spelled(values[0]) for value in values):
        return None
    for _ in values[1:]:
        text = remove_occurrence(text, problem.path, 1)
    return text


def _without_trailing_commas(text: str) -> str | None:
    for _number in range(_MOST_COMMAS):
        try:
            parse(text)
        except JsonSyntaxError as error:
            if error.reason_code != "trailing_comma":
                return text
            text = text[: error.offset] + text[error.offset + 1 :]
        else:
            return text
    return None


def _from_python(text: str) -> str | None:
    if len(text) > _LONGEST_PYTHON:
        return None
    try:
        # literal_eval reads values only: nothing is run.
        value = ast.literal_eval(text.strip())
        if not isinstance(value, dict) or not _is_json(value):
            return None
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _is_json(value: Any) -> bool:
    """Whether a Python value has a JSON form that says the same."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, (str, int, float, bool))


def _spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
