"""The rows of a list of problems: what each says, and the model that holds them."""

from collections.abc import Hashable
from dataclasses import dataclass

from PySide6.QtCore import Qt

from tunedesk.gui.examples.panel.row_list_model import RowListModel
from tunedesk.i18n import _


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


class ProblemRowsModel(RowListModel):
    """Problems, of one example or of all."""

    def words(self, row: ProblemRow, role: int) -> str | None:
        """What is wrong and where; what to do about it as the description."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            count = f" ({row.count:,})" if row.count else ""
            return f"{severity_name(row.severity)}: {row.title}{count}. {row.sentence}"
        return row.advice if role == Qt.ItemDataRole.AccessibleDescriptionRole else None
