"""What the form of every kind of example can do, whatever the kind is."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from tunedesk.examples.json_text import Path
from tunedesk.gui.examples.form.problem_marks import ShownProblems

WIDEST_KEY = 180
"""The widest column of names beside values, in pixels; longer names are cut off."""


class KindForm(QWidget):
    """The view "Form" for examples of some kinds; `ExampleForm` shows the one that fits.

    Signals:
        leave_requested: Esc was pressed in a text.
        tools_wanted: The user wants to see the tools.
        raw_json_wanted: The user wants to see the raw JSON.
        system_prompt_wanted: A system prompt is to be set on the selected examples.
    """

    leave_requested = Signal()
    tools_wanted = Signal()
    raw_json_wanted = Signal()
    system_prompt_wanted = Signal(str)

    def set_fonts(self, text: QFont, code: QFont) -> None:
        """Show the texts and the JSON in other fonts."""
        raise NotImplementedError

    def set_search(self, search: str) -> None:
        """Mark the hits of another search."""
        raise NotImplementedError

    def set_commands_enabled(self, enabled: bool) -> None:
        """Say whether the open example is one that this form changes."""
        del enabled

    def show_example(self, problems: ShownProblems, tokens: list[int], another: bool) -> None:
        """Show the open example as it is now.

        Args:
            problems: Its problems.
            tokens: The tokens of each message, as far as they are counted.
            another: Whether it is an example that was not shown yet.
        """
        raise NotImplementedError

    def show_checks(self, problems: ShownProblems, tokens: list[int]) -> None:
        """Show what the checks say of the text that is shown."""
        raise NotImplementedError

    def presets_changed(self) -> None:
        """A preset was kept or deleted."""

    def focus_last(self) -> None:
        """Put the focus where the user worked last, or where the work begins."""
        raise NotImplementedError

    def go_to(self, path: Path) -> None:
        """Show the value at a path and put the focus there."""
        raise NotImplementedError

    def show_position(self, path: Path, position: int) -> None:
        """Scroll to the value at a path, in which undo changed the text at a position."""
        raise NotImplementedError
