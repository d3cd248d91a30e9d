"""Colours in JSON text: keys, strings, numbers, and the place of a fault."""

import re

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from tunedesk.gui.theme import Theme

LONGEST_LINE = 20_000
"""Longer lines stay in one colour: the eye gains nothing and the time is long."""

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<word>\b(?:true|false|null)\b)|(?P<mark>[\[\]{}:,])"
)


class JsonHighlighter(QSyntaxHighlighter):
    """Colours a document as the theme wants it."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        self._formats: dict[str, QTextCharFormat] = {}
        self._make_formats()
        theme.changed.connect(self._recolor)

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        if len(text) > LONGEST_LINE:
            return
        # Qt counts in UTF-16; letters beyond that shift what follows them.
        plain = text.isascii() or all(letter <= "\uffff" for letter in text)
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            if not plain:
                start = len(text[:start].encode("utf-16-le", "surrogatepass")) // 2
                end = len(text[: match.end()].encode("utf-16-le", "surrogatepass")) // 2
            self.setFormat(start, end - start, self._formats[match.lastgroup or "mark"])

    def _make_formats(self) -> None:
        colors = {
            "key": "role_user",
            "string": "text",
            "number": "role_system",
            "word": "role_system",
            "mark": "text_muted",
        }
        for name, color in colors.items():
            style = QTextCharFormat()
            style.setForeground(self._theme.color(color))
            if name == "key":
                style.setFontWeight(QFont.Weight.Medium)
            self._formats[name] = style

    def _recolor(self) -> None:
        self._make_formats()
        self.rehighlight()
