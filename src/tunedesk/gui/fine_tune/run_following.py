"""Follows the runs that go on: looks at each again and again, until it has ended."""

import contextlib
from collections import deque

from PySide6.QtCore import QObject, QTimer, Signal

from tunedesk.errors import UserError
from tunedesk.fine_tuning.follow import Follower
from tunedesk.fine_tuning.run_service import RunService
from tunedesk.gui.background import Background
from tunedesk.progress import Wait
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys

AT_ONCE = 2
"""So many looks at the same time: a server that hangs must not take all threads."""


class RunFollowing(QObject):
    """Looks at the runs of one project in the background.

    Signals:
        ended: A `Run` that has ended while it was followed.
    """

    ended = Signal(object)

    def __init__(
        self, project: Project, background: Background, keys: Keys, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._keys = keys
        self._followed: dict[int, _Followed] = {}
        self._waiting: deque[int] = deque()
        self._looking: set[int] = set()
        self._closed = False

    @property
    def followed(self) -> set[int]:
        """The ids of the runs that are followed."""
        return set(self._followed)

    def follow(self, run_id: int) -> None:
        """Follow a run from now on; one that is followed already is looked at now."""
        if self._closed or self._project.read_only:
            return
        if run_id not in self._followed:
            self._followed[run_id] = _Followed(run_id, self._keys)
        if run_id not in self._looking and run_id not in self._waiting:
            self._waiting.append(run_id)
        self._next()

    def close(self) -> None:
        """Follow nothing any more."""
        self._closed = True
        self._waiting.clear()
        self._followed.clear()

    def _next(self) -> None:
        while self._waiting and len(self._looking) < AT_ONCE:
            run_id = self._waiting.popleft()
            followed = self._followed.get(run_id)
            if followed is not None:
                self._look(followed)

    def _look(self, followed: "_Followed") -> None:
        run_id = followed.run_id
        self._looking.add(run_id)

        def looked(answer: tuple[float | None, Run]) -> None:
            pause, run = answer
            if pause is not None:
                self._again(run_id, pause)
            elif self._followed.pop(run_id, None) is not None and run.ended:
                self.ended.emit(run)

        def failed(_error: UserError) -> None:
            # The run is not in the project any more.
            self._followed.pop(run_id, None)

        def finished() -> None:
            self._looking.discard(run_id)
            self._next()

        self._background.run(
            followed.look,
            self._project,
            on_result=looked,
            on_error=failed,
            on_finished=finished,
            lets_go=True,
        )

    def _again(self, run_id: int, seconds: float) -> None:
        if not self._closed:
            QTimer.singleShot(round(seconds * 1000), self, lambda: self._due(run_id))

    def _due(self, run_id: int) -> None:
        if run_id in self._followed:
            self.follow(run_id)


class _Followed:
    """One run with what is kept between two polls of it; used by one thread at a time."""

    def __init__(self, run_id: int, keys: Keys) -> None:
        self.run_id = run_id
        self._keys = keys
        self._follower: Follower | None = None

    def look(self, project: Project, wait: Wait) -> tuple[float | None, Run]:
        """Look once; called in a thread.

        Returns:
            The seconds until the next look (None: no more), and the run.
        """
        with contextlib.closing(project.handle()) as handle:
            if self._follower is None:
                self._follower = RunService(handle, self._keys).follower(self.run_id)
            pause = self._follower.poll(handle, wait)
            return pause, handle.runs.get(self.run_id)
