"""Work over many or all examples: checking them, and setting one system prompt."""

from PySide6.QtCore import QObject, Signal

from tunedesk.gui.background import Background
from tunedesk.gui.examples.row_actions import RowActions, SelectedRows
from tunedesk.gui.operations import Operation, Operations
from tunedesk.gui.page import PageContext
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.check_project import check_again
from tunedesk.project.project import Project
from tunedesk.project.statistics import Totals
from tunedesk.project.text_edits import EditSummary, set_system_prompt


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
    if not totals.with_problems:
        text = ngettext(
            "{n} example checked, no problems.", "{n} examples checked, no problems.", count
        )
    elif totals.with_errors and totals.with_warnings:
        text = ngettext(
            "{n} example checked: {errors} with errors, {warnings} with warnings.",
            "{n} examples checked: {errors} with errors, {warnings} with warnings.",
            count,
        )
    elif totals.with_errors:
        text = ngettext(
            "{n} example checked: {errors} with errors.",
            "{n} examples checked: {errors} with errors.",
            count,
        )
    elif totals.with_warnings:
        text = ngettext(
            "{n} example checked: {warnings} with warnings.",
            "{n} examples checked: {warnings} with warnings.",
            count,
        )
    else:
        text = ngettext(
            "{n} example checked: {hints} with hints.",
            "{n} examples checked: {hints} with hints.",
            count,
        )
    return text.format(
        n=f"{count:,}",
        errors=f"{totals.with_errors:,}",
        warnings=f"{totals.with_warnings:,}",
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


class SystemPromptSetter:
    """Gives the selected examples, or all of the filter, the same system prompt."""

    def __init__(self, context: PageContext, row_actions: RowActions) -> None:
        self._project = context.project
        self._background = context.background
        self._feedback = context.feedback
        self._operations = context.operations
        self._row_actions = row_actions

    def ask(self, prompt: str) -> None:
        """Set the prompt on the selected examples; with only one selected, ask about all."""
        selected, everything = self._row_actions.rows(), self._row_actions.all_rows()
        if selected.count > 1 or everything.count <= 1:
            self.start(prompt, selected)
            return
        count = everything.count
        self._feedback.confirm(
            ngettext(
                "Set this system prompt on all {n} example?",
                "Set this system prompt on all {n} examples?",
                count,
            ).format(n=f"{count:,}"),
            _("Only one example is selected. Undo takes it back."),
            ngettext("Set on {n} example", "Set on {n} examples", count).format(n=f"{count:,}"),
            lambda: self.start(prompt, everything),
        )

    def start(self, prompt: str, rows: SelectedRows) -> None:
        """Set the prompt on these examples, as one step of undo."""
        if not rows.count or self._project.read_only:
            return
        pool = self._background.pool

        def message(summary: EditSummary) -> str:
            return ngettext(
                "System prompt set in {n} example.",
                "System prompt set in {n} examples.",
                summary.examples,
            ).format(n=f"{summary.examples:,}")

        self._operations.run(
            ngettext(
                "Setting the system prompt of {n} example",
                "Setting the system prompt of {n} examples",
                rows.count,
            ).format(n=f"{rows.count:,}"),
            lambda project, progress: set_system_prompt(
                project.context, pool, prompt, rows.ids, progress
            ),
            message=message,
        )
