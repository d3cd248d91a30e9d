"""Tables of separated values: CSV as programs write it in all countries, and TSV."""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tunedesk.checks.problem import Problem
from tunedesk.errors import UserError
from tunedesk.formats.table import (
    HEAD_ROWS,
    Sheet,
    TableLayout,
    TableRow,
    column_names,
    find_header,
)
from tunedesk.formats.text_encoding import Encoding, Utf8Reader, decode_broken_bytes, detect
from tunedesk.i18n import _

DELIMITERS = (",", ";", "\t", "|")
"""What may stand between cells, the most usual first."""

_HEAD = 2**20
_BROKEN_BYTE = re.compile("[\udc80-\udcff]")
_LONGEST_ROW = 64 * 2**20
"""Characters; in a longer row a quotation mark was never closed."""
_FEWEST_ALIKE = 0.7
"""The share of rows with equally many cells where the separator is the right one, at least."""


class CsvTable:
    """A text with separators between its cells.

    The separator, the encoding and the row of names are found in the beginning of the file. Broken
    bytes are read as Windows-1252, row by row, and told.
    """

    def __init__(self, path: Path, layout: TableLayout) -> None:
        """Open it.

        Raises:
            UserError: It cannot be opened, or it is not text.
        """
        self._path = path
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError as error:
            raise UserError(
                _("“{name}” cannot be opened: {reason}").format(
                    name=path.name, reason=error.strerror
                )
            ) from error
        found = detect(head)
        if found is None:
            raise UserError(_("“{name}” is not a text file.").format(name=path.name))
        if layout.encoding is not None and layout.encoding != found.name:
            found = Encoding(layout.encoding, False, 0)
        self._encoding = found
        text = Utf8Reader(io.BytesIO(head), found).read(len(head))
        lines = _lines(io.BytesIO(text))
        sample = list(islice(lines, 20 * HEAD_ROWS))
        if len(head) == _HEAD and sample:
            sample.pop()  # the last line may be cut off
        self._skipped = 0
        delimiter = layout.delimiter
        if sample and sample[0].lower().startswith("sep=") and len(sample[0].strip("\r\n")) == 5:
            # Excel's own way to say it.
            delimiter = delimiter if delimiter is not None else sample[0][4]
            self._skipped = 1
        sample = sample[self._skipped :]
        if delimiter is None:
            delimiter = find_delimiter(sample)
        self.sheets: Sequence[Sheet] = ()
        self.layout = replace(layout, sheet="", delimiter=delimiter, encoding=found.name)
        self._reader: Utf8Reader | None = None
        head_rows = list(islice(self._read(iter(sample)), HEAD_ROWS))
        header = layout.header
        if header is None:
            header = find_header(head_rows)
        self.layout = replace(self.layout, header=header)
        named = next((row.cells for row in head_rows if row.number == header), [])
        below = [row for row in head_rows if row.number > header]
        width = max((len(row.cells) for row in below), default=len(named))
        self.columns = column_names(named, width)
        self.remarks: list[Problem] = []
        if found.guessed:
            self.remarks.append(Problem("encoding_guessed", (), {"encoding": found.name}))
        elif found.name != "utf-8":
            self.remarks.append(Problem("encoding_not_utf8", (), {"encoding": found.name}))

    @property
    def bytes_read(self) -> int:
        """How far the file has been read."""
        return self._reader.position if self._reader is not None else 0

    def rows(self) -> Generator[TableRow, None, None]:
        """The rows below the header that are not blank."""
        header = self.layout.header or 0
        with self._path.open("rb") as file:
            self._reader = Utf8Reader(file, self._encoding)
            lines = _lines(_Raw(self._reader))
            for _line in islice(lines, self._skipped):
                pass
            for row in self._read(lines):
                if row.number > header and not row.is_blank:
                    yield row

    def _read(self, lines: Iterator[str]) -> Iterator[TableRow]:
        """All rows of the text, numbered from 1, blank ones too."""
        delimiter = self.layout.delimiter or "\0"
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_ROW))
        gathered = _Gathered(lines, self._path.name)
        reader = csv.reader(gathered, delimiter=delimiter)
        line = 1 + self._skipped
        for number, cells in enumerate(reader, 1):
            taken = gathered.take()
            remarks: tuple[Problem, ...] = ()
            if gathered.ended and sum(text.count('"') for text in taken) % 2:
                # A quotation mark that is never closed has swallowed the rest: read as it stands.
                yield from self._unquoted(taken, number, line)
                return
            if any(not cell.isascii() and _BROKEN_BYTE.search(cell) for cell in cells):
                cells = [decode_broken_bytes(cell) for cell in cells]
                remarks = (Problem("bytes_not_text", (), {"encoding": "windows-1252"}),)
            yield TableRow(number, line, cells, remarks)
            line += len(taken)

    def _unquoted(self, lines: Sequence[str], number: int, line: int) -> Iterator[TableRow]:
        reader = csv.reader(lines, delimiter=self.layout.delimiter or "\0", quoting=csv.QUOTE_NONE)
        remark = Problem("quote_not_closed", (), {})
        for place, cells in enumerate(reader):
            texts = [decode_broken_bytes(cell) for cell in cells]
            yield TableRow(number + place, line + place, texts, () if place else (remark,))


