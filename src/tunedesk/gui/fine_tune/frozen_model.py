"""The lines of a run's files as the rows of a list; their first words are read when they show."""

from functools import lru_cache

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
)

from tunedesk.gui.fine_tune.frozen_examples import part_words, preview_of
from tunedesk.project.project import Project
from tunedesk.project.run_records import RunExample

PLACE = Qt.ItemDataRole.UserRole
"""The role under which a row is its `RunExample`."""

KEPT = 2000
ROW_HEIGHT = 30


class FrozenModel(QAbstractListModel):
    """What was trained on, then what was held back, line by line."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._places: list[RunExample] = []

        @lru_cache(KEPT)
        def preview(version_id: int) -> str:
            return preview_of(project.version_text(version_id) or "")

        self._preview = preview

    def show_places(self, places: list[RunExample]) -> None:
        """Show these lines."""
        self.beginResetModel()
        self._places = places
        self.endResetModel()

    def place_of(self, part: str, line: int) -> int:
        """The row of a line of a file, or -1."""
        for number, place in enumerate(self._places):
            if place.part == part and place.line == line:
                return number
        return -1

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many lines there are."""
        return 0 if parent.isValid() else len(self._places)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The line with its first words, and the place itself."""
        if not 0 <= index.row() < len(self._places):
            return None
        place = self._places[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{place.line:,}  {self._preview(place.version_id)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{part_words(place)}: {self._preview(place.version_id)}"
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, ROW_HEIGHT)
        return place if role == PLACE else None
