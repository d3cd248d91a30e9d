"""What each page of an open project is given, and what the window asks of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tunedesk.examples.json_text import Path as JsonPath
from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.operations import Operations
from tunedesk.gui.theme import Theme
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery
from tunedesk.settings import Settings


@dataclass(frozen=True)
class PageContext:
    """What the pages of an open project work with.

    Attributes:
        project: The open project, for the GUI thread.
        settings: What is kept for the next start.
        background: Where work runs.
        feedback: What tells the user.
        operations: What changes the project.
        actions: The actions of menus, keys and buttons.
        theme: Colours, fonts and sizes.
    """

    project: Project
    settings: Settings
    background: Background
    feedback: Feedback
    operations: Operations
    actions: Actions
    theme: Theme


class Page(QWidget):
    """A page of the open project.

    Signals:
        status_changed: A list of `StatusPart`: the figures for the status line.
        saving_changed: What was typed is on the disk (""), not yet ("waiting"), or cannot be
            written ("failed").
    """

    status_changed = Signal(list)
    saving_changed = Signal(str)

    def flush(self) -> None:
        """Write down what was typed a moment ago; before undo, closing and a crash report."""

    def view_state(self) -> dict[str, Any]:
        """What to remember of where the user is, in values that JSON can hold."""
        return {}

    def restore(self, view_state: dict[str, Any]) -> None:
        """Go back to where the user was; what is gone is left out."""

    def focus_main_part(self) -> None:
        """Let the keyboard begin at the page's main part."""
        self.setFocus()

    def import_files(self, paths: list[Path]) -> None:
        """Bring data files in, as a drop on the window or the command line asks."""

    def shown_query(self) -> ExampleQuery:
        """Which examples the page shows."""
        return ExampleQuery()

    def ask(self, query: ExampleQuery, title: str = "") -> None:
        """Show the examples of a query; `title` says what it is."""

    def go_to(self, example_id: int, path: JsonPath = ()) -> None:
        """Show an example, and a value in it."""

    def show_change(self, change: ProjectChange) -> None:
        """Go to where undo or redo has just changed something, if that is one place."""

    def close_project(self) -> None:
        """The project closes: stop what runs, take the handlers off the actions."""
