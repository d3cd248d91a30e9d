"""The rows of a list of problems: what each says, and the model that holds them."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tunedesk.i18n import _

ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class RowAction:
    """Something that can be done about a row.

    Attributes:
        name: What the list's signal calls it: "go", "fix", "same", "show".
        label: What its button says.
        tooltip: What it does, in a sentence.
    """

    name: str
    label: str
    tooltip: str = ""


@dataclass(frozen=True)
class ProblemRow:
    """One problem, or one rule with the number of examples that break it.

    Attributes:
        key: What tells the row from the others and stays the same while the text is edited.
        severity: "error", "warning" or "hint".
        title: A few words.
        sentence: What is wrong, in plain words.
        advice: What to do about it; shown when the row is chosen.
        count: In how many examples; 0 shows no number.
        actions: What can be done, the first also by Enter.
    """

    key: Hashable
    severity: str
    title: str
    sentence: str
    advice: str = ""
    count: int = 0
    actions: tuple[RowAction, ...] = ()


def severity_name(severity: str) -> str:
    """The word for a severity."""
    names = {"error": _("Error"), "warning": _("Warning"), "hint": _("Hint")}
    return names.get(severity, severity)


class ProblemRowsModel(QAbstractListModel):
    """Rows of problems for a list view; replaced whole, changed only where they differ."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ProblemRow] = []

    def rows(self) -> list[ProblemRow]:
        """The rows shown."""
        return list(self._rows)

    def set_rows(self, rows: Sequence[ProblemRow]) -> None:
        """Show other rows; a row whose key stays keeps its place, choice and buttons."""
        new = list(rows)
        if [row.key for row in new] != [row.key for row in self._rows]:
            self._replace(new)
            return
        for number, (old, row) in enumerate(zip(self._rows, new, strict=True)):
            if old != row:
                self._rows[number] = row
                index = self.index(number)
                self.dataChanged.emit(index, index)

    def _replace(self, new: list[ProblemRow]) -> None:
        """Take out what went and put in what came between rows that stay in order."""
        start = 0
        old_keys, new_keys = [r.key for r in self._rows], [r.key for r in new]
        shortest = min(len(old_keys), len(new_keys))
        while start < shortest and old_keys[start] == new_keys[start]:
            start += 1
        end = 0
        while end < shortest - start and old_keys[-1 - end] == new_keys[-1 - end]:
            end += 1
        gone = len(self._rows) - start - end
        if gone:
            self.beginRemoveRows(QModelIndex(), start, start + gone - 1)
            del self._rows[start : start + gone]
            self.endRemoveRows()
        came = new[start : len(new) - end]
        if came:
            self.beginInsertRows(QModelIndex(), start, start + len(came) - 1)
            self._rows[start:start] = came
            self.endInsertRows()
        self.set_rows(new)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The row for the delegate, its words for screen readers."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            count = f" ({row.count:,})" if row.count else ""
            return f"{severity_name(row.severity)}: {row.title}{count}. {row.sentence}"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return row.advice
        return None
