"""Sets one system prompt on many examples, in the background, as one step of undo."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.examples.chosen_rows import ChosenRows, examples_words
from tunedesk.gui.examples.row_actions import RowActions
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import Ids
from tunedesk.workers import WorkerPool

if TYPE_CHECKING:
    from tunedesk.project.text_edits import EditSummary


class PromptRun:
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

    def start(self, prompt: str, rows: ChosenRows) -> None:
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
            _("System prompt set in {examples}.").format(examples=examples_words(summary.examples)),
            _("Undo"),
            self._actions["edit.undo"].trigger,
        )


def _set_prompt(
    project: Project, pool: WorkerPool, prompt: str, ids: Ids, progress: Progress
) -> "EditSummary":
    from tunedesk.project.text_edits import set_system_prompt

    with contextlib.closing(project.handle()) as handle:
        return set_system_prompt(handle.context, pool, prompt, ids, progress)
