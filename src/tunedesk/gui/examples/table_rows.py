"""The rows of the examples table: their ids, found in the background; a cache; the selection.

The first screenful of ids is found first, then all; after a change, the list is changed by the
smallest splice. Only rows that are looked at are read, in pages.
"""

import contextlib
import re
import unicodedata
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

from PySide6.QtCore import QElapsedTimer, QItemSelection, QObject, QTimer, Signal

from tunedesk.errors import UserError
from tunedesk.examples.kinds.registry import search_text
from tunedesk.gui.background import Background, Task
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.reads import ExampleRow, damaged_row
from tunedesk.project.search import hits


class Splice(NamedTuple):
    """What turns one list of ids into another: `removed` ids at `row` give way to `inserted`."""

    row: int
    removed: int
    inserted: "array[int]"


def splice_between(old: "array[int]", new: "array[int]") -> Splice:
    """The smallest single splice from `old` to `new`.

    Both may hold a million ids: equal ends are found by comparing blocks, not one by one.
    """
    shorter = min(len(old), len(new))
    head = _common(old, new, shorter, from_end=False)
    tail = _common(old, new, shorter - head, from_end=True)
    return Splice(head, len(old) - head - tail, new[head : len(new) - tail])


def _common(old: "array[int]", new: "array[int]", limit: int, *, from_end: bool) -> int:
    """How many ids, at most `limit`, are equal at the start (or the end) of both."""
    equal = 0
    step = limit
    while step:
        take = min(step, limit - equal)
        if from_end:
            same = (
                old[len(old) - equal - take : len(old) - equal]
                == new[len(new) - equal - take : len(new) - equal]
            )
        else:
            same = old[equal : equal + take] == new[equal : equal + take]
        if same:
            equal += take
            if equal == limit:
                break
        else:
            step //= 2
    return equal


def row_of(ids: "array[int]", wanted: int, hint: int = 0) -> int:
    """The row that holds an id, or -1.

    Args:
        ids: The ids of all rows.
        wanted: The id to find.
        hint: A row where it may be near; ids that rise by one are found at once.
    """
    count = len(ids)
    if not count:
        return -1
    for guess in (hint, wanted - ids[0]):
        if 0 <= guess < count and ids[guess] == wanted:
            return guess
    low, high = max(0, hint - 500), min(count, hint + 500)
    for start, stop in ((low, high), (0, low), (high, count)):
        try:
            return ids.index(wanted, start, stop)
        except ValueError:
            continue
    return -1


FIRST_ROWS = 200
SHORTEST_PAUSE_MS = 40
LONGEST_PAUSE_MS = 1_200
PAUSE_PER_MS = 3
"""While bulk work changes the project, asking again may take a quarter of the time, not more."""


class IdFeed(QObject):
    """Asks the project for ids; a later question makes the answers to earlier ones void.

    Signals:
        first_arrived: The first ids of a new query, while the rest is still sought.
        all_arrived: All ids of the query.
    """

    first_arrived = Signal(object)
    all_arrived = Signal(object)

    def __init__(self, project: Project, background: Background, parent: QObject | None) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._query = ExampleQuery()
        self._task: Task | None = None
        self._asked_again = False
        self._clock = QElapsedTimer()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._refresh_now)

    @property
    def busy(self) -> bool:
        """Whether ids are being sought, or will be in a moment."""
        return self._task is not None or self._pause.isActive()

    def ask(self, query: ExampleQuery) -> None:
        """Find the rows of another query: the first at once, all of them later."""
        if self._task is not None:
            self._task.cancel()
        self._pause.stop()
        self._query = query
        self._asked_again = False
        self._start(first=True)

    def refresh(self) -> None:
        """The project has changed: find the rows of the same query again, soon."""
        if self._task is not None:
            self._asked_again = True
        elif not self._pause.isActive():
            self._refresh_now()

    def close(self) -> None:
        """Ask no more."""
        self._pause.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _refresh_now(self) -> None:
        self._start(first=False)

    def _start(self, *, first: bool) -> None:
        self._clock.start()
        token: list[Task] = []
        on_first_ids = (
            self._background.in_gui(partial(self._on_first_ids, token)) if first else None
        )
        task = self._background.run(
            _find_ids,
            self._project,
            self._query,
            on_first_ids,
            on_result=self.all_arrived.emit,
            on_finished=partial(self._ended, token),
        )
        token.append(task)
        self._task = task

    def _on_first_ids(self, token: list[Task], ids: "array[int]") -> None:
        if token and token[0] is self._task and not token[0].cancelled:
            self.first_arrived.emit(ids)

    def _ended(self, token: list[Task]) -> None:
        if not token or token[0] is not self._task:
            return
        self._task = None
        if self._asked_again:
            self._asked_again = False
            took = int(self._clock.elapsed())
            pause = max(SHORTEST_PAUSE_MS, took * PAUSE_PER_MS)
            self._pause.start(min(pause, LONGEST_PAUSE_MS))


