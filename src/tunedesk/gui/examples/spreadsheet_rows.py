"""Rows copied from a spreadsheet, read as questions and answers."""

import csv
import io
from typing import NamedTuple


class SpreadsheetRow(NamedTuple):
    """One row as messages; a text that is not there is empty."""

    system: str
    user: str
    assistant: str


_ROLES = {
    "system": {"system", "system prompt", "instruction", "instructions", "persona", "role"},
    "user": {"user", "question", "prompt", "input", "request", "query", "message", "customer"},
    "assistant": {"assistant", "answer", "response", "completion", "output", "reply", "ideal"},
}


def parse_spreadsheet(text: str) -> list[SpreadsheetRow] | None:
    """Read tab-separated cells as a spreadsheet copies them.

    Two columns are question and answer; three are system prompt, question and answer. A first
    row of column names is recognised, sets the order and is not taken as an example.

    Returns:
        The rows, or None if the text is no such table.
    """
    if "\t" not in text:
        return None
    cells = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t") if any(row)]
    if not cells:
        return None
    width = max(len(row) for row in cells)
    if width not in (2, 3):
        return None
    columns: tuple[str, ...] = ("system", "user", "assistant")[3 - width :]
    named = _header(cells[0])
    if named is not None:
        columns = named
        cells = cells[1:]
    rows = []
    for row in cells:
        texts = dict(zip(columns, row, strict=False))
        found = SpreadsheetRow(
            texts.get("system", ""), texts.get("user", ""), texts.get("assistant", "")
        )
        if any(found):
            rows.append(found)
    return rows or None


def _header(row: list[str]) -> tuple[str, ...] | None:
    """The roles that a first row names, or None if it names none or one twice."""
    roles = []
    for cell in row:
        name = " ".join(cell.strip().lower().replace("_", " ").split())
        role = next((role for role, names in _ROLES.items() if name in names), None)
        if role is None or role in roles:
            return None
        roles.append(role)
    return tuple(roles)
