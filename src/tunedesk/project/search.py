"""Full-text search: the words of a search, and the index, which is filled in idle time.

What the index lacks is looked at plainly, so searching is right at any time. Letters are compared
without case and accents. Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese are written
without blanks between words (or with endings that stick to them), so there each letter is a word
of its own and a search for several letters is a search for a phrase.
"""

import re
import time
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from tunedesk.examples.kinds.registry import search_text
from tunedesk.progress import Progress, no_progress
from tunedesk.project.context import ProjectContext, as_json_array
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.store import BatchSize, Store, TailHits

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


# The vowel am of Thai and Lao is spelled as one letter or as two: one word of the index either way.
_SPELLED_AS_TWO = {unicodedata.normalize("NFKC", letter): letter for letter in "\u0e33\u0eb3"}
_TWO_LETTERS = re.compile("|".join(_SPELLED_AS_TWO))


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
        letters = unicodedata.normalize("NFKC", letter)
        return f" {letters} " if letters in _SPELLED_AS_TWO else f" {' '.join(letters)} "
    plain = _DROPPED_MARKS.sub("", unicodedata.normalize("NFKD", letter.casefold()))
    folded = "".join(
        part if part.isascii() or unicodedata.category(part)[0] in "LNM" else " " for part in plain
    ).lower()
    # What a letter is made of may be folded in its turn: a number in brackets, a curved sigma.
    return folded if folded == letter else "".join(_LETTERS[ord(part)] for part in folded)


_LETTERS = _FoldedLetters()


def fold(text: str) -> str:
    """A text as the index takes it."""
    if text.isascii():
        return text.lower()
    text = _TWO_LETTERS.sub(lambda two: _SPELLED_AS_TWO[two[0]], unicodedata.normalize("NFC", text))
    return text.translate(_LETTERS)


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


_FILLED_TO = "search_filled_to"
_AIM_SECONDS = 0.015
_MERGE_PAGES = 100
_TAIL_CHUNK = 500
_SEARCHES_KEPT = 4
_FEW_HITS = 5_000
_SEGMENTS_PER_MERGE = 8


def fill(context: ProjectContext, budget_seconds: float) -> bool:
    """Go on filling the index for about this long; True while something is left to do.

    The words of texts that came since are found without it, so it may be called at any time, from
    a handle in the background. On a full disk nothing is left to do for now.
    """
    if context.store.read_only:
        return False
    try:
        return _fill_until(context, budget_seconds)
    except DiskFullError:
        return False


def _fill_until(context: ProjectContext, budget_seconds: float) -> bool:
    store = context.store
    end = time.monotonic() + budget_seconds
    size = BatchSize(200, _AIM_SECONDS)
    configured = False
    batches = 0
    while time.monotonic() < end:
        with size.measured(), store.transaction(bulk=True):
            if not configured:
                _configure(store)
                configured = True
            added = _fill_batch(store, size.rows)
        batches += 1
        store.checkpoint_if_large()
        if not added:
            more = _merge(store)
            if not more:
                return False
        elif batches % _SEGMENTS_PER_MERGE == 0:
            _merge(store)
    return True


def filled_to(store: Store) -> int:
    """The last version whose words are in the index."""
    value = store.value("SELECT value FROM setting WHERE key = ?", (_FILLED_TO,))
    # All is in doubt that is not a number: then texts are looked at one by one.
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else 0


def unfilled(store: Store) -> int:
    """How many versions the index lacks, about."""
    last = store.value("SELECT max(id) FROM version")
    return max(0, int(last or 0) - filled_to(store))


def _configure(store: Store) -> None:
    """Merge in small portions only, by `_merge`: an automatic merge could take a second."""
    for option, value in (("automerge", 0), ("crisismerge", 1000), ("usermerge", 16)):
        store.execute("INSERT INTO search(search, rank) VALUES (?, ?)", (option, value))


def _fill_batch(store: Store, rows: int) -> int:
    texts = store.rows(
        "SELECT id, coalesce(CAST(text AS BLOB), x'') FROM version_text"
        " WHERE id > ? ORDER BY id LIMIT ?",
        (filled_to(store), rows),
    )
    if not texts:
        return 0
    store.connection.executemany(
        "INSERT INTO search(rowid, words) VALUES (?, ?)",
        [(number, fold(search_text(text))) for number, text in texts],
    )
    store.execute(
        "INSERT OR REPLACE INTO setting(key, value) VALUES (?, ?)",
        (_FILLED_TO, str(texts[-1][0])),
    )
    if len(texts) < rows:
        store.publish(ProjectChange(frozenset({"search"})))
    return len(texts)


def _merge(store: Store) -> bool:
    """Merge a few pages of the index; False when nothing is left to merge."""
    with store.transaction(bulk=True):
        before = store.connection.total_changes
        store.execute("INSERT INTO search(search, rank) VALUES ('merge', ?)", (_MERGE_PAGES,))
        return store.connection.total_changes - before >= 2


def tail_hits(context: ProjectContext, search: str, progress: Progress = no_progress) -> list[int]:
    """The current versions that the index lacks and that have what a search asks for."""
    store = context.store
    low = filled_to(store)
    kept = store.shared.tail_hits
    known = kept.get(search)
    if known is None or known.low > low:
        known = TailHits(low, low, ())
    high, found = known.high, list(known.hits)
    while True:
        texts = store.rows(
            "SELECT id, coalesce(CAST(text AS BLOB), x'') FROM version_text"
            " WHERE id > ? ORDER BY id LIMIT ?",
            (high, _TAIL_CHUNK),
        )
        if not texts:
            break
        found.extend(number for number, text in texts if has_words(text, search))
        high = texts[-1][0]
        progress(len(found), None)
    found = [number for number in found if number > low]
    # Texts never change, so the next question begins where this one ended.
    while len(kept) >= _SEARCHES_KEPT:
        kept.pop(next(iter(kept)), None)
    kept[search] = TailHits(low, high, tuple(found))
    return found


def has_words(text: bytes, search: str) -> bool:
    """Whether a record's messages have what a search asks for."""
    if b"\\u" not in text and text.isascii():
        small = text.lower()
        if not all(needle in small for needle in ascii_needles(search)):
            return False
    return matches(fold(search_text(text)), search)


def clause(
    context: ProjectContext, search: str, progress: Progress = no_progress
) -> tuple[str, tuple[str, ...]]:
    """SQL that limits examples to those whose messages have what a search asks for."""
    expression = match_expression(search)
    if not expression:
        return "1", ()
    tail = tail_hits(context, search, progress)
    few = context.store.rows(
        "SELECT rowid FROM search WHERE search MATCH ? LIMIT ?", (expression, _FEW_HITS + 1)
    )
    if len(few) + len(tail) <= _FEW_HITS:
        # Few hits lead to their examples one by one; many are compared with all examples.
        hits = as_json_array([*(row[0] for row in few), *tail])
        chosen = "SELECT value FROM json_each(?)"
        examples = f"SELECT example_id FROM version WHERE version.id IN ({chosen})"
        return f"id IN ({examples}) AND version_id IN ({chosen})", (hits, hits)
    sql = "version_id IN (SELECT rowid FROM search WHERE search MATCH ?)"
    if not tail:
        return sql, (expression,)
    return (
        f"({sql} OR version_id IN (SELECT value FROM json_each(?)))",
        (expression, as_json_array(tail)),
    )
