"""The rows that are looked at, read from the project in pages and kept for a while."""

from array import array
from collections import OrderedDict

from tunedesk.examples.kinds.registry import search_text
from tunedesk.gui.examples.hit_marks import around_first_hit
from tunedesk.project.project import Project
from tunedesk.project.reads import ExampleRow
from tunedesk.project.search import hits

PAGE = 64
KEPT_ROWS = 2_048
KEPT_PREVIEWS = 512
SNIPPET_CHARACTERS = 200_000
"""Hits are looked for in this much of a text; a longer one shows its plain preview."""


class RowCache:
    """Reads rows page by page: scrolling asks the project once for many rows."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._rows: OrderedDict[int, ExampleRow] = OrderedDict()
        self._gone: set[int] = set()
        self._previews: OrderedDict[tuple[int, str], str] = OrderedDict()

    def clear(self) -> None:
        """Forget all rows."""
        self._rows.clear()
        self._gone.clear()
        self._previews.clear()

    def forget(self, example_id: int) -> None:
        """Forget one row, because it has changed."""
        self._rows.pop(example_id, None)
        self._gone.discard(example_id)
        for key in [key for key in self._previews if key[0] == example_id]:
            del self._previews[key]

    def row(self, ids: "array[int]", number: int) -> ExampleRow | None:
        """The row in a place of the list; None if the example is gone."""
        if not 0 <= number < len(ids):
            return None
        example_id = ids[number]
        found = self._rows.get(example_id)
        if found is None and example_id not in self._gone:
            self._read(ids, number)
            found = self._rows.get(example_id)
        return found

    def preview(self, ids: "array[int]", number: int, search: str) -> str:
        """One line of an example: its preview, or the words around the first hit of a search."""
        row = self.row(ids, number)
        if row is None:
            return ""
        if not search:
            return row.preview
        key = (row.id, search)
        found = self._previews.get(key)
        if found is None:
            found = self._previews[key] = self._around_hit(row, search) or row.preview
            if len(self._previews) > KEPT_PREVIEWS:
                self._previews.popitem(last=False)
        return found

    def _around_hit(self, row: ExampleRow, search: str) -> str:
        """The words around the first hit, unless the preview has one."""
        if hits(row.preview, search):
            return ""
        text = self._project.text(row.id)
        if len(text) > SNIPPET_CHARACTERS:
            return ""
        return around_first_hit(search_text(text), search)

    def _read(self, ids: "array[int]", number: int) -> None:
        start = number - number % PAGE
        wanted = [one for one in ids[start : start + PAGE] if one not in self._rows]
        for row in self._project.rows(wanted):
            self._rows[row.id] = row
        self._gone.update(one for one in wanted if one not in self._rows)
        while len(self._rows) > KEPT_ROWS:
            self._rows.popitem(last=False)
