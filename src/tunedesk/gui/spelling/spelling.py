"""The language to spell in, the wavy lines in text boxes, and what their menus offer."""

from collections.abc import Iterable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QActionGroup, QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QMenu, QTextEdit

from tunedesk.gui.background import Background, Task
from tunedesk.gui.spelling import speller
from tunedesk.gui.spelling.speller import Speller, load
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.settings import Settings

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
    position = characters_before(text, cursor.positionInBlock())
    for start, end in speller.wrong_words(text):
        if start <= position <= end:
            selected = QTextCursor(box.document())
            selected.setPosition(block.position() + utf16_length(text[:start]))
            selected.setPosition(
                block.position() + utf16_length(text[:end]), QTextCursor.MoveMode.KeepAnchor
            )
            return selected
    return None


LOAD_AFTER_MS = 400
MOST_OWN_WORDS = 20_000


class Spelling(QObject):
    """Off until the user chooses a language; the dictionary is read in the background."""

    def __init__(
        self,
        settings: Settings,
        background: Background,
        theme: Theme,
        parent: QObject,
        folders: Iterable[Path] | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._background = background
        self._theme = theme
        self._folders = folders
        self._boxes: dict[QTextEdit, SpellingHighlighter | None] = {}
        self._loading: Task | None = None
        self._speller: Speller | None = None
        theme.changed.connect(self._show)
        if settings.spelling:
            self._load(LOAD_AFTER_MS)

    @property
    def ready(self) -> bool:
        """Whether the words of the chosen language can be looked up."""
        return self._speller is not None

    def watch(self, box: QTextEdit) -> None:
        """Show the spelling in a box; costs nothing while no language is chosen."""
        self._boxes[box] = None
        if self._speller is not None:
            self._show_in(box)

    def choose(self, language: str) -> None:
        """Spell in a language; an empty one turns it off."""
        self._settings.spelling = language
        self._settings.save()
        self._speller = None
        self._show()
        if language:
            self._load()

    def languages(self) -> dict[str, str]:
        """The languages to choose from, each with its title, sorted by it."""
        return speller.titles(speller.find_dictionaries(self._dictionary_folders()))

    def fill_suggestions(self, menu: QMenu, box: QTextEdit, point: QPoint) -> None:
        """Offer what may be meant by the word at a point on the screen."""
        if self._speller is None or box.isReadOnly():
            return
        cursor = box.cursorForPosition(box.viewport().mapFromGlobal(point))
        word = word_at(box, cursor, self._speller) or word_at(box, box.textCursor(), self._speller)
        if word is None:
            return
        text = word.selectedText()
        for suggestion in self._speller.suggestions(text):
            action = menu.addAction(suggestion.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, new=suggestion: word.insertText(new))
        if menu.isEmpty():
            menu.addAction(_("No suggestions")).setEnabled(False)
        menu.addAction(
            _("“{word}” is right").format(word=text.replace("&", "&&"))
        ).triggered.connect(lambda: self.add_word(text))
        menu.addSeparator()

    def fill_languages(self, menu: QMenu) -> None:
        """Offer the languages."""
        group = QActionGroup(menu)
        chosen = self._settings.spelling
        for language, title in {"": _("Off"), **self.languages()}.items():
            action = menu.addAction(title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(language == chosen)
            group.addAction(action)
            action.triggered.connect(
                lambda _checked=False, language=language: self.choose(language)
            )

    def add_word(self, word: str) -> None:
        """Call a word right from now on."""
        own = self._settings.spelling_words
        own[:] = [*own, word.replace("’", "'")][-MOST_OWN_WORDS:]
        self._settings.save()
        if self._speller is not None:
            self._speller.forget()
        self._show()

    def _dictionary_folders(self) -> list[Path]:
        return list(speller.folders() if self._folders is None else self._folders)

    def _load(self, delay_ms: int = 0) -> None:
        language = self._settings.spelling
        files = speller.find_dictionaries(self._dictionary_folders()).get(language)
        if self._loading is not None:
            self._loading.cancel()
        if files is None:
            return  # the dictionary was taken away: nothing is marked
        self._loading = self._background.run(
            load,
            files,
            language,
            speller.script(language),
            self._own_words,
            on_result=self._on_loaded,
            delay_ms=delay_ms,
        )

    def _own_words(self) -> list[str]:
        return self._settings.spelling_words

    def _on_loaded(self, speller: Speller | None) -> None:
        self._speller = speller
        self._show()

    def _show(self) -> None:
        for box in list(self._boxes):
            if shiboken6.isValid(box):
                self._show_in(box)
            else:
                del self._boxes[box]

    def _show_in(self, box: QTextEdit) -> None:
        highlighter = self._boxes[box]
        if highlighter is None and self._speller is not None:
            highlighter = self._boxes[box] = SpellingHighlighter(box, self._theme)
        if highlighter is not None:
            highlighter.use(self._speller)
            if self._speller is None:
                highlighter.setDocument(None)
                highlighter.deleteLater()
                self._boxes[box] = None
