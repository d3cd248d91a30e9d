"""Checks examples anew after another target or base model was chosen."""

import contextlib

from PySide6.QtCore import QObject

from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.check_project import check_again
from tunedesk.project.project import Project
from tunedesk.workers import WorkerPool


class Recheck(QObject):
    """Counts and judges all examples by the settings that the project has now."""

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._task: Task | None = None
        self._again = False

    @property
    def running(self) -> bool:
        """Whether examples are being checked."""
        return self._task is not None

    def start(self) -> None:
        """Check all examples; one that is under way is stopped and begun anew."""
        if self._task is not None:
            self._again = True
            self._task.cancel()
            return
        self._again = False
        progress = self._feedback.progress(_("Checking all examples"), self._cancel)

        def finished() -> None:
            progress.close()
            self._task = None
            if self._again:
                self.start()

        self._task = self._background.run(
            _check,
            self._project,
            self._background.pool,
            on_progress=progress.report,
            on_finished=finished,
        )

    def close(self) -> None:
        """The project closes."""
        self._again = False
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _check(project: Project, pool: WorkerPool, progress: Progress) -> None:
    with contextlib.closing(project.handle()) as handle:
        check_again(handle, pool, progress, only_stale=True)
