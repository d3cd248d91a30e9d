"""Records that stand one a line, or spread over lines one after the other.

Blocks in which every line looks like an object are passed on as they are. Where one does not, each
line is looked at: a record may go on over the following lines, but only as long as they continue
it; a broken line never takes the good ones after it along.
"""

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from tunedesk.checks.parse_record import find_bare_quotes
from tunedesk.formats.readers.json_values import Extent, line_end, raw_breaks_end, value_end
from tunedesk.formats.record_batch import LONGEST_RECORD, BatchBuilder, RecordBatch
from tunedesk.formats.text_encoding import Utf8Reader


class LineBlock(NamedTuple):
    """Some lines of a file.

    Attributes:
        first: The number of the first line, from 1.
        lines: The lines without their ends, in UTF-8.
        is_text: False if there are bytes in it that are not UTF-8.
        position: How far the file has been read.
        rest: How many of the bytes read belong to the line after these.
        left_out: The bytes of the line before these, if it was longer than a record may be and is
            not here; else 0.
    """

    first: int
    lines: list[bytes]
    is_text: bool
    position: int
    rest: int
    left_out: int = 0


def line_blocks(reader: Utf8Reader, size: int, read: bytes = b"") -> Iterator[LineBlock]:
    """Read a file in blocks of whole lines; a line ends at LF, CRLF or CR and nowhere else.

    A line longer than a record may be is left out, and its length told.

    Args:
        reader: The file.
        size: About how many bytes a block has.
        read: The beginning of the first line, where the reader stands within it.
    """
    number = 1
    rest = [read]
    waiting = len(read)
    left_out = 0
    while True:
        data = reader.read(size)
        if left_out and data:
            while data.endswith(b"\r") and (more := reader.read(1)):
                data += more  # an LF behind it belongs to it
            end = _first_line_end(data)
            left_out += end or len(data)
            if not end:
                continue
            number += 1
            yield LineBlock(number, [], True, reader.position, len(data) - end, left_out)
            left_out = 0
            data = data[end:]
            if not data:
                continue
        if data:
            end = last_line_end(data)
            if not end and waiting + len(data) >= LONGEST_RECORD:
                left_out = waiting + len(data)
                rest, waiting = [], 0
                continue
            if not end:
                rest.append(data)
                waiting += len(data)
                continue
            block = b"".join((*rest, data[:end]))
            rest = [data[end:]]
            waiting = len(data) - end
        else:
            block = b"".join(rest)
            if left_out:
                yield LineBlock(number + 1, [], True, reader.position, 0, left_out)
            if not block:
                return
            left_out = 0
            rest = []
            waiting = 0
        lines = _split(block)
        yield LineBlock(number, lines, _is_text(block), reader.position, waiting)
        number += len(lines)


def last_line_end(data: bytes) -> int:
    """Where the last whole line of some bytes ends; 0 if there is none."""
    # A CR at the very end may belong to an LF that has not been read yet.
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _first_line_end(data: bytes) -> int:
    """Where the first line of some bytes ends; 0 if it goes on behind them."""
    ends = [end for end in (data.find(b"\n"), data.find(b"\r", 0, len(data) - 1)) if end >= 0]
    if not ends:
        return 0
    end = min(ends) + 1
    return end + 1 if data[end - 1 : end + 1] == b"\r\n" else end


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


_BLANKS = " \t"
_VALUE_BEGINS = frozenset('{["-0123456789tfnNI')
_TRIES = 2**20
"""How many characters are read on in vain, before a broken line is not looked at any further."""
_REFUND = 4
_LINE_COST = 32
_MOST_TORN = 500
"""Over so many lines a record may be torn by raw line breaks, if it has bare quotation marks."""
_FIRST_KEY = re.compile(r'[ \t]*\{[ \t]*("(?:[^"\\]|\\.)*")')


def line_records(blocks: Iterator[LineBlock]) -> Iterator[RecordBatch]:
    """Yield the records of the lines, a batch for each block."""
    return _LineRecords(blocks).batches()


