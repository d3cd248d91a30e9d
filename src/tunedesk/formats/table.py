"""A table that can become examples: rows of cells as people see them, under named columns.

Readers make one; `formats.mapping` says what its
columns become. What a reader found out about a file is its `TableLayout`, and can be changed.
"""

import re
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tunedesk.checks.problem import Problem
from tunedesk.i18n import _

HEAD_ROWS = 200
"""So many rows are looked at to find out what a table is."""


class TableRow(NamedTuple):
    """A row of a table.

    Attributes:
        number: Its number as a person counts: the first row of the sheet is 1.
        line: The line of the file on which it begins; the number again where there are no lines.
        cells: The texts, as they are shown; empty for nothing.
        remarks: What was odd about it.
    """

    number: int
    line: int
    cells: list[str]
    remarks: tuple[Problem, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether nothing but blanks stands in it."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class TableLayout:
    """How a table stands in its file; what is None is found out.

    Attributes:
        sheet: The sheet of a workbook; empty where there are none.
        header: The number of the row that names the columns; 0: none does.
        delimiter: What stands between the cells of a text; empty where nothing does.
        encoding: The encoding of a text.
    """

    sheet: str | None = None
    header: int | None = None
    delimiter: str | None = None
    encoding: str | None = None


class Sheet(NamedTuple):
    """A sheet of a workbook.

    Attributes:
        name: Its name.
        hidden: Whether its makers hid it: it is told, and only read when it is asked for.
    """

    name: str
    hidden: bool = False


class Table(Protocol):
    """An open table.

    Attributes:
        layout: How it stands in its file, all of it known.
        sheets: The sheets of the file; none where there are none.
        columns: The names of the columns; each name once.
        remarks: What is odd about the file, before any row is read.
        bytes_read: How far the file has been read.
    """

    layout: TableLayout
    sheets: Sequence[Sheet]
    columns: tuple[str, ...]
    remarks: list[Problem]

    @property
    def bytes_read(self) -> int:
        """How far the file has been read."""

    def rows(self) -> Generator[TableRow, None, None]:
        """The rows below the header, from the first, those without anything in them left out.

        Raises:
            UserError: The file cannot be read on.
        """


# Headers

ROLE_NAMES: dict[str, frozenset[str]] = {
    "system": frozenset(
        {"system", "system prompt", "instruction", "instructions", "persona", "role"}
    ),
    "user": frozenset(
        {
            *("user", "question", "prompt", "input", "request", "query", "message", "customer"),
            *("problem", "human", "context"),
            *("frage", "pregunta", "domanda", "pergunta", "вопрос", "问题", "質問"),
        }
    ),
    "assistant": frozenset(
        {
            *("assistant", "answer", "response", "completion", "output", "reply", "ideal"),
            *("antwort", "respuesta", "réponse", "risposta", "resposta", "ответ", "回答", "答案"),
        }
    ),
}
"""What people call the columns of questions and answers, in the languages that they write in."""

_LONGEST_NAME = 60
_HIGHEST_HEADER = 20
_NUMBER = re.compile(r"[\d\s.,:%/€$£+-]+")
_SENTENCE_END = ("?", "!", "。", "？", "！")


def plain_name(name: str) -> str:
    """A column's name as it is compared: without capitals, underscores and odd blanks."""
    spaced = re.sub(r"(?<=[a-zà-þ])(?=[A-Z])", " ", name)
    return " ".join(spaced.casefold().replace("_", " ").replace("-", " ").split())


def role_of_name(name: str) -> str:
    """The role that a column of this name has; empty for one that says nothing.

    "justAnswer", "Customer question" and "Antwort" are known by their words.
    """
    plain = plain_name(name)
    for role, names in ROLE_NAMES.items():
        if plain in names:
            return role
    last = plain.rpartition(" ")[2]
    return next((role for role in ("user", "assistant") if last in ROLE_NAMES[role]), "")


def find_header(rows: Sequence[TableRow]) -> int:
    """The number of the row that names the columns, among the first of a sheet; 0 if none does."""
    filled = [(row, [cell.strip() for cell in row.cells if cell.strip()]) for row in rows]
    filled = [(row, cells) for row, cells in filled if cells]
    if len(filled) < 2:
        return 0
    widths = Counter(len(cells) for _row, cells in filled)
    usual = max(widths, key=lambda width: (widths[width], width))
    for place, (row, cells) in enumerate(filled[:_HIGHEST_HEADER]):
        if place + 1 == len(filled):
            break
        below = filled[place + 1][0]
        if len(cells) + 1 >= max(usual, 1) and _names_columns(row, cells, below):
            return row.number
        if any(role_of_name(cell) for cell in cells) and len(cells) > 1:
            return row.number if _names_columns(row, cells, below) else 0
    return 0


def _names_columns(row: TableRow, cells: Sequence[str], below: TableRow) -> bool:
    """Whether the cells of a row are names rather than data."""
    times = Counter(cell.casefold() for cell in cells)
    if any(count > 1 and not role_of_name(name) for name, count in times.items()):
        return False  # several turns have a column each, of one name; nothing else stands twice
    if any(len(cell) > _LONGEST_NAME or "\n" in cell for cell in cells):
        return False
    if any(_NUMBER.fullmatch(cell) for cell in cells):
        return False
    if any(role_of_name(cell) for cell in cells):
        return True
    if any(cell.endswith(_SENTENCE_END) or cell.endswith(".") for cell in cells):
        return False
    # Names are short, and differ in kind from what stands below them.
    longest = max(map(len, cells))
    under = [cell.strip() for cell in below.cells if cell.strip()]
    return longest <= 40 and any(
        len(cell) > 2 * longest or _NUMBER.fullmatch(cell) or cell.endswith((*_SENTENCE_END, "."))
        for cell in under
    )


def column_names(header: Sequence[str], width: int) -> tuple[str, ...]:
    """Names for all columns, each once: what has none is called by its number.

    Args:
        header: The cells of the row that names them; empty if there is no such row.
        width: How many columns there are.
    """
    names: list[str] = []
    taken: Counter[str] = Counter()
    for number in range(max(width, len(header))):
        given = header[number] if number < len(header) else ""
        name = " ".join(given.replace("\ufeff", "").split())
        name = name or _("Column {n}").format(n=number + 1)
        taken[name] += 1
        names.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return tuple(names)
