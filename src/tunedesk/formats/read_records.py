"""The records of a file, whatever its encoding, its line ends and the way they stand in it.

A UTF-8 file of lines can be read in parts, by several processes at once. A part is read in the same
blocks as when the whole file is read from its beginning, so the records are the same too: a part
begins where the one before it ends, or it is not used.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from tunedesk.checks.conversation_rules import is_single_message
from tunedesk.checks.problem import Problem
from tunedesk.errors import UserError
from tunedesk.formats.inspect_file import FileInfo
from tunedesk.formats.readers.json_lines import LineBlock, last_line_end, line_blocks, line_records
from tunedesk.formats.readers.json_values import value_records
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.text_encoding import Encoding, Utf8Reader
from tunedesk.i18n import _

BLOCK = 262_144
"""About how many bytes a batch has."""


def read_batches(path: Path, info: FileInfo, batch_bytes: int = BLOCK) -> Iterator[RecordBatch]:
    """Yield the records of a file as they are read, in batches.

    What is not JSON, and JSON that is not an object, are records too: nothing but blank lines, and
    the commas and brackets around records, is left out.

    Args:
        path: The file.
        info: What `inspect_file` said of it.
        batch_bytes: About how many bytes a batch has.

    Raises:
        UserError: The file cannot be opened, or it holds no records.
    """
    if not info.holds_records:
        raise UserError(_("“{name}” holds no JSON records.").format(name=path.name))
    try:
        file = path.open("rb")
    except OSError as error:
        raise UserError(
            _("“{name}” cannot be opened: {reason}").format(name=path.name, reason=error.strerror)
        ) from error
    with file:
        reader = Utf8Reader(file, info.text_encoding)
        if info.container in ("array", "one_after_another"):
            batches = value_records(reader, batch_bytes)
        else:
            batches = line_records(line_blocks(reader, batch_bytes))
        noticed = file_problems(info)
        for batch in batches:
            yield batch._replace(problems=noticed + batch.problems) if noticed else batch
            noticed = []
        if noticed:
            yield RecordBatch([], [], noticed, info.size)


def file_problems(info: FileInfo) -> list[tuple[int | None, Problem]]:
    """What is wrong with the file as a whole."""
    problems: list[tuple[int | None, Problem]] = []
    if info.encoding_guessed:
        problems.append((None, Problem("encoding_guessed", (), {"encoding": info.encoding})))
    elif info.encoding != "utf-8":
        problems.append((None, Problem("encoding_not_utf8", (), {"encoding": info.encoding})))
    if info.bom and info.encoding == "utf-8":
        problems.append((1, Problem("byte_order_mark", (), {})))
    if info.newline == "cr":
        problems.append((None, Problem("line_ends", (), {})))
    return problems


def join_single_messages(batches: Iterator[RecordBatch], info: FileInfo) -> Iterator[RecordBatch]:
    """Put messages that stand in rows of their own together to conversations.

    That has one reading only where it can be seen where a conversation begins: with a system
    message, if the first such message is one; behind a blank line, if some stand between the
    messages; or at the bracket, if the file is one list. Every other record stays as it is.

    Args:
        batches: The records.
        info: The file that they are from.

    Returns:
        The records, and where a conversation was put together a problem `single_message`.
    """
    joins: bool | None = True if info.container == "array" else None
    begun: list[bytes] = []
    begun_at = last_line = 0
    for batch in batches:
        roles = list(map(_role_of_message, batch.texts))
        blank = {line for line, problem in batch.problems if problem.code == "blank_line"}
        if joins is None and any(roles):
            joins = next(filter(None, roles)) == "system" or _are_parted(batch, roles, blank)
        if not joins:
            yield batch
            continue
        lines: list[int] = []
        texts: list[bytes] = []
        told = batch.problems.copy()
        for line, text, role in zip(batch.lines, batch.texts, roles, strict=True):
            parted = not blank.isdisjoint(range(last_line, line))
            last_line = line
            if begun and (parted or role in ("", "system")):
                lines.append(begun_at)
                texts.append(_joined(begun))
                told.append((begun_at, _JOINED))
                begun = []
            if role:
                begun_at = begun_at if begun else line
                begun.append(text)
            else:
                lines.append(line)
                texts.append(text)
        yield batch._replace(lines=lines, texts=texts, problems=told)
    if begun:
        yield RecordBatch([begun_at], [_joined(begun)], [(begun_at, _JOINED)], batch.bytes_read)


_JOINED = Problem("single_message", (), {})


def _are_parted(batch: RecordBatch, roles: list[str], blank: set[int | None]) -> bool:
    """Whether blank lines stand between the messages, and never before one that answers."""
    messages = [line for line, role in zip(batch.lines, roles, strict=True) if role]
    behind = [
        role
        for before, line, role in zip([0, *messages], messages, filter(None, roles), strict=False)
        if before and not blank.isdisjoint(range(before, line))
    ]
    return bool(behind) and not {"assistant", "tool"} & set(behind)


def _role_of_message(text: bytes) -> str:
    """The role of a record that is a message by itself; empty for any other."""
    if b'"role"' not in text[:10_000] or b'"messages"' in text[:100]:
        return ""
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(record, dict) or not is_single_message(record):
        return ""
    return str(record["role"])


def _joined(messages: list[bytes]) -> bytes:
    return b'{"messages": [' + b", ".join(messages) + b"]}"


LAST = sys.maxsize
"""The end of the last part: however far the file goes."""

_BLOCKS = 8
_FURTHEST = 16
_UTF8 = Encoding("utf-8", False, 0)


class ReadPosition(NamedTuple):
    """A position between two blocks.

    Attributes:
        position: How far the file has been read.
        line: Where the first line begins that was not used yet, at the position or before it.
    """

    position: int
    line: int


class FileRange(NamedTuple):
    """A part of a file.

    Attributes:
        path: The file.
        mark: The length of its byte order mark.
        start: The position where the part starts.
        end: The position where it ends.
        block: About how many bytes are read at once.
    """

    path: Path
    mark: int
    start: int
    end: int
    block: int

    def begin(self) -> ReadPosition:
        """Where the part begins: the line is looked for before its start."""
        at = self.start
        with self.path.open("rb") as file:
            while at > self.mark and self.start - at < _FURTHEST * self.block:
                at -= self.block
                file.seek(at)
                line_end = last_line_end(file.read(self.block))
                if line_end:
                    return ReadPosition(self.start, at + line_end)
        return ReadPosition(self.start, at)


def file_ranges(info: FileInfo, block: int = BLOCK) -> list[FileRange]:
    """The parts of a file, in order."""
    mark = info.text_encoding.mark
    starts = list(range(mark, max(info.size, mark + 1), _BLOCKS * block))
    ends = [*starts[1:], LAST]
    return [
        FileRange(info.path, mark, start, end, block)
        for start, end in zip(starts, ends, strict=True)
    ]


class RangeReader:
    """Reads the records of a part of a file; lines count from the beginning of the part.

    Attributes:
        reached: How far it has read, at the end where the next part begins.
        lines: How many lines it has read.
    """

    def __init__(self, path: Path, begin: ReadPosition, end: int, block: int = BLOCK) -> None:
        self.reached = begin
        self.lines = 0
        self._path = path
        self._end = end
        self._block = block

    def batches(self) -> Iterator[RecordBatch]:
        """Yield the records; a record that goes on after the end is read to its own end."""
        with self._path.open("rb") as file:
            file.seek(self.reached.line)
            beginning = file.read(self.reached.position - self.reached.line)
            reader = Utf8Reader(file, _UTF8, self.reached.position)
            blocks = self._noted(line_blocks(reader, self._block, beginning))
            for batch in line_records(blocks):
                yield batch
                if self.reached.position >= self._end:
                    return

    def _noted(self, blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
        for block in blocks:
            self.reached = ReadPosition(block.position, block.position - block.rest)
            self.lines = block.first + len(block.lines) - 1
            yield block
