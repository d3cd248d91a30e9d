"""What the window, and other pages, ask of each page of a project."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tunedesk.examples.json_text import Path as JsonPath
from tunedesk.project.query import ExampleQuery


class Page(QWidget):
    """A page of the open project.

    Signals:
        status_changed: A list of `StatusPart`: the figures for the status line.
    """

    status_changed = Signal(list)

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

    def close_project(self) -> None:
        """The project closes: stop what runs, take the handlers off the actions."""
