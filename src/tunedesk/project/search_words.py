"""The words of a search: how texts are prepared for the index, how a search is read, where it hits.

Letters are compared without case and accents. Chinese, Japanese, Korean, Thai, Lao, Khmer and
Burmese are written without blanks between words (or with endings that stick to them), so there
each letter is a word of its own and a search for several letters is a search for a phrase.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# The tokenizer of the index ("ascii") takes ASCII letters and digits, and anything beyond ASCII,
# as parts of words. `fold` turns all else into blanks.
_WORD = re.compile(r"[a-z0-9\u0080-\U0010ffff]+")
_INSIDE = r"[a-z0-9\u0080-\U0010ffff]"
_BETWEEN = r"[^a-z0-9\u0080-\U0010ffff]+"

# Marks that people leave out when they search: accents, Hebrew points, Arabic vowel signs.
_DROPPED_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")

_LETTER_BY_LETTER = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u318e\u31f0-\u31ff"
    "\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af]"
)


class _FoldedLetters(dict[int, str]):
    """What each letter becomes, worked out when first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded_letter(chr(code))
        return folded


def _folded_letter(letter: str) -> str:
    if letter.isascii():
        return letter.lower()
    if unicodedata.category(letter)[0] not in "LNM":
        return " "
    if _LETTER_BY_LETTER.match(letter):
        return f" {unicodedata.normalize('NFKC', letter)} "
    plain = _DROPPED_MARKS.sub("", unicodedata.normalize("NFKD", letter.casefold()))
    return "".join(
        part if part.isascii() or unicodedata.category(part)[0] in "LNM" else " " for part in plain
    ).lower()


_LETTERS = _FoldedLetters()


def fold(text: str) -> str:
    """A text as the index takes it."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).translate(_LETTERS)


class Phrase(NamedTuple):
    """Words that must follow one another.

    Attributes:
        words: Folded words.
        prefix: Whether the last may go on.
    """

    words: tuple[str, ...]
    prefix: bool


@lru_cache(maxsize=64)
def phrases(search: str) -> tuple[Phrase, ...]:
    """What a search asks for: all of these, anywhere in the messages.

    Words "in quotes" are one phrase; the last word may go on unless a blank follows it.
    """
    pieces = list(re.finditer(r'"([^"]*)"?|([^\s"]+)', search))
    found = []
    for piece in pieces:
        words = tuple(_WORD.findall(fold(piece[1] or piece[2] or "")))
        if words:
            growing = piece[2] is not None and piece.end() == len(search)
            found.append(Phrase(words, growing and not _LETTER_BY_LETTER.match(words[-1])))
    return tuple(found)


def match_expression(search: str) -> str:
    """The search in the language of FTS5; never a syntax error, since words hold no signs."""
    return " AND ".join(
        f'"{" ".join(phrase.words)}"{" *" if phrase.prefix else ""}' for phrase in phrases(search)
    )


@lru_cache(maxsize=64)
def _patterns(search: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """For each phrase its longest word, which is quickly looked for, and the whole pattern."""
    return tuple(
        (
            max(phrase.words, key=len),
            re.compile(
                f"(?<!{_INSIDE})"
                + _BETWEEN.join(map(re.escape, phrase.words))
                + ("" if phrase.prefix else f"(?!{_INSIDE})")
            ),
        )
        for phrase in phrases(search)
    )


def matches(folded: str, search: str) -> bool:
    """Whether a folded text has all that a search asks for: what the index would answer."""
    return all(
        word in folded and pattern.search(folded) is not None for word, pattern in _patterns(search)
    )


def ascii_needles(search: str) -> tuple[bytes, ...]:
    """ASCII words that a record must hold somewhere; accents may hide others."""
    return tuple(word.encode() for word, _pattern in _patterns(search) if word.isascii())


def hits(text: str, search: str) -> list[tuple[int, int]]:
    """Where a text has what a search asks for: start and end of each place, in order."""
    if not text or not _patterns(search):
        return []
    folded: list[str] = []
    origins: list[int] = []
    start = 0
    while start < len(text):
        stop = start + 1
        # A letter and the marks upon it (or the parts of a Korean syllable) are one.
        while stop < len(text) and _continues(text[stop]):
            stop += 1
        piece = fold(text[start:stop])
        folded.append(piece)
        origins.extend([start] * len(piece))
        start = stop
    origins.append(len(text))
    whole = "".join(folded)
    spans = []
    for _word, pattern in _patterns(search):
        for match in pattern.finditer(whole):
            begin, last = origins[match.start()], origins[match.end() - 1]
            end = next((origin for origin in origins[match.end() :] if origin > last), len(text))
            spans.append((begin, end))
    return _joined(sorted(spans))


def _continues(letter: str) -> bool:
    """Whether a letter stands upon the one before it."""
    if letter.isascii():
        return False
    mark = unicodedata.category(letter) == "Mn" and not _LETTER_BY_LETTER.match(letter)
    return mark or "\u1160" <= letter <= "\u11ff"


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap or touch as one."""
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
