"""What the tabs of the side panel share: one query of the project, asked while the tab is seen."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from tunedesk.gui.background import Background
from tunedesk.gui.live_query import LiveQuery
from tunedesk.project.project import Project


class PanelTab(QWidget):
    """A tab that shows the answer to a query, fresh as long as somebody looks."""

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        question: Callable[..., Any],
        kinds: frozenset[str],
        parent: QWidget | None = None,
    ) -> None:
        """Make a tab; its query is first asked when it is watched.

        Args:
            project: Whom to ask.
            background: Where it is asked.
            question: Called in a thread with a handle of the project and the arguments.
            kinds: The kinds of changes after which the answer may be another one.
            parent: The widget it stands in.
        """
        super().__init__(parent)
        self._project = project
        self._query = LiveQuery(
            project=project,
            background=background,
            question=question,
            kinds=kinds,
            parent=self,
        )
        self._query.ready.connect(self.show_answer)

    def show_answer(self, answer: Any) -> None:
        """Show an answer to the query."""
        raise NotImplementedError

    def watch(self, watched: bool) -> None:
        """Say whether the tab is seen."""
        self._query.watch(watched)

    def focus_main_part(self) -> None:
        """Give the keyboard to what is worked with in the tab."""
        raise NotImplementedError

    def close_project(self) -> None:
        """Let go of the project."""
        self._query.close()
