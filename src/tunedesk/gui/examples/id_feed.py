"""Finds the ids of the table's rows in the background: the first screenful first, then all."""

import contextlib
from array import array
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from tunedesk.gui.background import Background, Task
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery

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
        tell_first = self._background.in_gui(partial(self._take_first, token)) if first else None
        task = self._background.run(
            _find_ids,
            self._project,
            self._query,
            tell_first,
            on_result=self.all_arrived.emit,
            on_finished=partial(self._ended, token),
        )
        token.append(task)
        self._task = task

    def _take_first(self, token: list[Task], ids: "array[int]") -> None:
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
    tell_first: Callable[["array[int]"], None] | None,
    progress: Progress,
) -> "array[int]":
    """All ids of a query; the first ones are told as soon as they are known."""
    progress(0, None)
    with contextlib.closing(project.handle()) as handle:
        if tell_first is not None:
            first = array("q", handle.first_ids(query, FIRST_ROWS))
            # The first hits of a search are those found in a moment; there may be more.
            if len(first) < FIRST_ROWS and not query.search:
                return first
            tell_first(first)
        return handle.ids(query, progress)
