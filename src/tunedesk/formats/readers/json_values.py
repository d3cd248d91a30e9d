"""Records of a JSON list, or standing one after the other without line ends between them.

The file is read as a stream of values, so a list of any size needs little memory. Where a value is
broken, the next one is found by what the good ones look like: the same indentation, or in one long
line the same first key.
"""

import codecs
import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from json import JSONDecodeError, JSONDecoder

from tunedesk.formats.record_batch import LONGEST_RECORD, BatchBuilder, RecordBatch
from tunedesk.formats.text_encoding import Utf8Reader

_STRICT = JSONDecoder(parse_int=float)  # int() refuses numbers of over 4,300 digits
_TOLERANT = JSONDecoder(parse_int=float, strict=False)
_NEAR = 12
"""An error so near the end may come from a word or escape that was cut in two there."""


class Extent(Enum):
    """How a value ends."""

    WHOLE = 1
    CUT_OFF = 2  # the text ends before the value does
    BROKEN = 3  # it is not JSON, whatever may follow


def value_end(text: str, at: int) -> tuple[Extent, int]:
    """Whether a value stands at `at`, and where it ends, or else where it breaks."""
    try:
        return Extent.WHOLE, _STRICT.raw_decode(text, at)[1]
    except JSONDecodeError as error:
        if error.msg.startswith("Unterminated"):
            return Extent.CUT_OFF, len(text)
        if error.msg.startswith("Invalid control") and text[error.pos] not in "\r\n":
            return _tolerant_end(text, at, error.pos)
        near = error.pos > len(text) - _NEAR
        return Extent.CUT_OFF if near else Extent.BROKEN, error.pos
    except (RecursionError, ValueError):
        return Extent.BROKEN, at


_SHORT = 64
"""Lines up to this length come again and again where a file is broken in every line."""


def line_end(text: str) -> tuple[Extent, int]:
    """As `value_end`, at the beginning of a line."""
    return _short_line_end(text) if len(text) <= _SHORT else value_end(text, 0)


@lru_cache(maxsize=1_000)
def _short_line_end(text: str) -> tuple[Extent, int]:
    return value_end(text, 0)


def raw_breaks_end(text: str, at: int) -> tuple[Extent, int]:
    """As `value_end`, with line breaks and other control characters let through in strings."""
    try:
        return Extent.WHOLE, _TOLERANT.raw_decode(text, at)[1]
    except JSONDecodeError as error:
        if error.msg.startswith("Unterminated") or error.pos > len(text) - _NEAR:
            return Extent.CUT_OFF, len(text)
        return Extent.BROKEN, error.pos
    except (RecursionError, ValueError):
        return Extent.BROKEN, at


def _tolerant_end(text: str, at: int, control: int) -> tuple[Extent, int]:
    try:
        end = _TOLERANT.raw_decode(text, at)[1]
    except JSONDecodeError as error:
        if error.msg.startswith("Unterminated") and "\n" not in text[control:]:
            return Extent.CUT_OFF, len(text)
        return Extent.BROKEN, control
    except (RecursionError, ValueError):
        return Extent.BROKEN, control
    # Over several lines a string that lacks its end would swallow what follows.
    whole = "\n" not in text[at:end]
    return (Extent.WHOLE, end) if whole else (Extent.BROKEN, control)


_TRIMMED = 8_192

_GAP = re.compile(r"[ \t\n]*(,?)[ \t\n,]*")
_MARGIN = re.compile(r"[ \t]*[\[,]?[ \t]*\Z")
_BLANKS = re.compile(r"[ \t\n]*")
_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")\s*:')
_SCALAR = re.compile(
    r"(-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,5})?|true|false|null)"
    r"[ \t]*,[ \t]*(?=[^ \t\n,])"
)
"""A number or a word, and the comma and blanks up to the next value in its line."""
_PLAIN_END = re.compile(r"\n|,(?=\s*\{)|\](?=\s*\Z)")


def value_records(reader: Utf8Reader, size: int) -> Iterator[RecordBatch]:
    """Yield the records of the file in batches.

    Args:
        reader: The file.
        size: About how many bytes of records a batch has.
    """
    return _ValueStream(reader, size).batches()


