"""The columns of the examples table: titles, widths, texts of their cells, and sorting by them."""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache

from PySide6.QtCore import QDateTime, QLocale

from tunedesk.gui.dates import time_or_day
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _, ngettext
from tunedesk.project.query import ExampleQuery
from tunedesk.project.reads import ExampleRow


class Column(IntEnum):
    """The columns in the order in which the model counts them."""

    NUMBER = 0
    STATE = 1
    PREVIEW = 2
    TURNS = 3
    TOKENS = 4
    PROBLEMS = 5
    TAGS = 6
    SOURCE = 7
    CHANGED = 8


@dataclass(frozen=True)
class ColumnLook:
    """How a column looks.

    Attributes:
        title: Its name in menus, for screen readers and in the header.
        short: What the header shows where the title is too wide.
        sort: The name of its order in a query.
        sort_name: The same for people, as a chip shows it.
        width: Its width at the start, in pixels of a normal screen.
        numeric: Whether it holds figures, which stand to the right.
        from_width: The width of the table from which it shows, until the user has chosen.
        hint: What it holds, for the tooltip of the header.
    """

    title: str
    short: str
    sort: str
    sort_name: str
    width: int
    numeric: bool
    from_width: int
    hint: str


PREVIEW_MINIMUM = 120


@cache
def column_looks() -> dict[Column, ColumnLook]:
    """The looks of all columns."""
    return {
        Column.NUMBER: ColumnLook(
            _("Number"),
            "#",
            "number",
            _("number"),
            46,
            True,
            0,
            _("The place in the order they came in"),
        ),
        Column.STATE: ColumnLook(
            _("State"),
            "",
            "state",
            _("state"),
            28,
            False,
            0,
            _("Where the review of the example stands"),
        ),
        Column.PREVIEW: ColumnLook(
            _("Preview"),
            _("Preview"),
            "preview",
            _("preview"),
            260,
            False,
            0,
            _("What the user asks"),
        ),
        Column.TURNS: ColumnLook(
            _("Turns"), _("Turns"), "turns", _("turns"), 50, True, 0, _("How many messages it has")
        ),
        Column.TOKENS: ColumnLook(
            _("Tokens"),
            _("Tokens"),
            "tokens",
            _("tokens"),
            60,
            True,
            0,
            _("Its length as the model counts it"),
        ),
        Column.PROBLEMS: ColumnLook(
            _("Problems"),
            _("Checks"),
            "problems",
            _("problems"),
            66,
            False,
            0,
            _("What the checks found"),
        ),
        Column.TAGS: ColumnLook(
            _("Tags"), _("Tags"), "tags", _("tags"), 120, False, 660, _("Your own words")
        ),
        Column.SOURCE: ColumnLook(
            _("Source"),
            _("Source"),
            "source",
            _("source"),
            120,
            False,
            800,
            _("Where it came from"),
        ),
        Column.CHANGED: ColumnLook(
            _("Changed"),
            _("Changed"),
            "changed",
            _("changed"),
            96,
            False,
            920,
            _("When it was last changed"),
        ),
    }


LARGEST_FIRST = frozenset((Column.TURNS, Column.TOKENS, Column.PROBLEMS, Column.CHANGED))
"""Who sorts by these looks for the most, or the latest, first."""


def shown_sort(query: ExampleQuery) -> Column | None:
    """The column that the header marks; None for the order the examples came in."""
    if query.sort == "number" and not query.descending:
        return None
    for column, look in column_looks().items():
        if look.sort == query.sort:
            return column
    return None


def query_sorted_by(query: ExampleQuery, column: Column) -> ExampleQuery:
    """The query sorted by a column; a second time turns it round, a third goes back."""
    sort = column_looks()[column].sort
    first = column in LARGEST_FIRST
    if query.sort != sort:
        return replace(query, sort=sort, descending=first)
    if sort == "number":
        return replace(query, descending=not query.descending)
    if query.descending == first:
        return replace(query, descending=not first)
    return replace(query, sort="number", descending=False)


class CellTexts:
    """The texts of the cells of a row, in the format of the user's country."""

    def __init__(self, locale: QLocale) -> None:
        self._locale = locale

    def text(self, row: ExampleRow, column: Column) -> str:
        """What a cell shows."""
        match column:
            case Column.NUMBER:
                return f"{row.number:,}"
            case Column.STATE:
                look = STATES.get(row.state)
                return look.label if look else row.state
            case Column.PREVIEW:
                return row.preview
            case Column.TURNS:
                return f"{row.turns:,}"
            case Column.TOKENS:
                return f"{row.tokens:,}"
            case Column.PROBLEMS:
                found = row.errors + row.warnings + row.hints
                return f"{found:,}" if found else ""
            case Column.TAGS:
                return ", ".join(row.tags)
            case Column.SOURCE:
                return row.source
            case Column.CHANGED:
                return time_or_day(row.changed_at, self._locale)

    def spoken(self, row: ExampleRow, column: Column) -> str:
        """What a screen reader says for a cell."""
        if column == Column.PROBLEMS:
            return self.problems(row)
        return self.text(row, column)

    def tooltip(self, row: ExampleRow, column: Column) -> str:
        """What the tooltip of a cell says."""
        if column == Column.PROBLEMS:
            return self.problems(row)
        if column == Column.CHANGED:
            moment = QDateTime.fromMSecsSinceEpoch(row.changed_at)
            return self._locale.toString(moment, QLocale.FormatType.LongFormat)
        if column == Column.PREVIEW and row.tags:
            return plain_tooltip(
                _("{preview}\nTags: {tags}").format(preview=row.preview, tags=", ".join(row.tags))
            )
        if column in (Column.STATE, Column.PREVIEW, Column.TAGS, Column.SOURCE):
            return plain_tooltip(self.text(row, column))
        return ""

    def problems(self, row: ExampleRow) -> str:
        """How many problems of which weight."""
        parts = []
        if row.errors:
            parts.append(ngettext("{n} error", "{n} errors", row.errors).format(n=row.errors))
        if row.warnings:
            text = ngettext("{n} warning", "{n} warnings", row.warnings)
            parts.append(text.format(n=row.warnings))
        if row.hints:
            parts.append(ngettext("{n} hint", "{n} hints", row.hints).format(n=row.hints))
        return ", ".join(parts) if parts else _("No problems")
