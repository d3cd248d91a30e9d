"""The place in a project as values that the settings file can hold: filter, example, scroll."""

from dataclasses import asdict, fields
from typing import Any

from tunedesk.project.query import SORTS, ExampleQuery

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
    usual = ExampleQuery()
    found: dict[str, Any] = {}
    for entry in fields(ExampleQuery):
        value = stored.get(entry.name)
        before = getattr(usual, entry.name)
        if entry.name in ("tokens", "turns"):
            if isinstance(value, list | tuple) and _is_range(value):
                found[entry.name] = tuple(value)
        elif isinstance(before, tuple):
            if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
                found[entry.name] = tuple(value)
        elif type(value) is type(before) and before is not None:
            found[entry.name] = value
    if found.get("sort") not in SORTS:
        found.pop("sort", None)
    return ExampleQuery(**found)


def _is_range(value: list[Any] | tuple[Any, ...]) -> bool:
    return len(value) == 2 and all(one is None or type(one) is int for one in value)
