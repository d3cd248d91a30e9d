"""Where the words of a search stand in a text, and the piece of a long text around the first."""

import re
import unicodedata
from functools import lru_cache

_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=32)
def search_pattern(search: str) -> re.Pattern[str] | None:
    """A pattern for the words of a search, in any case; None if there is nothing to find.

    Words in quotation marks are one phrase; a trailing star is no part of the word.
    """
    words = []
    for phrase, word in re.findall(r'"([^"]*)"|(\S+)', unicodedata.normalize("NFC", search)):
        found = (phrase or word).strip().strip('"').rstrip("*")
        if found:
            words.append(r"\s+".join(re.escape(part) for part in found.split()))
    if not words:
        return None
    words.sort(key=len, reverse=True)
    return re.compile("|".join(words), re.IGNORECASE)


def hits(text: str, pattern: re.Pattern[str] | None) -> list[tuple[int, int]]:
    """Start and end of each place where the pattern matches."""
    if pattern is None:
        return []
    return [match.span() for match in pattern.finditer(text) if match.end() > match.start()]


def around_first_hit(
    text: str, pattern: re.Pattern[str], before: int = 24, length: int = 160
) -> str:
    """One line of the text that has its first hit near the start; empty if there is none."""
    match = pattern.search(text)
    if match is None:
        return ""
    start = max(0, match.start() - before)
    if start:
        space = text.find(" ", start, match.start())
        start = space + 1 if space >= 0 else start
    piece = _SPACES.sub(" ", text[start : start + length]).strip()
    return ("…" if start else "") + piece + ("…" if start + length < len(text) else "")
