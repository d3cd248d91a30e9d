"""How problems and hits show in the form: stretches marked in a text, and a line in words."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTextEdit, QWidget

from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.problem import Problem, severity
from tunedesk.checks.text_rules import CONTROLS, PLACEHOLDER, REPLACEMENT, SPECIAL_TOKEN
from tunedesk.examples.json_text import Path
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

MARKED_LENGTH = 20_000
"""Texts with more characters are not searched for marks: it would be felt at each keystroke."""


EMPTY_CODES = ("content_empty", "content_missing", "content_null", "content_blank", "system_empty")
"""The problems of a message in which nothing has been written yet."""


class TextMark(NamedTuple):
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


def problem_mark(start: int, end: int, severity: str, reason: str, theme: Theme) -> TextMark:
    """The mark of a problem in the colours of its severity."""
    tone = {"error": "error", "warning": "warning"}.get(severity, "accent")
    return TextMark(
        start, end, theme.color(tone).name(), theme.color(f"{tone}_soft").name(), reason
    )


def hit_mark(start: int, end: int, theme: Theme) -> TextMark:
    """The mark of a stretch that a search found."""
    return TextMark(start, end, background=theme.color("mark").name())


def selection_of(mark: TextMark, cursor: QTextCursor) -> QTextEdit.ExtraSelection:
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


_RANKS = {"error": 0, "warning": 1, "hint": 2}


class ShownProblem(NamedTuple):
    """A problem as the form shows it.

    Attributes:
        severity: "error", "warning" or "hint".
        text: The sentence.
        path: The value it is about.
        stored: The problem itself, for its spans.
    """

    severity: str
    text: str
    path: Path
    stored: Problem


class ShownProblems:
    """All problems of an example."""

    def __init__(self, problems: Iterable[Problem], target: str) -> None:
        self._by_message: dict[int, list[ShownProblem]] = {}
        self.of_example: list[ShownProblem] = []
        for stored in problems:
            problem = ShownProblem(
                severity(stored.code, target), sentence(stored), stored.path, stored
            )
            if len(stored.path) > 1 and stored.path[0] == "messages":
                self._by_message.setdefault(int(stored.path[1]), []).append(problem)
            else:
                self.of_example.append(problem)
        for found in (*self._by_message.values(), self.of_example):
            found.sort(key=lambda problem: _RANKS.get(problem.severity, 3))

    def all(self) -> list[ShownProblem]:
        """All of them, the worst first."""
        problems = [*self.of_example, *chain.from_iterable(self._by_message.values())]
        return sorted(problems, key=lambda problem: _RANKS.get(problem.severity, 3))

    def of_message(self, index: int) -> tuple[ShownProblem, ...]:
        """The problems of a message, the worst first."""
        return tuple(self._by_message.get(index, ()))


def worst(problems: tuple[ShownProblem, ...]) -> str:
    """The severity that the frame shows; empty if there is nothing to frame."""
    grades = {problem.severity for problem in problems}
    return next((grade for grade in ("error", "warning") if grade in grades), "")


ICON = 14


class ProblemLine(QWidget):
    """An icon of the severity and a sentence."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._severity = ""
        self._icon = QLabel()
        self._icon.setFixedWidth(ICON)
        self._text = Label(theme, font="small", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        theme.changed.connect(self._draw_icon)

    def show_problem(self, problem: ShownProblem) -> None:
        """Show a problem."""
        self._text.setText(problem.text)
        self._text.set_tone({"error": "error", "warning": "warning"}.get(problem.severity, "muted"))
        if problem.severity != self._severity:
            self._severity = problem.severity
            self._draw_icon()

    def _draw_icon(self) -> None:
        name = self._severity if self._severity in ("error", "warning") else "hint"
        color = name if name != "hint" else "text_muted"
        words = {"error": _("Error"), "warning": _("Warning")}
        self._icon.setAccessibleName(words.get(name, _("Hint")))
        self._icon.setPixmap(self._theme.icons.pixmap(name, ICON, color, self.devicePixelRatioF()))
