"""What the window asks of each page of a project; Examples is the first, others will follow."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """A page of the open project.

    Signals:
        status_changed: A list of `StatusPart`: the figures for the status line.
    """

    status_changed = Signal(list)

    def flush(self) -> None:
        """Write down what was typed a moment ago; before undo, closing and a crash report."""

    def place(self) -> dict[str, Any]:
        """What to remember of where the user is, in values that JSON can hold."""
        return {}

    def restore(self, place: dict[str, Any]) -> None:
        """Go back to where the user was; a place that is gone is no error."""

    def take_focus(self) -> None:
        """Let the keyboard begin at the page's main part."""
        self.setFocus()

    def import_files(self, paths: list[Path]) -> None:
        """Bring data files in, as a drop on the window or the command line asks."""

    def shut(self) -> None:
        """The project closes: stop what runs, take the handlers off the actions."""
