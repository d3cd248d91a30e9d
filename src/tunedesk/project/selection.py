"""A query as SQL, its search included, and its first rows found fast."""

import time
from array import array

from tunedesk.progress import Progress, no_progress
from tunedesk.project import search_index, search_words
from tunedesk.project.parts import ProjectParts
from tunedesk.project.query import Condition, ExampleQuery, condition, order

_WALKED_FIRST = 400
_WALKED_AT_MOST = 4_000
_WALK_SECONDS = 0.2
_COMMON = 50_000
_SHORT = 2
_SHORT_TAIL = 5_000


def selection(
    parts: ProjectParts, query: ExampleQuery, progress: Progress = no_progress
) -> Condition:
    """The filter of a query and its search as SQL; `progress` may cancel the search."""
    where = condition(parts, query)
    if not search_words.phrases(query.search):
        return where
    sql, parameters = search_index.clause(parts, query.search, progress)
    return Condition(f"{where.sql} AND {sql}", (*where.parameters, *parameters))


def first_ids(parts: ProjectParts, query: ExampleQuery, limit: int) -> "array[int]":
    """The first ids of a query, fast whatever the size of the project.

    A common word is found by looking at the first rows themselves; a rare one has few hits in the
    index, which are quickly put in order. While the index still lacks many texts, fewer rows than
    there are may be returned, those found in a fifth of a second.
    """
    if not search_words.phrases(query.search):
        return _ids(parts, query, limit)
    short_tail = search_index.unfilled(parts.store) <= _SHORT_TAIL
    if query.sort == "number":
        found = _walk(parts, query, limit, _WALKED_FIRST)
        if len(found) >= limit:
            return found
    if short_tail and not _common(parts, query.search):
        return _ids(parts, query, limit)
    found = _walk(parts, query, limit, _WALKED_AT_MOST)
    return _ids(parts, query, limit) if short_tail and len(found) < limit else found


def _ids(parts: ProjectParts, query: ExampleQuery, limit: int) -> "array[int]":
    where = selection(parts, query)
    rows = parts.store.rows(
        f"SELECT id FROM example WHERE {where.sql} ORDER BY {order(parts, query)} LIMIT ?",
        (*where.parameters, limit),
    )
    return array("q", [row[0] for row in rows])


def _walk(parts: ProjectParts, query: ExampleQuery, limit: int, candidates: int) -> "array[int]":
    """Look at the texts of the first rows, in the order asked for."""
    where = condition(parts, query)
    store = parts.store
    found = array("q")
    rows = store.rows(
        f"SELECT id, version_id FROM example WHERE {where.sql}"
        f" ORDER BY {order(parts, query)} LIMIT ?",
        (*where.parameters, candidates),
    )
    end = time.monotonic() + _WALK_SECONDS
    for example_id, version_id in rows:
        text = parts.versions.text(version_id)
        if text is not None and search_index.has_words(text, query.search):
            found.append(example_id)
            if len(found) >= limit:
                break
        if time.monotonic() > end:
            break
    return found


def _common(parts: ProjectParts, search: str) -> bool:
    """Whether the index has very many hits; counted no further than needed."""
    if any(
        phrase.prefix and len(phrase.words[-1]) <= _SHORT for phrase in search_words.phrases(search)
    ):
        # So many words begin with these letters that counting takes longer than looking.
        return True
    hits = parts.store.value(
        "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)",
        (search_words.match_expression(search), _COMMON),
    )
    return bool(hits >= _COMMON)
