"""Brings the changes of the project, made in whatever thread, into the GUI thread."""

from PySide6.QtCore import QObject, Signal

from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange


class ChangeFeed(QObject):
    """Tells of each change of the project in the thread that this object belongs to.

    Signals:
        changed: A `ProjectChange`. What the GUI thread changed itself is told at once, what bulk
            work changed is told when the event loop comes to it.
    """

    changed = Signal(object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._unsubscribe = project.subscribe(self._tell)

    def close(self) -> None:
        """Hear no more of the project."""
        self._unsubscribe()

    def _tell(self, change: ProjectChange) -> None:
        # Qt queues what is emitted in another thread than the receiver's.
        self.changed.emit(change)
