"""Which letters of a text a problem is about, so that they can be underlined."""

import re
from collections.abc import Iterator

from tunedesk.checks.problem import Problem
from tunedesk.checks.text_rules import CONTROLS, PLACEHOLDER, REPLACEMENT, SPECIAL_TOKEN

MOST_SPANS = 200

_PATTERNS = {
    "placeholder": PLACEHOLDER,
    "control_character": CONTROLS,
    "special_token_text": SPECIAL_TOKEN,
    "replacement_character": re.compile(re.escape(REPLACEMENT) + "+"),
    "blanks_around": re.compile(r"\A\s+|\s+\Z"),
}
"""The rules that are about some letters; all others are about the whole text."""


def problem_spans(problem: Problem, text: str) -> list[tuple[int, int]]:
    """Start and end of each stretch; empty if the problem is about the text as a whole."""
    return [span for span, _number in zip(_spans(problem, text), range(MOST_SPANS), strict=False)]


def _spans(problem: Problem, text: str) -> Iterator[tuple[int, int]]:
    pattern = _PATTERNS.get(problem.code)
    if problem.code == "mojibake":
        pattern = re.compile(re.escape(str(problem.parameters.get("found", ""))) or r"\Z.")
    if pattern is not None:
        for match in pattern.finditer(text):
            if match.end() > match.start():
                yield match.span()
