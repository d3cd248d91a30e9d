"""Carries out changes of many rows: small ones here and now, large ones in the background."""

import contextlib
from collections.abc import Callable
from typing import Any

from tunedesk.errors import UserError
from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project

AT_ONCE = 200
"""So many rows are changed in a few milliseconds."""

Change = Callable[[Project, Progress], Any]


class RowWork:
    """Runs one change after what was typed is written."""

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        flush: Callable[[], None],
    ) -> None:
        self._project = project
        self._background = background
        self._feedback = feedback
        self._flush = flush

    def run(
        self,
        title: str,
        count: int,
        change: Change,
        on_done: Callable[[Any], object] | None = None,
    ) -> None:
        """Change rows.

        Args:
            title: What is being done, for the progress.
            count: How many rows are changed.
            change: Changes them through the project it is given, reporting progress.
            on_done: Called with what `change` returned.
        """
        self._flush()
        if count <= AT_ONCE:
            try:
                result = change(self._project, no_progress)
            except UserError as error:
                self._feedback.error(error)
                return
            if on_done is not None:
                on_done(result)
            return
        shown = self._feedback.progress(title, lambda: task.cancel())
        task = self._background.run(
            _change_with_handle,
            self._project,
            change,
            on_result=on_done,
            on_progress=shown.report,
            on_finished=shown.close,
        )


def _change_with_handle(project: Project, change: Change, progress: Progress) -> Any:
    with contextlib.closing(project.handle()) as handle:
        return change(handle, progress)
