"""Where the user is in a project, as values of the settings file: filter, sorting, widths."""

from dataclasses import asdict
from typing import Any

from tunedesk.project.query import ANY_LENGTH, SORTS, ExampleQuery, Range

COLUMNS = "examples.columns"
SPLITTER = "examples.splitter"
PANEL_SHOWN = "examples.panel"
"""The names under which the window's settings keep how the page looks."""


def query_to_json(query: ExampleQuery) -> dict[str, Any]:
    """A query without the parts that are as always; lists of ids are not kept."""
    usual = asdict(ExampleQuery())
    return {
        name: value
        for name, value in asdict(query).items()
        if value != usual[name] and name != "ids"
    }


def query_from_json(stored: Any) -> ExampleQuery:
    """The query that was kept; whatever is not as it should be is left out."""
    if not isinstance(stored, dict):
        return ExampleQuery()
    search, sort = stored.get("search"), stored.get("sort")
    return ExampleQuery(
        states=_strings(stored.get("states")),
        problems=_strings(stored.get("problems")),
        tags=_strings(stored.get("tags")),
        sources=_strings(stored.get("sources")),
        tokens=_range(stored.get("tokens")),
        turns=_range(stored.get("turns")),
        search=search if isinstance(search, str) else "",
        sort=sort if isinstance(sort, str) and sort in SORTS else "number",
        descending=stored.get("descending") is True,
    )


def _strings(stored: Any) -> tuple[str, ...]:
    if isinstance(stored, list | tuple) and all(isinstance(one, str) for one in stored):
        return tuple(stored)
    return ()


def _range(stored: Any) -> Range:
    if isinstance(stored, list | tuple) and len(stored) == 2:
        low, high = stored
        if all(one is None or type(one) is int for one in stored):
            return low, high
    return ANY_LENGTH
