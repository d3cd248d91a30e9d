"""Tables as text: recognised by the same number of fields in each row."""

import csv

_ROWS = 20


def looks_like_table(text: str) -> bool:
    """Whether the text begins like a table with commas, semicolons or tabs between its fields."""
    lines = [line for line in text.split("\n")[: 4 * _ROWS] if line.strip()]
    if len(lines) < 2:
        return False
    return any(_is_table(lines, delimiter) for delimiter in (",", ";", "\t"))


def _is_table(lines: list[str], delimiter: str) -> bool:
    rows: list[list[str]] = []
    try:
        for row in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter):
            rows.append(row)
            if len(rows) == _ROWS:
                break
    except csv.Error:
        return False
    width = len(rows[0])
    header = all(field.strip() for field in rows[0])
    # The last row may be cut off where the sample ends.
    return width > 1 and header and all(len(row) == width for row in rows[:-1] or rows)
