"""Opens find and replace on the examples that the page shows, and closes it with the project."""

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from tunedesk.gui.background import Background
from tunedesk.gui.examples.find_replace_fields import Place
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.row_actions import RowActions
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery

if TYPE_CHECKING:
    from tunedesk.gui.examples.find_replace import FindReplace


class FindReplaceDoor:
    """Keeps the one dialog, made when it is first asked for."""

    def __init__(
        self,
        *,
        project: Project,
        open_example: OpenExample,
        background: Background,
        feedback: Feedback,
        theme: Theme,
        model: ExampleTableModel,
        row_actions: RowActions,
        page: QWidget,
    ) -> None:
        self._page = page
        self._shared: dict[str, Any] = {
            "project": project,
            "open_example": open_example,
            "background": background,
            "feedback": feedback,
            "theme": theme,
        }
        self._model = model
        self._row_actions = row_actions
        self._dialog: FindReplace | None = None

    def open(self) -> None:
        """Show the dialog; a search that is under way is what it looks for."""
        from tunedesk.gui.examples.find_replace import FindReplace

        if self._dialog is None:
            self._dialog = FindReplace(
                **self._shared, places=self.places(), parent=self._page.window()
            )
        else:
            self._dialog.set_places(self.places())
        self._dialog.ask(self._model.query.search)

    def places(self) -> list[Place]:
        """Where one may look: the filter, the selection, everything."""
        places = []
        rows = self._row_actions.rows()
        query = self._model.query
        if not query.unfiltered:
            count = f"{self._model.rowCount():,}"
            places.append(Place(_("The {n} of the filter").format(n=count), query))
        if rows.count > 1:
            places.append(Place(_("The {n} selected").format(n=f"{rows.count:,}"), rows.ids))
        everything = Place(_("All examples"), ExampleQuery())
        return [*places, everything] if not query.unfiltered else [everything, *places]

    def close(self) -> None:
        """The project closes."""
        if self._dialog is not None:
            self._dialog.close_project()
            self._dialog.close()
            self._dialog.deleteLater()
            self._dialog = None
