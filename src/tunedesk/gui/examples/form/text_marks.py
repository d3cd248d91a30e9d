"""Stretches of a text that are marked in it: problems underlined, hits of a search coloured."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from tunedesk.checks.problem import Problem
from tunedesk.checks.text_rules import CONTROLS, PLACEHOLDER, REPLACEMENT, SPECIAL_TOKEN
from tunedesk.gui.theme import Theme


class Mark(NamedTuple):
    """A stretch of the text and how it is marked.

    Attributes:
        start: Its first character.
        end: One past its last.
        line: Colour of the line below; None for none.
        background: Colour behind; None for none.
        reason: What the tooltip says; may be empty.
    """

    start: int
    end: int
    line: str | None = None
    background: str | None = None
    reason: str = ""


def problem_mark(start: int, end: int, severity: str, reason: str, theme: Theme) -> Mark:
    """The mark of a problem in the colours of its severity."""
    tone = {"error": "error", "warning": "warning"}.get(severity, "accent")
    return Mark(start, end, theme.color(tone).name(), theme.color(f"{tone}_soft").name(), reason)


def hit_mark(start: int, end: int, theme: Theme) -> Mark:
    """The mark of a stretch that a search found."""
    return Mark(start, end, background=theme.color("mark").name())


def selection_of(mark: Mark, cursor: QTextCursor) -> QTextEdit.ExtraSelection:
    """The mark as Qt paints it over the text."""
    style = QTextCharFormat()
    if mark.background is not None:
        style.setBackground(QColor(mark.background))
    if mark.line is not None:
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        style.setUnderlineColor(QColor(mark.line))
    selection = QTextEdit.ExtraSelection()
    selection.cursor = cursor
    selection.format = style
    return selection


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
