"""Work over all examples: checking them, and setting one system prompt on many."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background, Task
from tunedesk.gui.examples.row_actions import RowActions
from tunedesk.gui.examples.selected_rows import SelectedRows, examples_text
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import Ids
from tunedesk.project.statistics import Totals
from tunedesk.workers import WorkerPool

if TYPE_CHECKING:
    from tunedesk.project.text_edits import EditSummary
from tunedesk.project.check_project import check_again


class CheckAll(QObject):
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
        self._feedback.toast(checked_text(totals))


def checked_text(totals: Totals) -> str:
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


class SystemPromptSetter:
    """Gives the selected examples, or all of the filter, the same system prompt."""

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        row_actions: RowActions,
        flush: Callable[[], None],
    ) -> None:
        self._project = project
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self._row_actions = row_actions
        self._flush = flush

    def ask(self, prompt: str) -> None:
        """Set the prompt on the selected examples; with only one selected, ask about all."""
        selected, everything = self._row_actions.rows(), self._row_actions.all_rows()
        if selected.count > 1 or everything.count <= 1:
            self.start(prompt, selected)
            return
        self._feedback.confirm(
            _("Set this system prompt on all {examples}?").format(examples=everything.words),
            _("Only one example is selected. Undo takes it back."),
            _("Set on {examples}").format(examples=everything.words),
            lambda: self.start(prompt, everything),
        )

    def start(self, prompt: str, rows: SelectedRows) -> None:
        """Set the prompt on these examples."""
        if not rows.count or self._project.read_only:
            return
        self._flush()
        shown = self._feedback.progress(
            _("Setting the system prompt of {examples}").format(examples=rows.words),
            lambda: task.cancel(),
        )
        task = self._background.run(
            _set_prompt,
            self._project,
            self._background.pool,
            prompt,
            rows.ids,
            on_result=self._say,
            on_progress=shown.report,
            on_finished=shown.close,
        )

    def _say(self, summary: "EditSummary") -> None:
        self._feedback.toast(
            _("System prompt set in {examples}.").format(examples=examples_text(summary.examples)),
            _("Undo"),
            self._actions["edit.undo"].trigger,
        )


def _set_prompt(
    project: Project, pool: WorkerPool, prompt: str, ids: Ids, progress: Progress
) -> "EditSummary":
    from tunedesk.project.text_edits import set_system_prompt

    with contextlib.closing(project.handle()) as handle:
        return set_system_prompt(handle.context, pool, prompt, ids, progress)


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
            _check_stale,
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


def _check_stale(project: Project, pool: WorkerPool, progress: Progress) -> None:
    with contextlib.closing(project.handle()) as handle:
        check_again(handle, pool, progress, only_stale=True)
