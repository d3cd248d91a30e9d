"""Undo and Redo of the open project: named in the menu, done outside the GUI thread."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange


class UndoActions(QObject):
    """Takes steps of the project back and forth, one after the other.

    A bulk step may take seconds, so it runs in a thread on a handle of its own; keys pressed
    meanwhile are counted and follow.
    """

    def __init__(
        self,
        project: Project,
        background: Background,
        actions: Actions,
        feedback: Feedback,
        flush: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._actions = actions
        self._feedback = feedback
        self._flush = flush
        self._waiting: list[str] = []
        self._running = False
        self._closed = False
        self._feed = ProjectChangeSignal(project, self)
        self._feed.changed.connect(self._project_changed)
        actions.bind("edit.undo", self.undo)
        actions.bind("edit.redo", self.redo)
        self.refresh()

    def undo(self) -> None:
        """Take the last step back."""
        self._ask("undo")

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        self._ask("redo")

    def refresh(self) -> None:
        """Show in the menu what would be undone and redone."""
        steps = (
            ("edit.undo", _("Undo"), self._project.undo_sentence()),
            ("edit.redo", _("Redo"), self._project.redo_sentence()),
        )
        for action_id, verb, sentence in steps:
            writable = not self._project.read_only
            self._actions[action_id].setEnabled(sentence is not None and writable)
            self._actions.rename(action_id, verb if sentence is None else sentence)

    def close(self) -> None:
        """The project closes."""
        self._closed = True
        self._waiting.clear()
        self._feed.close()
        for action_id, verb in (("edit.undo", _("Undo")), ("edit.redo", _("Redo"))):
            self._actions.rename(action_id, verb)
        self._actions.release("edit.undo", "edit.redo")

    def _project_changed(self, _change: ProjectChange) -> None:
        if not self._running:
            self.refresh()

    def _ask(self, direction: str) -> None:
        self._waiting.append(direction)
        if not self._running:
            self._next()

    def _next(self) -> None:
        self._flush()
        direction = self._waiting.pop(0)
        self._running = True
        self._background.run(_turn, self._project, direction, on_finished=self._ended)

    def _ended(self) -> None:
        self._running = False
        if self._closed:
            return
        if self._waiting:
            self._next()
        else:
            self.refresh()


def _turn(project: Project, direction: str) -> None:
    """One step on a handle of its own, as each thread needs one."""
    handle = project.handle()
    try:
        handle.undo() if direction == "undo" else handle.redo()
    finally:
        handle.close()
