"""The runs of the project as the rows of a list."""

from typing import NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tunedesk.gui.fine_tune.run_words import (
    facts_words,
    loss_words,
    model_words,
    share_done,
    state_words,
    where_words,
)
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run

ROW = Qt.ItemDataRole.UserRole
"""The role under which a row is a `RunRow`."""


class RunRow(NamedTuple):
    """A run with what the list says of it.

    Attributes:
        run: The run.
        valid_loss: Its last validation loss; None without.
    """

    run: Run
    valid_loss: float | None

    @property
    def aside(self) -> str:
        """The few words at the end of its line: how far it is, or how good it is."""
        if self.run.ended:
            if self.valid_loss is None or not self.run.succeeded:
                return ""
            return _("valid {loss}").format(loss=loss_words(self.valid_loss))
        share = share_done(self.run)
        return "" if share is None else _("{n} %").format(n=int(share * 100))

    @property
    def under(self) -> str:
        """Its second line: the base model and where."""
        return f"{model_words(self.run)} · {where_words(self.run)}"


def find_runs(project: Project) -> list[RunRow]:
    """The rows of the list; called in a thread."""
    rows = []
    for run in project.runs.all():
        last = project.runs.last_metric(run.id)
        loss = None
        if last is not None:
            full = last.full_valid_loss
            loss = full if full is not None else last.valid_loss
        rows.append(RunRow(run, loss))
    return rows


class RunListModel(QAbstractListModel):
    """Keeps to the rows it is given with the smallest changes, so that the selection stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RunRow] = []

    def show_rows(self, rows: list[RunRow]) -> None:
        """Show these rows; their order is that of the project."""
        wanted = [row.run.id for row in rows]
        for place in reversed(range(len(self._rows))):
            if self._rows[place].run.id not in wanted:
                self.beginRemoveRows(QModelIndex(), place, place)
                del self._rows[place]
                self.endRemoveRows()
        if [row.run.id for row in self._rows] != [
            number for number in wanted if number in {row.run.id for row in self._rows}
        ]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for place, row in enumerate(rows):
            if place >= len(self._rows) or self._rows[place].run.id != row.run.id:
                self.beginInsertRows(QModelIndex(), place, place)
                self._rows.insert(place, row)
                self.endInsertRows()
            elif self._rows[place] != row:
                self._rows[place] = row
                self.dataChanged.emit(self.index(place), self.index(place))

    def row_at(self, number: int) -> RunRow | None:
        """The row at a place."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def all_rows(self) -> list[RunRow]:
        """All rows, as they stand."""
        return list(self._rows)

    def place_of(self, run_id: int) -> int:
        """The place of a run, or -1."""
        for place, row in enumerate(self._rows):
            if row.run.id == run_id:
                return place
        return -1

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many runs there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The run's name, what a screen reader says of it, and the row itself."""
        row = self.row_at(index.row())
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return row.run.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = [row.run.name, state_words(row.run).text, row.aside, facts_words(row.run)]
            return ", ".join(word for word in words if word)
        return row if role == ROW else None
