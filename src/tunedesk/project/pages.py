"""Reads the rows of a project file page by page, without SQLite: what a rescue stands on.

SQLite gives up a whole table for one damaged page. This reads each page for itself, by the format
that https://www.sqlite.org/fileformat2.html lays down: pages that a table's tree still names belong
to it; pages that no tree names any more are known by the shape of their rows. Nothing is trusted:
whatever does not fit is reported as unreadable.
"""

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tunedesk.project import schema
from tunedesk.project.schema import ADDED_COLUMNS, SCHEMA_VERSION

TABLE_LEAF, TABLE_INTERIOR, INDEX_LEAF, INDEX_INTERIOR = 13, 5, 10, 2
_INTERIOR = (TABLE_INTERIOR, INDEX_INTERIOR)
_PAGE_SIZES = tuple(1 << power for power in range(9, 17))
_USUAL_PAGE_SIZE = 8192
_MOST_COLUMNS = 64

Value = int | float | str | bytes | None


class Record(NamedTuple):
    """A row as it stands on a page.

    Attributes:
        rowid: Its number; None in a tree that is ordered by the columns themselves.
        values: The values in the order in which they are stored.
    """

    rowid: int | None
    values: tuple[Value, ...]


class TableShape(NamedTuple):
    """What rows of a table look like.

    Attributes:
        name: The table.
        columns: The columns in the order in which they are stored.
        types: "INTEGER", "REAL", "TEXT", "BLOB" or "ANY" for each.
        required: Whether each must have a value.
        rowid_column: The column that is the number of the row and not stored; -1 for none.
        has_rowid: Whether rows are numbered.
        least: So many columns a row has at least; those from before a column was added end earlier.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    required: tuple[bool, ...]
    rowid_column: int
    has_rowid: bool
    least: int

    def row(self, record: Record) -> tuple[Value, ...] | None:
        """The values of a row of this table; None if it cannot be one."""
        values = list(record.values)
        if not self.least <= len(values) <= len(self.columns):
            return None
        if (record.rowid is None) == self.has_rowid:
            return None
        values.extend([None] * (len(self.columns) - len(values)))
        if self.rowid_column >= 0:
            if values[self.rowid_column] is not None:
                return None
            values[self.rowid_column] = record.rowid
        for value, kind, required in zip(values, self.types, self.required, strict=True):
            if value is None:
                if required:
                    return None
            elif kind != "ANY" and not isinstance(value, _PYTHON_TYPES[kind]):
                return None
        return tuple(values)


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "REAL": (float, int),
    "TEXT": (str,),
    "BLOB": (bytes,),
}


def table_shapes(version: int) -> dict[str, TableShape]:
    """The shapes of the tables of a version of the project file, and where a new file has them."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.create_tables(connection, version)
        shapes = {}
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
            " AND name NOT LIKE 'search%' ORDER BY rowid"
        ).fetchall():
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            (without_rowid,) = connection.execute(
                "SELECT wr FROM pragma_table_list WHERE name = ?", (name,)
            ).fetchone()
            if without_rowid:
                # The columns of the key come first.
                columns.sort(key=lambda column: (not column[5], column[5] or column[0]))
            rowid = [
                index
                for index, column in enumerate(columns)
                if column[5] and column[2] == "INTEGER" and not without_rowid
            ]
            shapes[name] = TableShape(
                name,
                tuple(column[1] for column in columns),
                tuple(column[2] for column in columns),
                tuple(bool(column[3] or column[5]) for column in columns),
                rowid[0] if rowid else -1,
                not without_rowid,
                len(columns) - (ADDED_COLUMNS.get(name, 0) if version == SCHEMA_VERSION else 0),
            )
        return shapes
    finally:
        connection.close()


