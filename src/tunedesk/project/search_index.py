"""The full-text index: filled in idle time, asked together with a plain look at what it lacks."""

import time

from tunedesk.examples.kinds.registry import search_text
from tunedesk.progress import Progress, no_progress
from tunedesk.project import search_words
from tunedesk.project.parts import ProjectParts, as_json_array
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.shared_state import TailHits
from tunedesk.project.slices import SliceSize
from tunedesk.project.store import Store

_FILLED_TO = "search_filled_to"
_AIM_SECONDS = 0.015
_MERGE_PAGES = 100
_TAIL_CHUNK = 500
_SEARCHES_KEPT = 4
_FEW_HITS = 5_000
_SEGMENTS_PER_MERGE = 8


def fill(parts: ProjectParts, budget_seconds: float) -> bool:
    """Go on filling the index for about this long; True while something is left to do.

    The words of texts that came since are found without it, so it may be called at any time, from
    a handle in the background.
    """
    store = parts.store
    if store.read_only:
        return False
    end = time.monotonic() + budget_seconds
    size = SliceSize(200, _AIM_SECONDS)
    configured = False
    slices = 0
    while time.monotonic() < end:
        with size.measured(), store.transaction(bulk=True):
            if not configured:
                _configure(store)
                configured = True
            added = _fill_slice(store, size.rows)
        slices += 1
        store.checkpoint_if_large()
        if not added:
            more = _merge(store)
            if not more:
                return False
        elif slices % _SEGMENTS_PER_MERGE == 0:
            _merge(store)
    return True


def filled_to(store: Store) -> int:
    """The last version whose words are in the index."""
    value = store.value("SELECT value FROM setting WHERE key = ?", (_FILLED_TO,))
    return int(value or 0)


def unfilled(store: Store) -> int:
    """How many versions the index lacks, about."""
    last = store.value("SELECT max(id) FROM version")
    return max(0, int(last or 0) - filled_to(store))


def _configure(store: Store) -> None:
    """Merge in small portions only, by `_merge`: an automatic merge could take a second."""
    for option, value in (("automerge", 0), ("crisismerge", 1000), ("usermerge", 16)):
        store.execute("INSERT INTO search(search, rank) VALUES (?, ?)", (option, value))


def _fill_slice(store: Store, rows: int) -> int:
    texts = store.rows(
        "SELECT id, text FROM version_text WHERE id > ? ORDER BY id LIMIT ?",
        (filled_to(store), rows),
    )
    if not texts:
        return 0
    store.connection.executemany(
        "INSERT INTO search(rowid, words) VALUES (?, ?)",
        [(number, search_words.fold(search_text(text))) for number, text in texts],
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


def tail_hits(parts: ProjectParts, search: str, progress: Progress = no_progress) -> list[int]:
    """The current versions that the index lacks and that have what a search asks for."""
    store = parts.store
    low = filled_to(store)
    kept = store.shared.tail_hits
    known = kept.get(search)
    if known is None or known.low > low:
        known = TailHits(low, low, ())
    high, found = known.high, list(known.hits)
    while True:
        texts = store.rows(
            "SELECT id, text FROM version_text WHERE id > ? ORDER BY id LIMIT ?",
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
        if not all(needle in small for needle in search_words.ascii_needles(search)):
            return False
    return search_words.matches(search_words.fold(search_text(text)), search)


def clause(
    parts: ProjectParts, search: str, progress: Progress = no_progress
) -> tuple[str, tuple[str, ...]]:
    """SQL that limits examples to those whose messages have what a search asks for."""
    expression = search_words.match_expression(search)
    if not expression:
        return "1", ()
    tail = tail_hits(parts, search, progress)
    few = parts.store.rows(
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
