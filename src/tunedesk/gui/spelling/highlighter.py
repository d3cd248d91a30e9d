"""The wavy line under words that are not in the dictionary."""

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from tunedesk.gui.spelling.speller import Speller
from tunedesk.gui.theme import Theme

LONGEST_LINE = 20_000
"""Longer paragraphs are left alone: they are no prose, and would hold up each keystroke."""


class SpellingHighlighter(QSyntaxHighlighter):
    """Looks at a paragraph when it changes; the word under the cursor gets its line later."""

    def __init__(self, box: QTextEdit, theme: Theme) -> None:
        super().__init__(box.document())
        self._box = box
        self._theme = theme
        self._speller: Speller | None = None
        self._spared = False
        box.cursorPositionChanged.connect(self._cursor_moved)

    def use(self, speller: Speller | None) -> None:
        """Look up words in another dictionary, or in none."""
        self._speller = speller
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Draw the lines of one paragraph."""
        if self._speller is None or len(text) > LONGEST_LINE:
            return
        typed = self._typed_at()
        line = QTextCharFormat()
        line.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        line.setUnderlineColor(self._theme.color("error"))
        for start, end in self._speller.wrong_words(text):
            if end == typed:
                self._spared = True
            else:
                first = utf16_length(text[:start])
                self.setFormat(first, utf16_length(text[start:end]), line)

    def _typed_at(self) -> int:
        """Where in this paragraph the user is writing, in characters; -1 for elsewhere."""
        cursor = self._box.textCursor()
        if not self._box.hasFocus() or cursor.block() != self.currentBlock():
            return -1
        return characters_before(self.currentBlock().text(), cursor.positionInBlock())

    def _cursor_moved(self) -> None:
        if self._spared:
            self._spared = False
            self.rehighlight()


def utf16_length(text: str) -> int:
    """How many units of UTF-16, in which Qt counts, a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def characters_before(text: str, position: int) -> int:
    """How many characters stand before a position that Qt counts in UTF-16."""
    if text.isascii():
        return position
    raw = text.encode("utf-16-le", "surrogatepass")[: 2 * position]
    return len(raw.decode("utf-16-le", "ignore"))


def word_at(box: QTextEdit, cursor: QTextCursor, speller: Speller) -> QTextCursor | None:
    """The word that is not in the dictionary at a cursor, selected; None if there is none."""
    block = cursor.block()
    text = block.text()
    place = characters_before(text, cursor.positionInBlock())
    for start, end in speller.wrong_words(text):
        if start <= place <= end:
            selected = QTextCursor(box.document())
            selected.setPosition(block.position() + utf16_length(text[:start]))
            selected.setPosition(
                block.position() + utf16_length(text[:end]), QTextCursor.MoveMode.KeepAnchor
            )
            return selected
    return None