def _find_ids(
    project: Project,
    query: ExampleQuery,
    on_first_ids: Callable[["array[int]"], None] | None,
    progress: Progress,
) -> "array[int]":
    """All ids of a query; the first ones are handed over as soon as they are known."""
    progress(0, None)
    with contextlib.closing(project.handle()) as handle:
        if on_first_ids is not None:
            first = array("q", handle.first_ids(query, FIRST_ROWS))
            # The first hits of a search are those found in a moment; there may be more.
            if len(first) < FIRST_ROWS and not query.search:
                return first
            on_first_ids(first)
        return handle.ids(query, progress)


LETTER_BY_LETTER = 4_000

_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=32)
def search_pattern(search: str) -> re.Pattern[str] | None:
    """A pattern for the words of a search, in any case; None if there is nothing to find.

    Words in quotation marks are one phrase; a trailing star is not part of the word.
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
        hit = match.start()
    else:
        found = hits(text[:LETTER_BY_LETTER], search)
        if not found:
            return ""
        hit = found[0][0]
    start = max(0, hit - before)
    if start:
        space = text.find(" ", start, hit)
        start = space + 1 if space >= 0 else start
    piece = _SPACES.sub(" ", text[start : start + length]).strip()
    return ("…" if start else "") + piece + ("…" if start + length < len(text) else "")


PAGE = 64
KEPT_ROWS = 2_048
KEPT_PREVIEWS = 512
SNIPPET_CHARACTERS = 200_000
"""Hits are looked for in this much of a text; a longer one shows its plain preview."""


class RowCache:
    """Reads rows page by page: scrolling asks the project once for many rows."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._rows: OrderedDict[int, ExampleRow] = OrderedDict()
        self._gone: set[int] = set()
        self._previews: OrderedDict[tuple[int, str], str] = OrderedDict()

    def clear(self) -> None:
        """Forget all rows."""
        self._rows.clear()
        self._gone.clear()
        self._previews.clear()

    def forget(self, example_id: int) -> None:
        """Forget one row, because it has changed."""
        self._rows.pop(example_id, None)
        self._gone.discard(example_id)
        for key in [key for key in self._previews if key[0] == example_id]:
            del self._previews[key]

    def row(self, ids: "array[int]", number: int) -> ExampleRow | None:
        """The row at an index of the list; None if the example is gone."""
        if not 0 <= number < len(ids):
            return None
        example_id = ids[number]
        found = self._rows.get(example_id)
        if found is None and example_id not in self._gone:
            self._read(ids, number)
            found = self._rows.get(example_id)
        return found

    def preview(self, ids: "array[int]", number: int, search: str) -> str:
        """One line of an example: its preview, or the words around the first hit of a search."""
        row = self.row(ids, number)
        if row is None:
            return ""
        if not search:
            return row.preview
        key = (row.id, search)
        found = self._previews.get(key)
        if found is None:
            found = self._previews[key] = self._around_hit(row, search) or row.preview
            if len(self._previews) > KEPT_PREVIEWS:
                self._previews.popitem(last=False)
        return found

    def _around_hit(self, row: ExampleRow, search: str) -> str:
        """The words around the first hit, unless the preview has one."""
        if hits(row.preview, search):
            return ""
        try:
            text = self._project.text(row.id)
        except UserError:
            # Painting asks: nothing may be raised in it. Opening the row tells what is wrong.
            return ""
        if len(text) > SNIPPET_CHARACTERS:
            return ""
        return around_first_hit(search_text(text), search)

    def _read(self, ids: "array[int]", number: int) -> None:
        start = number - number % PAGE
        wanted = [one for one in ids[start : start + PAGE] if one not in self._rows]
        try:
            rows = self._project.rows(wanted)
        except UserError:
            rows = [damaged_row(one) for one in wanted]
        for row in rows:
            self._rows[row.id] = row
        self._gone.update(one for one in wanted if one not in self._rows)
        while len(self._rows) > KEPT_ROWS:
            self._rows.popitem(last=False)


class RowSelection:
    """The selected rows as pieces of neighbours.

    Attributes:
        ranges: First and last row of each piece, in order and apart from each other.
        count: How many rows are selected.
    """

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.count = 0

    def update(self, selection: QItemSelection) -> None:
        """Set the selection to that of Qt's selection model."""
        self.ranges = []
        for top, bottom in sorted({(piece.top(), piece.bottom()) for piece in selection.toList()}):
            if self.ranges and top <= self.ranges[-1][1] + 1:
                first, last = self.ranges[-1]
                self.ranges[-1] = (first, max(last, bottom))
            else:
                self.ranges.append((top, bottom))
        self.count = sum(bottom - top + 1 for top, bottom in self.ranges)

    def __contains__(self, row: int) -> bool:
        index = bisect_right(self.ranges, (row, row)) - 1
        # A piece that begins in this very row sorts behind (row, row) if it is longer.
        following = index + 1
        if following < len(self.ranges) and self.ranges[following][0] == row:
            return True
        return index >= 0 and row <= self.ranges[index][1]

    def ids(self, ids: "array[int]") -> "array[int]":
        """The selected ones of the ids of all rows."""
        selected = array("q")
        for top, bottom in self.ranges:
            selected.extend(ids[top : bottom + 1])
        return selected
