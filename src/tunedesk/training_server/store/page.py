"""One page of a list: its rows, and whether there are more."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tunedesk.training_server.store.database import Database

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A page of a list.

    Attributes:
        items: What stands on it.
        has_more: Whether there is a page after it.
    """

    items: list[Item]
    has_more: bool


class CursorUnknown(Exception):  # noqa: N818  it is an answer, not a fault
    """The `after` of a request names nothing in the list."""


def read_page(
    database: Database,
    table: str,
    where: str,
    values: tuple[Any, ...],
    after: str | None,
    limit: int,
    ascending: bool = False,
) -> Page[sqlite3.Row]:
    """A page of a table's rows in the order of their numbers.

    Args:
        database: The database.
        table: The table; it has `number` and `id`.
        where: The condition of the list.
        values: The values in it.
        after: The id of the last row of the page before.
        limit: How many rows at most.
        ascending: Oldest first; otherwise newest first.

    Raises:
        CursorUnknown: `after` is no row of the table.
    """
    order, sign = ("ASC", ">") if ascending else ("DESC", "<")
    if after is not None:
        cursor = database.row(f"SELECT number FROM {table} WHERE id = ?", after)
        if cursor is None:
            raise CursorUnknown
        where = f"({where}) AND number {sign} ?"
        values = (*values, cursor["number"])
    rows = database.rows(
        f"SELECT * FROM {table} WHERE {where} ORDER BY number {order} LIMIT ?",
        *values,
        limit + 1,
    )
    return Page(rows[:limit], len(rows) > limit)
