"""Fills the search index in idle time, in short pieces that nobody notices."""

import contextlib
import time

from PySide6.QtCore import QObject, QTimer

from tunedesk.gui.background import Background, Task
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange

FIRST_AFTER_MS = 1_500
AGAIN_AFTER_MS = 4_000
PIECE_SECONDS = 0.02
REST_SECONDS = 0.02
"""Half of the time is left to whatever else the window does."""

STANDS_BACK_SECONDS = 0.5
"""So long after a key or a scroll the filling waits: it would keep Python's lock from a frame."""

TEXT_KINDS = frozenset({"text", "added"})


class Pause:
    """Until when the filling stands back; the window sets it, the thread looks at it."""

    def __init__(self) -> None:
        self._until = 0.0

    def start(self) -> None:
        """The user does something now."""
        self._until = time.monotonic() + STANDS_BACK_SECONDS

    @property
    def lasts(self) -> bool:
        """Whether the user did something a moment ago."""
        return time.monotonic() < self._until


class SearchIndexFiller(QObject):
    """Begins some time after the last change, and goes on until the index has everything."""

    def __init__(self, project: Project, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._task: Task | None = None
        self._pause = Pause()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._start)
        if not project.read_only:
            self._timer.start(FIRST_AFTER_MS)

    def on_project_changed(self, change: ProjectChange) -> None:
        """Texts came or changed: go on, once it has become quiet."""
        if change.kinds & TEXT_KINDS and not self._project.read_only:
            self._timer.start(AGAIN_AFTER_MS)

    def stand_back(self) -> None:
        """The user moves about: wait until it is quiet."""
        self._pause.start()

    def close(self) -> None:
        """The project closes; what is left is filled another time."""
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        if self._task is None:
            self._task = self._background.run(
                fill, self._project, self._pause, on_finished=self._ended
            )

    def _ended(self) -> None:
        self._task = None


def fill(project: Project, pause: Pause, progress: Progress) -> None:
    """Fill the index piece by piece; called in a thread."""
    with contextlib.closing(project.handle()) as handle:
        more = True
        while more:
            if not pause.lasts:
                more = handle.fill_search(PIECE_SECONDS)
            progress(0, None)
            time.sleep(REST_SECONDS)
