"""Brings the changes of a project into the GUI thread, whichever thread made them."""

from PySide6.QtCore import QObject, Signal

from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange


class ProjectWatch(QObject):
    """Tells of each change: at once if the GUI thread made it, else from the event loop.

    Signals:
        changed: The `ProjectChange`. Connect methods of Qt objects only: those are called in the
            GUI thread, and no longer once their object is gone.
    """

    changed = Signal(object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._unsubscribe = project.subscribe(self._tell)

    def close(self) -> None:
        """Hear no more of the project."""
        self._unsubscribe()

    def _tell(self, change: ProjectChange) -> None:
        self.changed.emit(change)
