"""Where the words of a search stand in a text, and the piece of a long text around the first."""

import re
import unicodedata
from functools import lru_cache

from tunedesk.project.search import hits

LETTER_BY_LETTER = 4_000

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


def around_first_hit(text: str, search: str, before: int = 24, length: int = 160) -> str:
    """One line of the text that has the first hit of a search near its start.

    Empty if there is none. A long text is looked through letter by letter only at its beginning:
    what is found there in spite of other accents is not worth a stall.
    """
    pattern = search_pattern(search)
    match = pattern.search(text) if pattern else None
    if match is not None:
        place = match.start()
    else:
        found = hits(text[:LETTER_BY_LETTER], search)
        if not found:
            return ""
        place = found[0][0]
    start = max(0, place - before)
    if start:
        space = text.find(" ", start, place)
        start = space + 1 if space >= 0 else start
    piece = _SPACES.sub(" ", text[start : start + length]).strip()
    return ("…" if start else "") + piece + ("…" if start + length < len(text) else "")
