"""The lines of a file in blocks: fast, because whole blocks are split at once."""

from collections.abc import Iterator
from typing import NamedTuple

from tunedesk.formats.record_batch import LONGEST_RECORD
from tunedesk.formats.text_encoding import Utf8Reader


class LineBlock(NamedTuple):
    """Some lines of a file.

    Attributes:
        first: The number of the first line, from 1.
        lines: The lines without their ends, in UTF-8.
        is_text: False if there are bytes in it that are no UTF-8.
        position: How far the file has been read.
        rest: How many of the bytes read belong to the line after these.
    """

    first: int
    lines: list[bytes]
    is_text: bool
    position: int
    rest: int


def line_blocks(reader: Utf8Reader, size: int, read: bytes = b"") -> Iterator[LineBlock]:
    """Read a file in blocks of whole lines; a line ends at LF, CRLF or CR and nowhere else.

    A line longer than a record may be is given in pieces.

    Args:
        reader: The file.
        size: About how many bytes a block has.
        read: The beginning of the first line, where the reader stands within it.
    """
    number = 1
    rest = [read]
    waiting = len(read)
    while True:
        data = reader.read(size)
        if data:
            end = last_line_end(data)
            if not end and waiting + len(data) < LONGEST_RECORD:
                rest.append(data)
                waiting += len(data)
                continue
            end = end or len(data)
            block = b"".join((*rest, data[:end]))
            rest = [data[end:]]
            waiting = len(data) - end
        else:
            block = b"".join(rest)
            if not block:
                return
            rest = []
            waiting = 0
        lines = _split(block)
        yield LineBlock(number, lines, _is_text(block), reader.position, waiting)
        number += len(lines)


def last_line_end(data: bytes) -> int:
    """Where the last whole line of some bytes ends; 0 if there is none."""
    # A CR at the very end may belong to an LF that has not been read yet.
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _split(block: bytes) -> list[bytes]:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _is_text(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True
