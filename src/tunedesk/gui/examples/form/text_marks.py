"""Stretches of a text that are marked in it: faults underlined, hits of a search coloured."""

from typing import NamedTuple

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

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


def fault(start: int, end: int, severity: str, reason: str, theme: Theme) -> Mark:
    """The mark of a fault in the colours of its severity."""
    tone = {"error": "error", "warning": "warning"}.get(severity, "accent")
    return Mark(start, end, theme.color(tone).name(), theme.color(f"{tone}_soft").name(), reason)


def hit(start: int, end: int, theme: Theme) -> Mark:
    """The mark of a place that a search found."""
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
