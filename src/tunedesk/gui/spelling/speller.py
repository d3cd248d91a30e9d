"""Says which words of a text are not in the dictionary, and which dictionaries there are."""

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale

from tunedesk.paths import resource, user_data_dir


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
        from hunspell import Hunspell  # no wheel of it for every system

        # Where the files are not what they should be, hunspell finds no word at all.
        dictionary = Hunspell(files.name, hunspell_data_dir=str(files.parent))
    except (ImportError, OSError, ValueError):
        return None
    return Speller(dictionary, script, own_words)


def _plain(word: str) -> str:
    """A word as dictionaries have it: composed, with the straight apostrophe."""
    return unicodedata.normalize("NFC", word).replace("’", "'")