class _ValueStream:
    """The state of reading: a window of text that moves over the file."""

    def __init__(self, reader: Utf8Reader, size: int) -> None:
        self._reader = reader
        self._size = size
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._window = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._in_list = False
        self._leaving_out = False
        self._key = ""
        self._found = BatchBuilder()

    def batches(self) -> Iterator[RecordBatch]:
        while self._skip_gap():
            if not self._take_scalars():
                self._take_value()
            if self._found.size >= self._size:
                yield self._found.take(self._reader.position)
        if self._found.texts or self._found.problems:
            yield self._found.take(self._reader.position)

    def _read_more(self) -> bool:
        """Make the window longer, by as much again if a long value waits; False at the end."""
        if self._ended:
            return False
        waiting = len(self._window) - self._at
        data = self._reader.read(max(self._size, waiting))
        text = self._decoder.decode(data, final=not data)
        self._ended = not data
        if "\r" in text:
            # A CR at the end waits for its LF.
            if text.endswith("\r") and not self._ended:
                follows = self._reader.read(1)
                text += self._decoder.decode(follows, final=not follows)
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._trim()
        self._window += text
        return True

    def _trim(self) -> None:
        """Give up what was read, but for the line of the value: it says how far it is indented."""
        start = max(self._window.rfind("\n", 0, self._at) + 1, self._at - 1000)
        self._window = self._window[start:]
        self._at -= start

    def _advance(self, to: int) -> None:
        self._line += self._window.count("\n", self._at, to)
        self._at = to

    def _skip_gap(self) -> bool:
        """Go to the next value, over blanks, commas and the brackets of lists; False at the end."""
        while True:
            gap = _GAP.match(self._window, self._at)
            end = gap.end() if gap else self._at
            if gap and gap[1] and not self._in_list:
                self._found.report(self._line, "comma_between_rows")
            self._advance(end)
            if end == len(self._window):
                if not self._read_more():
                    return False
                continue
            mark = self._window[end]
            if mark == "[" and not self._in_list:
                self._in_list = True
                self._found.report(self._line, "container_array")
            elif mark == "]" and self._in_list:
                self._in_list = False
            elif mark == "\ufeff":
                self._found.report(self._line, "byte_order_mark")
            else:
                return True
            self._advance(end + 1)

    def _take_scalars(self) -> bool:
        """Take numbers and words that follow each other in a line of a list; False for others."""
        if not self._in_list or self._leaving_out or self._window[self._at] in '{["':
            return False
        begin = self._at
        while (found := _SCALAR.match(self._window, self._at)) is not None:
            self._found.add(self._line, found[1])
            self._at = found.end()
            if self._found.size >= self._size:
                break
        return self._at > begin

    def _take_value(self) -> None:
        while True:
            extent, end = value_end(self._window, self._at)
            if extent is Extent.WHOLE:
                follows = self._mark_behind(end)
                if follows and not self._may_follow(follows):
                    extent, end = Extent.BROKEN, self._at
                elif follows:
                    break
            if extent is not Extent.BROKEN and self._may_read_on():
                continue
            if extent is not Extent.WHOLE:
                end = self._broken_end(end)
            break
        if extent is Extent.WHOLE and not self._key:
            self._key = self._first_key()
        too_long = extent is not Extent.WHOLE and end - self._at >= LONGEST_RECORD
        if too_long and not self._leaving_out:
            self._found.report_too_long(self._line, end - self._at)
        elif not too_long and not (self._leaving_out and self._window[self._at] not in "{["):
            text = self._window[self._at : end]
            self._found.add(self._line, text if extent is Extent.WHOLE else text.rstrip(" \t\n,"))
        # What follows a record that was left out, up to the next one, belongs to it.
        self._leaving_out = too_long or (self._leaving_out and self._window[self._at] not in "{[")
        self._advance(end)
        if extent is not Extent.WHOLE and self._at > _TRIMMED:
            # An error counts the lines before it: with a short window that takes no time.
            self._trim()

    def _mark_behind(self, end: int) -> str:
        """The next character that is not blank; empty if the window ends before it."""
        gap = _BLANKS.match(self._window, end)
        behind = gap.end() if gap else end
        return self._window[behind : behind + 1]

    def _may_follow(self, mark: str) -> bool:
        """Whether a value may end before this mark; a comma between objects may be missing."""
        if self._window[self._at] in "{[":
            return mark in ",]{["
        return mark in (",]" if self._in_list else ",{[")

    def _may_read_on(self) -> bool:
        return len(self._window) - self._at < LONGEST_RECORD and self._read_more()

    def _first_key(self) -> str:
        key = _KEY.match(self._window, self._at)
        return key[1] if key else ""

    def _broken_end(self, broke_at: int) -> int:
        """Where a broken value is taken to end; always behind where it begins."""
        broke_at -= self._at  # the window may move
        while True:
            found = self._next_start(self._at + broke_at)
            if found is not None:
                return found
            if not self._may_read_on():
                break
        if not self._ended:
            return len(self._window)
        rest = self._window[self._at + 1 :].rstrip()
        if not self._in_list or not rest.endswith("]"):
            return len(self._window)
        return self._at + 1 + len(rest[:-1].rstrip(" \t\n,"))

    def _next_start(self, broke_at: int) -> int | None:
        window, at = self._window, self._at
        if window[at] not in "{[":
            plain = _PLAIN_END.search(window, at + 1)
            return plain.start() if plain else None
        line_start = window.rfind("\n", 0, at) + 1
        if _MARGIN.match(window, line_start, at):
            margin = re.escape(re.match(r"[ \t]*", window[line_start:at])[0])  # type: ignore[index]
            width = at - line_start
            # Its own closing bracket, the next element, or the bracket that closes the list.
            own, following = rf"{margin}(?P<own>[}}\]])", rf"(?={margin}(?:,[ \t]*)?\{{)"
            closing = rf"(?=[ \t]{{0,{width}}}\])"
            row = re.compile(rf"\n(?:{own}|{following}|{closing})").search(window, at)
            if row is None:
                return None
            return row.end() if row["own"] else row.start()
        key = self._key or self._first_key()
        if not key:
            return None
        # A string without its end breaks just behind the bracket of the next value.
        start = broke_at - 16 if broke_at < len(window) - 16 else at
        beginning = re.compile(rf"\{{\s*{re.escape(key)}\s*:")
        found = beginning.search(window, max(start, at) + 1)
        return found.start() if found else None
