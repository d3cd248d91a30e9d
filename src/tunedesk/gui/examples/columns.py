"""The columns of the examples table: their titles, widths and what they sort by."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from tunedesk.i18n import _


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
        width: Its width at the start, in pixels of a normal screen.
        numeric: Whether it holds figures, which stand to the right.
        from_width: The width of the table from which it shows, until the user has chosen.
        hint: What it tells, for the tooltip of the header.
    """

    title: str
    short: str
    sort: str
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
            _("Number"), "#", "number", 46, True, 0, _("The place in the order they came in")
        ),
        Column.STATE: ColumnLook(
            _("State"), "", "state", 28, False, 0, _("Where the review of the example stands")
        ),
        Column.PREVIEW: ColumnLook(
            _("Preview"), _("Preview"), "preview", 260, False, 0, _("What the user asks")
        ),
        Column.TURNS: ColumnLook(
            _("Turns"), _("Turns"), "turns", 50, True, 0, _("How many messages it has")
        ),
        Column.TOKENS: ColumnLook(
            _("Tokens"), _("Tokens"), "tokens", 60, True, 0, _("Its length as the model counts it")
        ),
        Column.PROBLEMS: ColumnLook(
            _("Problems"), _("Checks"), "problems", 66, False, 0, _("What the checks found")
        ),
        Column.TAGS: ColumnLook(_("Tags"), _("Tags"), "tags", 120, False, 660, _("Your own words")),
        Column.SOURCE: ColumnLook(
            _("Source"), _("Source"), "source", 120, False, 800, _("Where it came from")
        ),
        Column.CHANGED: ColumnLook(
            _("Changed"), _("Changed"), "changed", 96, False, 920, _("When it was last changed")
        ),
    }
