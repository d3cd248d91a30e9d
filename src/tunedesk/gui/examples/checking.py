"""Checking all examples: when it is asked for, and again when another target or model is chosen."""

from PySide6.QtCore import QObject, Signal

from tunedesk.gui.background import Background
from tunedesk.gui.operations import Operation, Operations
from tunedesk.gui.page import PageContext
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.check_project import check_again
from tunedesk.project.project import Project
from tunedesk.project.statistics import Totals


class CheckAll(QObject):
    """Checks all examples anew, by every rule, one time at a time.

    Signals:
        checked: It is done; show the problems.
    """

    checked = Signal()

    def __init__(self, context: PageContext, parent: QObject) -> None:
        super().__init__(parent)
        self._operations = context.operations
        self._background = context.background
        self._operation: Operation[Totals] | None = None

    def start(self) -> None:
        """Check all examples, unless that is being done."""
        if self._operation is not None and self._operation.running:
            return
        pool = self._background.pool

        def check(project: Project, progress: Progress) -> Totals:
            check_again(project, pool, progress)
            return project.totals()

        self._operation = self._operations.run(
            _("Checking all examples"),
            check,
            on_result=lambda _totals: self.checked.emit(),
            message=checked_text,
        )


def checked_text(totals: Totals) -> str:
    """What the check found, in one sentence."""
    count = totals.count
    if totals.with_problems and totals.with_errors:
        text = ngettext(
            "{n} example checked: {problems} with problems, {errors} of them with errors.",
            "{n} examples checked: {problems} with problems, {errors} of them with errors.",
            count,
        )
    elif totals.with_problems:
        text = ngettext(
            "{n} example checked: {problems} with problems, none with errors.",
            "{n} examples checked: {problems} with problems, none with errors.",
            count,
        )
    elif totals.with_hints:
        text = ngettext(
            "{n} example checked, none with a problem of its own. Hints on {hints}.",
            "{n} examples checked, none with a problem of its own. Hints on {hints}.",
            count,
        )
    else:
        text = ngettext(
            "{n} example checked, none with a problem of its own.",
            "{n} examples checked, none with a problem of its own.",
            count,
        )
    return text.format(
        n=f"{count:,}",
        problems=f"{totals.with_problems:,}",
        errors=f"{totals.with_errors:,}",
        hints=f"{totals.with_hints:,}",
    )


class Recheck:
    """Checks those examples again whose figures are of another target or base model."""

    def __init__(self, operations: Operations, background: Background) -> None:
        self._operations = operations
        self._background = background
        self._operation: Operation[int] | None = None
        self._again = False

    @property
    def running(self) -> bool:
        """Whether examples are being checked."""
        return self._operation is not None and self._operation.running

    def start(self) -> None:
        """Check by the settings that the project has now; a check under way begins anew."""
        if self._operation is not None and self._operation.running:
            self._again = True
            self._operation.cancel()
            return
        self._again = False
        pool = self._background.pool
        self._operation = self._operations.run(
            _("Checking all examples"),
            lambda project, progress: check_again(project, pool, progress, only_stale=True),
            on_finished=self._on_finished,
        )

    def _on_finished(self) -> None:
        if self._again:
            self.start()
