"""Which dictionaries there are: English, which ships with Tunedesk, and those of this computer.

A dictionary is a pair of files of Hunspell, NAME.aff and NAME.dic, named after its language. Many
may be used but not passed on with a program under our licence (German is one), so what LibreOffice,
the system or the user has put into the usual folders is found and read where it lies.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

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


def found(places: Iterable[Path]) -> dict[str, Path]:
    """The dictionaries of these folders: the language, and the file without its ending."""
    there: dict[str, Path] = {}
    for place in places:
        for words in sorted(place.glob("*.dic")):
            if words.with_suffix(".aff").is_file() and not words.name.startswith("hyph_"):
                there.setdefault(words.stem.replace("-", "_"), words.with_suffix(""))
    return there


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
