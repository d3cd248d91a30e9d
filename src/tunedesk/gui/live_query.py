"""Changes of the project in the GUI thread, and queries that are asked again after them.

A view that shows something derived from many examples holds one `LiveQuery` for each question.
Never are two answers to the same question under way; an answer that came too late is dropped;
while nobody looks, nothing is asked.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from tunedesk.gui.background import Background, Task
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange


class ProjectChangeSignal(QObject):
    """Tells of each change of the project in the thread that this object belongs to.

    Signals:
        changed: A `ProjectChange`. What the GUI thread changed itself is emitted at once, what bulk
            work changed when the event loop comes to it.
    """

    changed = Signal(object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._unsubscribe = project.subscribe(self._publish)

    def close(self) -> None:
        """Tell of no further change of the project."""
        self._unsubscribe()

    def _publish(self, change: ProjectChange) -> None:
        # Qt queues what is emitted in another thread than the receiver's.
        self.changed.emit(change)


_SOONEST_MS = 120
_REST = 2  # after an answer that took a second, two seconds of rest


class LiveQuery(QObject):
    """Keeps the answer to one question fresh while it is watched.

    Signals:
        ready: The answer.
        asked: A question was put; the answer shown is about to be replaced.
    """

    ready = Signal(object)
    asked = Signal()

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        question: Callable[..., Any],
        kinds: frozenset[str],
        parent: QObject,
    ) -> None:
        """Make a question; it is first asked when it is watched.

        Args:
            project: Whom to ask.
            background: Where it is asked.
            question: Called in a thread with a handle of the project and the arguments.
            kinds: The kinds of changes after which the answer may be another one.
            parent: Its owner.
        """
        super().__init__(parent)
        self._project = project
        self._background = background
        self._question = question
        self._kinds = kinds
        self._arguments: tuple[Any, ...] = ()
        self._watched = False
        self._stale = True
        self._task: Task | None = None
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self._feed = ProjectChangeSignal(project, self)
        self._feed.changed.connect(self._project_changed)

    def watch(self, watched: bool) -> None:
        """Keep the answer fresh while a view that shows it is visible; not else."""
        self._watched = watched
        if watched and self._stale:
            self._ask_soon(0)

    def ask(self, *arguments: Any) -> None:
        """Ask with these arguments from now on; an answer to others is dropped."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._arguments = arguments
        self._stale = True
        self._ask_soon(0)

    def refresh(self) -> None:
        """Ask again: the answer depends on something outside the project, which has changed."""
        self._stale = True
        self._ask_soon(_SOONEST_MS)

    def close(self) -> None:
        """Stop asking; an answer that is under way is dropped."""
        self._feed.close()
        self._watched = False
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _project_changed(self, change: ProjectChange) -> None:
        if change.kinds & self._kinds:
            self._stale = True
            self._ask_soon(_SOONEST_MS)

    def _ask_soon(self, wait: int) -> None:
        if self._watched and self._stale and self._task is None and not self._timer.isActive():
            self._timer.start(wait)

    def _ask(self) -> None:
        if not self._watched or self._task is not None:
            return
        self._stale = False
        self._began = time.monotonic()
        self.asked.emit()
        task: Task | None = None

        def answered(answer: Any) -> None:
            if task is self._task:
                self.ready.emit(answer)

        def finished() -> None:
            if task is self._task:
                self._task = None
                self._ask_soon(_SOONEST_MS + round(_REST * 1000 * (time.monotonic() - self._began)))

        task = self._task = self._background.run(
            _answer,
            self._project,
            self._question,
            self._arguments,
            on_result=answered,
            on_finished=finished,
        )


def _answer(project: Project, question: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    with contextlib.closing(project.handle()) as handle:
        return question(handle, *arguments)
