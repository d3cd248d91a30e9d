"""Which examples an action is about: the selected rows, or all of the filter."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.i18n import ngettext


@dataclass(frozen=True)
class SelectedRows:
    """Some examples.

    Attributes:
        ids: Their ids, in the order of the rows.
        count: How many there are.
    """

    ids: Sequence[int]
    count: int

    @property
    def text(self) -> str:
        """How many they are, as text: 2,340 examples."""
        return examples_text(self.count)


def examples_text(count: int) -> str:
    """A number of examples as text: 2,340 examples."""
    return ngettext("{n} example", "{n} examples", count).format(n=f"{count:,}")


def selected_rows(table: ExampleTable, open_id: int | None) -> SelectedRows:
    """The selected rows; without any, the open example."""
    ids = table.selected_ids()
    if not ids and open_id is not None:
        ids = array("q", [open_id])
    return SelectedRows(ids, len(ids))


def all_rows(model: ExampleTableModel) -> SelectedRows:
    """All rows of the filter, as they stand in the table."""
    return SelectedRows(model.ids[:], model.rowCount())
