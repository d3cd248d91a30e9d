"""Examples in a pasted text: JSON in lines or spread over lines, or rows of a spreadsheet."""

import csv
import io
import json
from typing import NamedTuple

from tunedesk.examples.json_text import JsonSyntaxError, parse


def pasted_records(text: str) -> list[str]:
    """The records that a text holds: JSON, or a spreadsheet's rows as conversations."""
    rows = parse_spreadsheet(text) if not text.lstrip().startswith(("{", "[")) else None
    return json_records(text) if rows is None else [_conversation(row) for row in rows]


def json_records(text: str) -> list[str]:
    """Each record of the text, spelled as it is; what is not JSON gives nothing.

    One record a line, as JSONL has it, is tried first; then the text as one value: an array of
    records, or one record over several lines.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and all(_is_object(line) for line in lines):
        return lines
    try:
        value = parse(text)
    except JsonSyntaxError:
        return _whole_objects(lines)
    if value.kind == "object":
        return [text[value.start : value.end]]
    if value.kind == "array":
        return [text[item.start : item.end] for item in value.items if item.kind == "object"]
    return []


def _is_object(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


def _whole_objects(lines: list[str]) -> list[str]:
    """Records that begin and end on lines of their own, one behind the other."""
    records: list[str] = []
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        text = "\n".join(waiting)
        if line.endswith("}") and text.startswith("{"):
            try:
                parse(text)
            except JsonSyntaxError:
                continue
            records.append(text)
            waiting.clear()
    return [] if waiting else records


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
        The rows, or None if the text is not such a table.
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


def _conversation(row: SpreadsheetRow) -> str:
    messages = [("user", row.user), ("assistant", row.assistant)]
    if row.system:
        messages.insert(0, ("system", row.system))
    spelled = ", ".join(
        json.dumps({"role": role, "content": content}, ensure_ascii=False)
        for role, content in messages
    )
    return f'{{"messages": [{spelled}]}}'


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