class Pages:
    """The pages of a file.

    Attributes:
        size: The bytes of a page.
        count: How many pages there are; the last one may be cut off.
    """

    def __init__(self, content: "memoryview") -> None:
        self._content = content
        header = bytes(content[:100])
        stated = int.from_bytes(header[16:18], "big")
        stated = 65_536 if stated == 1 else stated
        self.size = stated if stated in _PAGE_SIZES else _USUAL_PAGE_SIZE
        reserved = header[20] if len(header) > 20 and header[20] <= 32 else 0
        self._usable = self.size - reserved
        self.count = -(-len(content) // self.size)

    def header(self) -> bytes:
        """The first hundred bytes of the file."""
        return bytes(self._content[:100])

    def kind(self, page: int) -> int:
        """What a page says that it is, one of the four; 0 for anything else."""
        data = self._page(page)
        start = 100 if page == 1 else 0
        if len(data) <= start + 8:
            return 0
        return data[start] if data[start] in (13, 5, 10, 2) else 0

    def children(self, page: int) -> list[int]:
        """The pages below an interior page; those that cannot be are left out as 0."""
        data = self._page(page)
        start = 100 if page == 1 else 0
        named = [int.from_bytes(data[offset : offset + 4], "big") for offset in self._cells(page)]
        named.append(int.from_bytes(data[start + 8 : start + 12], "big"))
        return [child if 1 < child <= self.count else 0 for child in named]

    def free_pages(self) -> set[int]:
        """The pages that the file says are in no use."""
        free: set[int] = set()
        trunk = int.from_bytes(self.header()[32:36], "big")
        while 1 < trunk <= self.count and trunk not in free:
            free.add(trunk)
            data = self._page(trunk)
            leaves = min(int.from_bytes(data[4:8], "big"), self.size // 4 - 2)
            for number in range(leaves):
                leaf = int.from_bytes(data[8 + 4 * number : 12 + 4 * number], "big")
                if 1 < leaf <= self.count:
                    free.add(leaf)
            trunk = int.from_bytes(data[:4], "big")
        return free

    def tree(self, root: int) -> tuple[list[int], int]:
        """The pages of a tree from its root, and how many of it are missing."""
        pages: list[int] = []
        seen: set[int] = set()
        missing = 0
        waiting = [root]
        kinds: tuple[int, ...] = ()
        while waiting:
            page = waiting.pop()
            kind = self.kind(page) if page and page not in seen else 0
            if kind and not kinds:
                kinds = (13, 5) if kind in (13, 5) else (10, 2)
            if not kind or kind not in kinds:
                missing += 1
                continue
            seen.add(page)
            pages.append(page)
            if kind in _INTERIOR:
                waiting.extend(reversed(self.children(page)))
        return pages, missing

    def records(self, page: int) -> Iterator[Record | None]:
        """The rows of a page; None for one that cannot be read."""
        kind = self.kind(page)
        if kind in (0, TABLE_INTERIOR):
            return
        for offset in self._cells(page):
            try:
                yield self._record(page, kind, offset)
            except (ValueError, IndexError):
                yield None

    def _page(self, page: int) -> "memoryview":
        return self._content[(page - 1) * self.size : page * self.size]

    def _cells(self, page: int) -> list[int]:
        """Where the cells of a page begin."""
        data = self._page(page)
        start = 100 if page == 1 else 0
        cells = start + (12 if data[start] in _INTERIOR else 8)
        count = int.from_bytes(data[start + 3 : start + 5], "big")
        offsets = []
        for number in range(min(count, self.size // 6)):
            offset = int.from_bytes(data[cells + 2 * number : cells + 2 * number + 2], "big")
            if cells <= offset < len(data):
                offsets.append(offset)
            else:
                offsets.append(len(data))
        return offsets

    def _record(self, page: int, kind: int, offset: int) -> Record:
        data = self._page(page)
        if kind == INDEX_INTERIOR:
            offset += 4
        length, offset = _varint(data, offset)
        rowid = None
        if kind == TABLE_LEAF:
            rowid, offset = _varint(data, offset)
            rowid = rowid - (1 << 64) if rowid >= 1 << 63 else rowid
        return Record(rowid, _values(self._payload(data, offset, length, kind == TABLE_LEAF)))

    def _payload(self, data: "memoryview", offset: int, length: int, of_table: bool) -> bytes:
        """The bytes of a row, those on further pages too."""
        usable = self._usable
        if length > len(self._content):
            raise ValueError("longer than the file")
        most = usable - 35 if of_table else (usable - 12) * 64 // 255 - 23
        if length <= most:
            if offset + length > len(data):
                raise ValueError("beyond the page")
            return bytes(data[offset : offset + length])
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= most else least
        if offset + here + 4 > len(data):
            raise ValueError("beyond the page")
        parts = [bytes(data[offset : offset + here])]
        following = int.from_bytes(data[offset + here : offset + here + 4], "big")
        left = length - here
        seen: set[int] = set()
        while left > 0:
            if not 1 < following <= self.count or following in seen:
                raise ValueError("the row goes on nowhere")
            seen.add(following)
            page = self._page(following)
            part = bytes(page[4 : 4 + min(left, usable - 4)])
            if len(part) < min(left, usable - 4):
                raise ValueError("the file is cut off")
            parts.append(part)
            left -= len(part)
            following = int.from_bytes(page[:4], "big")
        if following:
            raise ValueError("the row is longer than it says")
        return b"".join(parts)


def _varint(data: Sequence[int], offset: int) -> tuple[int, int]:
    value = 0
    for number in range(9):
        byte = data[offset + number]
        if number == 8:
            return value << 8 | byte, offset + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + number + 1
    raise ValueError("no number")


def _values(payload: bytes) -> tuple[Value, ...]:
    head, offset = _varint(payload, 0)
    if not offset <= head <= len(payload):
        raise ValueError("no head")
    values: list[Value] = []
    body = head
    while offset < head:
        code, offset = _varint(payload, offset)
        length = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[code] if code < 10 else (code - 12) // 2
        if code in (10, 11) or length < 0 or body + length > len(payload):
            raise ValueError("no value")
        part = payload[body : body + length]
        body += length
        if code == 0:
            values.append(None)
        elif code in (8, 9):
            values.append(code - 8)
        elif code == 7:
            values.append(_real(part))
        elif code < 7:
            values.append(int.from_bytes(part, "big", signed=True))
        elif code % 2:
            values.append(part.decode("utf-8", "replace"))
        else:
            values.append(part)
        if len(values) > _MOST_COLUMNS:
            raise ValueError("too many columns")
    if offset != head or body != len(payload):
        raise ValueError("not filled")
    return tuple(values)


def _real(part: bytes) -> float:
    value: float = struct.unpack(">d", part)[0]
    return value
