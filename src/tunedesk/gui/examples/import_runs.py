"""Brings files in, one after the other, in the background: progress, Cancel, and what was odd."""

import contextlib
import time
from collections import deque
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background, Task
from tunedesk.gui.examples.file_words import speed_words
from tunedesk.gui.examples.import_summary import ImportSummaryDialog, summary_words
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.progress_line import ProgressHandle
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.paths import documents_dir
from tunedesk.progress import Progress
from tunedesk.project.importing import ImportSummary, import_file
from tunedesk.project.project import Project
from tunedesk.settings import Settings
from tunedesk.workers import WorkerPool

FOLDER = "examples.import_folder"


class ImportRuns(QObject):
    """Imports files into the project; the rows show as they come.

    Signals:
        ended: A file has been brought in, left alone, or stopped.
        problems_asked: Show the problems of the examples.
    """

    ended = Signal()
    problems_asked = Signal()

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        settings: Settings,
        theme: Theme,
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self._settings = settings
        self._theme = theme
        self._page = page
        self._waiting: deque[Path] = deque()
        self._task: Task | None = None
        self._shown: ProgressHandle | None = None
        self._started = 0.0

    @property
    def busy(self) -> bool:
        """Whether a file is being brought in."""
        return self._task is not None

    def choose(self) -> None:
        """Ask for files and bring them in."""
        folder = Path(str(self._settings.window.get(FOLDER, "")) or documents_dir())
        dialog = QFileDialog(self._page.window(), _("Import"))
        dialog.setDirectory(str(folder if folder.is_dir() else Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [_("Conversations (*.jsonl *.json *.ndjson *.txt)"), _("All files (*)")]
        )
        dialog.filesSelected.connect(lambda names: self.start([Path(name) for name in names]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def start(self, paths: list[Path]) -> None:
        """Bring files in, behind those that are under way."""
        if not paths:
            return
        self._settings.window[FOLDER] = str(paths[0].parent)
        self._waiting.extend(paths)
        if self._task is None:
            self._next()

    def close(self) -> None:
        """The project closes: stop; what came is kept."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def _next(self) -> None:
        path = self._waiting.popleft()
        shown = self._shown = self._feedback.progress(
            _("Importing {file}").format(file=path.name), self._cancel
        )
        self._started = time.monotonic()
        task = self._background.run(
            _bring_in,
            self._project,
            path,
            self._background.pool,
            on_result=self._take,
            on_progress=self._report,
            on_finished=lambda: self._end(task, shown, path),
        )
        self._task = task

    def _cancel(self) -> None:
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def _report(self, done: int, total: int | None) -> None:
        if self._shown is not None:
            self._shown.report(done, total)
            seconds = time.monotonic() - self._started
            if seconds > 0.5:
                self._shown.say(speed_words(done / seconds))

    def _end(self, task: Task, shown: ProgressHandle, path: Path) -> None:
        shown.close()
        self._task = self._shown = None
        if task.cancelled:
            self._feedback.toast(
                _("Stopped. What had come of {file} is kept.").format(file=path.name),
                _("Undo"),
                self._actions["edit.undo"].trigger,
            )
        self.ended.emit()
        if self._waiting:
            self._next()

    def _take(self, summary: ImportSummary) -> None:
        if summary.odd:
            dialog = ImportSummaryDialog(summary, self._theme, self._page.window())
            dialog.problems_asked.connect(self.problems_asked)
            dialog.open()
        else:
            self._feedback.toast(
                summary_words(summary), _("Undo"), self._actions["edit.undo"].trigger
            )


def _bring_in(project: Project, path: Path, pool: WorkerPool, progress: Progress) -> ImportSummary:
    """Import a file of conversations; another file is named in a `UserError` and left alone."""
    with contextlib.closing(project.handle()) as handle:
        return import_file(handle, path, pool, progress)