class _Raw(io.RawIOBase):
    """The text of a file as UTF-8, as the standard library reads files."""

    def __init__(self, reader: Utf8Reader) -> None:
        self._reader = reader
        self._rest = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Some bytes; none at the end."""
        if not self._rest:
            self._rest = self._reader.read(262_144)
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)


def _lines(raw: "io.BytesIO | _Raw") -> Iterator[str]:
    """The lines with their ends; broken bytes as `surrogateescape` has them."""
    buffered = raw if isinstance(raw, io.BytesIO) else io.BufferedReader(raw)
    return iter(io.TextIOWrapper(buffered, encoding="utf-8", errors="surrogateescape", newline=""))


class _Gathered:
    """Lines on their way to the reader, kept until the row that they belong to is made."""

    def __init__(self, lines: Iterator[str], name: str) -> None:
        self.ended = False
        self._lines = lines
        self._name = name
        self._taken: deque[str] = deque()
        self._size = 0

    def __iter__(self) -> "_Gathered":
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self._taken.append(line)
        self._size += len(line)
        if self._size > _LONGEST_ROW:
            raise UserError(
                _("A row of “{name}” is longer than {n} million letters.").format(
                    name=self._name, n=_LONGEST_ROW // 2**20
                ),
                _("Look for a quotation mark that is not closed, and import the file again."),
            )
        return line.replace("\0", "") if "\0" in line else line

    def take(self) -> list[str]:
        """The lines since it was asked last."""
        taken = list(self._taken)
        self._taken.clear()
        self._size = 0
        return taken


def looks_like_table(lines: Sequence[str]) -> bool:
    """Whether a text that begins with these lines is a table of two columns or more.

    Args:
        lines: The beginning of the text, with the ends of the lines.
    """
    return len(lines) > 1 and bool(find_delimiter(lines))


def find_delimiter(lines: Sequence[str]) -> str:
    """What stands between the cells of a text; empty if nothing does: it has one column.

    Args:
        lines: The beginning of the text, with the ends of the lines.
    """
    best, best_score = "", (0.0, 0)
    for delimiter in DELIMITERS:
        rows = _widths(lines, delimiter)
        if not rows:
            continue
        width, times = Counter(rows).most_common(1)[0]
        share = times / len(rows)
        if width < 2 or share < _FEWEST_ALIKE:
            continue
        if (share, width) > best_score:
            best, best_score = delimiter, (share, width)
    return best


def _widths(lines: Iterable[str], delimiter: str) -> list[int]:
    """How many cells each of the first rows has that is not blank."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_ROW))
    reader = csv.reader((line.replace("\0", "") for line in lines), delimiter=delimiter)
    widths = [len(row) for row in islice(reader, HEAD_ROWS) if any(cell.strip() for cell in row)]
    return widths if len(widths) < 2 or widths[-1] == widths[-2] else widths[:-1]
