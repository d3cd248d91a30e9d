"""The desk of one open project: its pages, its undo, its place, and an orderly end."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.damage_check import look_for_damage
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.page import Page
from tunedesk.gui.rail import Rail
from tunedesk.gui.status_line import StatusLine
from tunedesk.gui.theme import Theme
from tunedesk.gui.undo_steps import UndoSteps
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.settings import Settings

PageMaker = Callable[[Project, Settings, Background, Feedback, Actions, Theme], Page]


class Desk(QObject):
    """Holds the open project and its pages.

    Attributes:
        project: The open project.
        examples: The page of examples.
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        theme: Theme,
        make_page: PageMaker,
    ) -> None:
        super().__init__()
        self.project = project
        self._settings = settings
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self.examples = make_page(project, settings, background, feedback, actions, theme)
        self.undo_steps = UndoSteps(project, background, actions, feedback, self.flush, self)

    def show_in(self, stack: QStackedWidget, rail: Rail, status: StatusLine) -> None:
        """Put the pages into the window and go to where the user was."""
        stack.addWidget(self.examples)
        stack.setCurrentWidget(self.examples)
        rail.show_page("examples")
        self._actions.connect("go.examples", self.examples.take_focus)
        self.examples.status_changed.connect(status.show_parts)
        if self.project.read_only:
            status.show_saved(_("Open for reading only"), "warning")
        else:
            status.show_saved(_("All changes saved"))
        self._say_notes()
        place = self._settings.places.get(str(self.project.path), {})
        self.examples.restore(place.get("examples", {}))
        self.examples.take_focus()
        # What stands by now stays; going through it all again would hold Python's lock, whichever
        # thread sets it off, for longer than a frame.
        gc.freeze()
        look_for_damage(self.project, self._background, self._feedback)

    def import_files(self, paths: list[Path]) -> None:
        """Bring data files in."""
        self.examples.import_files(paths)

    def flush(self) -> None:
        """Write down what was typed a moment ago."""
        self.examples.flush()

    def place(self) -> dict[str, Any]:
        """What to remember of where the user is."""
        return {"examples": self.examples.place()}

    def close(self) -> None:
        """Write everything down, end what runs, close the project."""
        try:
            self.flush()
            self.undo_steps.close()
            self._actions.release("go.examples")
            self.examples.shut()
        finally:
            self._background.finish()
            self._feedback.progress_line.clear()
            self.examples.setParent(None)
            self.examples.deleteLater()
            gc.unfreeze()
            self.project.close()

    def _say_notes(self) -> None:
        """Tell what the user should know of this project before working on it."""
        holder = self.project.held_by
        if holder is not None:
            self._feedback.toast(
                _("{user} has this project open on {machine}; you can read it here.").format(
                    user=holder.user, machine=holder.machine
                )
            )
        elif self.project.read_only:
            self._feedback.toast(_("This project can only be read."))
        if self.project.storage_note:
            self._feedback.toast(self.project.storage_note)
        for step in self.project.interrupted:
            self._feedback.toast(
                _(
                    "“{step}” had been cut off. What it had done is kept; Undo takes it back."
                ).format(step=step)
            )
