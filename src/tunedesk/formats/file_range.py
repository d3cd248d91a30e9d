"""Parts of a UTF-8 file of lines, so that several processes can read it at once.

A part is read in the same blocks as when the whole file is read from its beginning, so the records
are the same too: a part begins at the place where the one before it ends, or it is not used.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tunedesk.formats.file_info import FileInfo
from tunedesk.formats.line_blocks import LineBlock, last_line_end, line_blocks
from tunedesk.formats.line_records import line_records
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.records import BLOCK
from tunedesk.formats.text_encoding import Encoding, Utf8Reader

LAST = sys.maxsize
"""The end of the last part: however far the file goes."""

_BLOCKS = 8
_FURTHEST = 16
_UTF8 = Encoding("utf-8", False, 0)


class Place(NamedTuple):
    """A place between two blocks.

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

    def begin(self) -> Place:
        """The place where the part begins: the line is looked for before its start."""
        at = self.start
        with self.path.open("rb") as file:
            while at > self.mark and self.start - at < _FURTHEST * self.block:
                at -= self.block
                file.seek(at)
                line_end = last_line_end(file.read(self.block))
                if line_end:
                    return Place(self.start, at + line_end)
        return Place(self.start, at)


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
        place: How far it has read, at the end where the next part begins.
        lines: How many lines it has read.
    """

    def __init__(self, path: Path, begin: Place, end: int, block: int = BLOCK) -> None:
        self.place = begin
        self.lines = 0
        self._path = path
        self._end = end
        self._block = block

    def batches(self) -> Iterator[RecordBatch]:
        """Yield the records; a record that goes on after the end is read to its own end."""
        with self._path.open("rb") as file:
            file.seek(self.place.line)
            beginning = file.read(self.place.position - self.place.line)
            reader = Utf8Reader(file, _UTF8, self.place.position)
            blocks = self._noted(line_blocks(reader, self._block, beginning))
            for batch in line_records(blocks):
                yield batch
                if self.place.position >= self._end:
                    return

    def _noted(self, blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
        for block in blocks:
            self.place = Place(block.position, block.position - block.rest)
            self.lines = block.first + len(block.lines) - 1
            yield block
