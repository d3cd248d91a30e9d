"""The choice of a language to spell in, the boxes that show it, and what their menus offer."""

from collections.abc import Iterable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QTextEdit

from tunedesk.gui.background import Background, Task
from tunedesk.gui.spelling import dictionaries
from tunedesk.gui.spelling.highlighter import SpellingHighlighter, word_at
from tunedesk.gui.spelling.speller import Speller, load
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.settings import Settings

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
        return dictionaries.titles(dictionaries.found(self._places()))

    def fill_suggestions(self, menu: QMenu, box: QTextEdit, place: QPoint) -> None:
        """Offer what may be meant by the word at a place on the screen."""
        if self._speller is None or box.isReadOnly():
            return
        cursor = box.cursorForPosition(box.viewport().mapFromGlobal(place))
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

    def _places(self) -> list[Path]:
        return list(dictionaries.folders() if self._folders is None else self._folders)

    def _load(self, delay_ms: int = 0) -> None:
        language = self._settings.spelling
        files = dictionaries.found(self._places()).get(language)
        if self._loading is not None:
            self._loading.cancel()
        if files is None:
            return  # the dictionary was taken away: nothing is marked
        self._loading = self._background.run(
            load,
            files,
            language,
            dictionaries.script(language),
            self._own_words,
            on_result=self._take,
            delay_ms=delay_ms,
        )

    def _own_words(self) -> list[str]:
        return self._settings.spelling_words

    def _take(self, speller: Speller | None) -> None:
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
