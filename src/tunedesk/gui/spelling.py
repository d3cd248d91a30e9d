"""Spelling in the texts of messages: dictionaries, wavy lines, what the menus offer."""

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QLocale, QObject, QPoint
from PySide6.QtGui import QActionGroup, QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QMenu, QTextEdit

from tunedesk.gui.background import Background, Task
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.paths import resource, user_data_dir
from tunedesk.settings import Settings


def folders() -> list[Path]:
    """Where dictionaries are looked for; the first that has a language counts."""
    home = Path.home()
    own = [user_data_dir() / "dictionaries", resource("dictionaries")]
    if sys.platform == "darwin":
        return [*own, home / "Library" / "Spelling", Path("/Library/Spelling")]
    if sys.platform == "win32":
        return own
    shared = Path("/usr/share")
    return [
        *own,
        home / ".local" / "share" / "hunspell",
        shared / "hunspell",
        shared / "myspell" / "dicts",
    ]


def find_dictionaries(folders: Iterable[Path]) -> dict[str, Path]:
    """The dictionaries of these folders: the language, and the file without its ending."""
    found: dict[str, Path] = {}
    for folder in folders:
        for file in sorted(folder.glob("*.dic")):
            if file.with_suffix(".aff").is_file() and not file.name.startswith("hyph_"):
                found.setdefault(file.stem.replace("-", "_"), file.with_suffix(""))
    return found


def titles(languages: Iterable[str]) -> dict[str, str]:
    """Languages such as "de_AT" in their own words ("Österreichisches Deutsch"), sorted by them."""
    named = {language: _native_name(language) for language in languages}
    seen = Counter(named.values())
    for language, name in named.items():
        if seen[name] > 1:
            named[language] = f"{name} ({language})"
    return dict(sorted(named.items(), key=lambda entry: entry[1].casefold()))


def _native_name(language: str) -> str:
    locale = QLocale(language)
    name = "" if locale.language() == QLocale.Language.C else locale.nativeLanguageName()
    return name[:1].upper() + name[1:] or language


def script(language: str) -> str:
    """The script of a language as Unicode's names of letters begin: "LATIN", "CYRILLIC"."""
    return QLocale.scriptToString(QLocale(language).script()).split()[0].upper()


_PIECE = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Addresses, paths, names in code, placeholders, numbers: nothing that a dictionary has.
_NO_PROSE = re.compile(r"[\d_/\\@#<>{}=|$~^`]|\w[.:]\w|[a-z][A-Z]")
_LONGEST_WORD = 40
_SUGGESTIONS = 5
_KEPT = 50_000


class Speller:
    """The dictionary of one language, with the user's own words."""

    def __init__(self, dictionary: Any, script: str, own_words: Callable[[], list[str]]) -> None:
        """Make a speller.

        Args:
            dictionary: What hunspell made of the files.
            script: The script of the language; words in another are passed over.
            own_words: The words that the user has called right.
        """
        self._dictionary = dictionary
        self._script = script
        self._own_words = own_words
        self._known: dict[str, bool] = {}

    def wrong_words(self, text: str) -> Iterator[tuple[int, int]]:
        """Where words begin and end that are not in the dictionary."""
        for start, end in words(text):
            word = text[start:end]
            wrong = self._known.get(word)
            if wrong is None:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                wrong = self._known[word] = self._is_wrong(word)
            if wrong:
                yield start, end

    def suggestions(self, word: str) -> list[str]:
        """What may be meant, the likeliest first."""
        try:
            found: tuple[str, ...] = self._dictionary.suggest(_plain(word))
        except UnicodeEncodeError:
            return []
        curly = "’" in word
        return [each.replace("'", "’") if curly else each for each in found[:_SUGGESTIONS]]

    def forget(self) -> None:
        """The user's own words have changed."""
        self._known.clear()

    def _is_wrong(self, word: str) -> bool:
        if len(word) < 2 or len(word) > _LONGEST_WORD or word.isupper():
            return False
        if not unicodedata.name(word[0], "").startswith(self._script):
            return False
        plain = _plain(word)
        if plain.casefold() in {own.casefold() for own in self._own_words()}:
            return False
        try:
            return not self._dictionary.spell(plain)
        except UnicodeEncodeError:
            return False  # the dictionary's own encoding has no such letter


def words(text: str) -> Iterator[tuple[int, int]]:
    """Where the words of the prose begin and end."""
    for piece in _PIECE.finditer(text):
        if _NO_PROSE.search(piece.group()) is None:
            for word in _WORD.finditer(text, *piece.span()):
                yield word.span()


def load(
    files: Path, language: str, script: str, own_words: Callable[[], list[str]]
) -> Speller | None:
    """Read a dictionary; None where the library or the files cannot be read.

    Args:
        files: The two files without their endings.
        language: Its language.
        script: The script of the language.
        own_words: The words that the user has called right.
    """
    try:
        with importing("hunspell"):
            from hunspell import Hunspell  # no wheel of it for every system

        # Where the files are not what they should be, hunspell finds no word at all.
        dictionary = Hunspell(files.name, hunspell_data_dir=str(files.parent))
    except (ImportError, OSError, ValueError):
        return None
    return Speller(dictionary, script, own_words)


def _plain(word: str) -> str:
    """A word as dictionaries have it: composed, with the straight apostrophe."""
    return unicodedata.normalize("NFC", word).replace("’", "'")


LONGEST_LINE = 20_000
"""Longer paragraphs are left alone: they are not prose, and would hold up each keystroke."""


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
        return titles(find_dictionaries(self._dictionary_folders()))

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
        return list(folders() if self._folders is None else self._folders)

    def _load(self, delay_ms: int = 0) -> None:
        language = self._settings.spelling
        files = find_dictionaries(self._dictionary_folders()).get(language)
        if self._loading is not None:
            self._loading.cancel()
        if files is None:
            return  # the dictionary was taken away: nothing is marked
        self._loading = self._background.run(
            load,
            files,
            language,
            script(language),
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
