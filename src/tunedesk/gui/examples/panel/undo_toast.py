"""Says what a bulk change did, and offers to take it back while it is the latest step."""

import contextlib

from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _
from tunedesk.project.project import Project


class UndoToast:
    """Messages with an Undo that never takes back anything else."""

    def __init__(
        self,
        *,
        project: Project,
        open_example: OpenExample,
        background: Background,
        feedback: Feedback,
    ) -> None:
        self._project = project
        self._open_example = open_example
        self._background = background
        self._feedback = feedback
        self._closed = False

    def close(self) -> None:
        """The project closes: what was said stays, its Undo does nothing any more."""
        self._closed = True

    def say(self, words: str) -> None:
        """Say what the change did that was made last."""
        name = self._project.undo_name()

        def undo() -> None:
            if self._closed:
                return
            self._open_example.flush()
            self._background.run(_undo, self._project, name, on_result=self._say_undone)

        if name is None:
            self._feedback.toast(words)
        else:
            self._feedback.toast(words, _("Undo"), undo)

    def _say_undone(self, undone: bool) -> None:
        if not undone:
            self._feedback.toast(_("Something else was done since; undo that first."))


def _undo(project: Project, name: str) -> bool:
    """Take the latest step back if it is the one of that name."""
    with contextlib.closing(project.handle()) as handle:
        if handle.undo_name() != name:
            return False
        handle.undo()
        return True
