"""Tooltips that show every text as it is: Qt would take some texts for markup."""

from html import escape

from PySide6.QtCore import Qt


def plain_tooltip(text: str) -> str:
    """The text as a tooltip that shows it letter by letter.

    Qt guesses whether a tooltip is rich text; only a text that it would guess so is escaped, the
    others stay as they are.
    """
    if not Qt.mightBeRichText(text):
        return text
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>'