class _LineRecords:
    """The state of reading: the lines that were read and not yet used."""

    def __init__(self, blocks: Iterator[LineBlock]) -> None:
        self._blocks = blocks
        self._position = 0
        self._queue: deque[tuple[int, str]] = deque()
        self._found = BatchBuilder()
        self._usual_length = 16
        # Reading on in vain has to stay in proportion to the file.
        self._tries_left = _TRIES

    def batches(self) -> Iterator[RecordBatch]:
        for block in self._blocks:
            self._position = block.position
            self._report_left_out(block)
            if block.is_text and self._take_plain(block):
                yield self._found.take(block.position)
                continue
            self._enqueue(block)
            while self._queue:
                self._take_record()
            yield self._found.take(self._position)

    def _take_plain(self, block: LineBlock) -> bool:
        """Take a block in which each line is an object, judged by its ends, or is blank."""
        first, lines = block.first, block.lines
        # 123 and 125 are the braces.
        odd = [n for n, line in enumerate(lines) if not line or line[0] != 123 or line[-1] != 125]
        if not odd:
            self._found.lines = list(range(first, first + len(lines)))
            self._found.texts = lines
            return True
        blank: set[int] = set()
        commas: set[int] = set()
        trimmed = lines.copy()
        for n in odd:
            line = lines[n].strip(b" \t")
            if line[-1:] == b",":
                line = line[:-1].rstrip(b" \t")
                commas.add(n)
            if not line:
                blank.add(n)
            elif line[0] != 123 or line[-1] != 125:
                return False
            trimmed[n] = line
        if blank & commas:
            return False
        numbers = [n for n in range(len(lines)) if n not in blank]
        self._found.lines = [first + n for n in numbers]
        self._found.texts = [trimmed[n] for n in numbers]
        for n in sorted(blank | commas):
            self._found.report(first + n, "blank_line" if n in blank else "comma_between_rows")
        return True

    def _report_left_out(self, block: LineBlock) -> None:
        if block.left_out:
            self._found.report_too_long(block.first - 1, block.left_out)

    def _enqueue(self, block: LineBlock) -> None:
        self._position = block.position
        if not block.lines:
            return
        text = b"\n".join(block.lines).decode(errors="surrogateescape")
        self._queue.extend(enumerate(text.split("\n"), block.first))

    def _has(self, count: int) -> bool:
        """Read on until so many lines wait, if there are so many."""
        while len(self._queue) < count:
            block = next(self._blocks, None)
            if block is None:
                return False
            self._report_left_out(block)
            self._enqueue(block)
        return True

    def _take_record(self) -> None:
        """Take the first line that waits, with those that continue it."""
        number, line = self._queue[0]
        text = line.strip(_BLANKS)
        if not text:
            self._found.report(number, "blank_line")
            self._queue.popleft()
            return
        if text[0] == "\ufeff" and len(text) > 1:
            # Files that were put together bring the mark of each along.
            self._found.report(number, "byte_order_mark")
            self._queue[0] = (number, text.lstrip("\ufeff") or text[:1])
            return
        if text[0] == ",":
            self._found.report(number, "comma_between_rows")
            rest = text.lstrip(", \t")
            self._queue[0] = (number, rest)
            if not rest:
                self._queue.popleft()
            return
        if text[0] not in _VALUE_BEGINS:
            self._take_line(line)
            return
        extent, end = line_end(text)
        if extent is Extent.WHOLE:
            after = text[end:].strip(_BLANKS)
            if after == ",":
                self._found.report(number, "comma_between_rows")
                text = text[:end]
            self._take_line(text)
        elif text[0] not in "{[" or not (
            self._take_torn() if extent is Extent.BROKEN else self._take_spread()
        ):
            # The blanks around it may be a part of a text that was torn apart.
            self._take_line(self._queue[0][1])

    def _take_line(self, text: str) -> None:
        number, _ = self._queue.popleft()
        self._found.add(number, text)

    def _take_spread(self) -> bool:
        """Take a record that goes on after its first line; False if nothing continues it."""
        if self._tries_left <= 0 or not self._has(2) or self._is_next_record():
            return False
        # Blanks at the end of the first line may stand within a text.
        first = self._queue[0][1].lstrip(_BLANKS)
        count = self._usual_length
        find_end = value_end
        while True:
            more = self._has(count)
            following = (line for _, line in islice(self._queue, 1, count))
            joined = "\n".join((first, *following))
            self._tries_left -= len(joined) + _LINE_COST * min(count, len(self._queue))
            extent, end = find_end(joined, 0)
            control = "" < joined[end : end + 1] < " "
            if extent is Extent.BROKEN and find_end is value_end and control:
                # A line break stands raw inside a text: perhaps the text goes on behind it.
                find_end = raw_breaks_end
                extent, end = find_end(joined, 0)
            if extent is Extent.WHOLE and (find_end is value_end or self._ends_line(joined, end)):
                self._take_joined(joined, end, has_raw_breaks=find_end is raw_breaks_end)
                return True
            if extent is not Extent.CUT_OFF or not more or self._tries_left <= 0:
                return self._take_torn() or self._take_broken()
            if len(joined) > LONGEST_RECORD:
                return self._take_broken()
            count *= 4

    def _take_torn(self) -> bool:
        """Take a record with raw line breaks and bare quotation marks; False if it is not one.

        It goes on to the line before the next record, or to the end of the file.
        """
        number, first = self._queue[0]
        key = _FIRST_KEY.match(first)
        if key is None or first.rstrip(_BLANKS + ",").endswith("}") or self._tries_left <= 0:
            return False
        lines = [first.lstrip(_BLANKS)]
        while len(lines) < _MOST_TORN and self._has(len(lines) + 1):
            line = self._queue[len(lines)][1]
            if _begins_record(line, key[1]):
                break
            lines.append(line)
        while not lines[-1].strip(_BLANKS):
            lines.pop()
        text = "\n".join(lines).rstrip(_BLANKS + ",")
        self._tries_left -= len(text) + _LINE_COST * len(lines)
        if len(lines) < 2 or not text.endswith("}") or find_bare_quotes(text) is None:
            return False
        self._tries_left += _REFUND * len(text)
        if lines[-1].rstrip(_BLANKS).endswith(","):
            self._found.report(number, "comma_between_rows")
        for _ in lines:
            self._queue.popleft()
        self._found.add(number, text)
        return True

    def _ends_line(self, joined: str, end: int) -> bool:
        """Whether a record with raw line breaks ends with its line, and has no record within."""
        line_end = joined.find("\n", end)
        after = joined[end : len(joined) if line_end < 0 else line_end].strip(_BLANKS)
        if after.lstrip(",").strip(_BLANKS):
            return False
        key = _FIRST_KEY.match(joined)
        if key is None:
            return True
        return not any(_begins_record(line, key[1]) for line in joined[:end].split("\n")[1:])

    def _is_next_record(self) -> bool:
        """Whether the second line is a record by itself, so that the first was cut off.

        Within a record a line may be an object too, a message for instance; but that does not
        begin with the same key.
        """
        key = _FIRST_KEY.match(self._queue[0][1])
        following = _FIRST_KEY.match(self._queue[1][1])
        if key is None or following is None or key[1] != following[1]:
            return False
        return value_end(self._queue[1][1].strip(_BLANKS), 0)[0] is Extent.WHOLE

    def _take_joined(self, joined: str, end: int, has_raw_breaks: bool) -> None:
        """Take the record that ends there; what follows on its last line waits as a line.

        Raw line breaks inside texts are a problem of the record, which its check names.
        """
        self._tries_left += _REFUND * end
        number = self._queue[0][0]
        length = joined.count("\n", 0, end) + 1
        self._usual_length = length + 1
        line_end = joined.find("\n", end)
        after = joined[end : len(joined) if line_end < 0 else line_end].strip(_BLANKS)
        last = self._queue[length - 1][0]
        for _ in range(length):
            self._queue.popleft()
        self._found.add(number, joined[:end])
        if not has_raw_breaks:
            self._found.report(number, "record_over_lines")
        if after.startswith(","):
            self._found.report(number, "comma_between_rows")
            after = after[1:].lstrip(_BLANKS)
        if after:
            self._queue.appendleft((last, after))

    def _take_broken(self) -> bool:
        """Take a broken record with the lines that its indentation says belong to it."""
        number, first = self._queue[0]
        margin = _margin(first)
        length = 1
        size = len(first)
        while self._has(length + 1) and size < LONGEST_RECORD and self._tries_left > 0:
            line = self._queue[length][1]
            size += len(line)
            # The further within the queue, the longer it takes to get there.
            self._tries_left -= len(line) + _LINE_COST + length // 64
            inside = not line.strip(_BLANKS) or _margin(line) > margin
            closes = _margin(line) == margin and line.strip(_BLANKS)[:1] in ("}", "]")
            if not inside and (not closes or length == 1):
                break
            length += 1
            if closes:
                break
        while not self._queue[length - 1][1].strip(_BLANKS):
            length -= 1
        if length == 1:
            return False
        self._tries_left += _REFUND * size
        lines = [self._queue.popleft()[1] for _ in range(length)]
        text = "\n".join(lines).strip(" \t\n")
        if text.endswith(","):
            self._found.report(number, "comma_between_rows")
            text = text[:-1].rstrip(" \t\n")
        self._found.add(number, text)
        self._found.report(number, "record_over_lines")
        return True


def _begins_record(line: str, key: str) -> bool:
    """Whether a line inside a torn record is a record of its own: nothing swallows that.

    Args:
        line: The line.
        key: The first key of the torn record, with its quotation marks.
    """
    following = _FIRST_KEY.match(line)
    if following is None:
        return False
    if following[1] == key:
        return True
    return key in line and value_end(line.strip(_BLANKS), 0)[0] is Extent.WHOLE


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(_BLANKS))
