"""Check: all examples are checked anew in the background, then their problems are shown."""

import contextlib
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.statistics import Totals
from tunedesk.workers import WorkerPool


class CheckRun(QObject):
    """Checks everything by every rule.

    Signals:
        checked: It is done; show the problems.
    """

    checked = Signal()

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        flush: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._flush = flush
        self._task: Task | None = None

    def start(self) -> None:
        """Check all examples, unless that is being done."""
        if self._task is not None:
            return
        self._flush()
        shown = self._feedback.progress(_("Checking all examples"), self._cancel)
        self._task = self._background.run(
            _check,
            self._project,
            self._background.pool,
            on_result=self._take,
            on_progress=shown.report,
            on_finished=lambda: self._end(shown.close),
        )

    def close(self) -> None:
        """The project closes."""
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, close_progress: Callable[[], None]) -> None:
        self._task = None
        close_progress()

    def _take(self, totals: Totals) -> None:
        self.checked.emit()
        self._feedback.toast(check_words(totals))


def check_words(totals: Totals) -> str:
    """What the check found, in one sentence."""
    examples = ngettext("{n} example", "{n} examples", totals.count).format(n=f"{totals.count:,}")
    if not totals.with_problems:
        return _("{examples} checked, no problems.").format(examples=examples)
    parts = []
    if totals.with_errors:
        parts.append(_("{n} with errors").format(n=f"{totals.with_errors:,}"))
    if totals.with_warnings:
        parts.append(_("{n} with warnings").format(n=f"{totals.with_warnings:,}"))
    if not parts:
        parts.append(_("{n} with hints").format(n=f"{totals.with_hints:,}"))
    return _("{examples} checked: {found}.").format(examples=examples, found=", ".join(parts))


def _check(project: Project, pool: WorkerPool, progress: Progress) -> Totals:
    from tunedesk.project.check_project import check_again

    with contextlib.closing(project.handle()) as handle:
        check_again(handle, pool, progress)
        return handle.totals()
