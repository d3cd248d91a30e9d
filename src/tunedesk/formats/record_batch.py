"""A handful of records on their way from a file."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from tunedesk.checks.problem import Problem
from tunedesk.formats.text_encoding import decode_broken_bytes

LONGEST_RECORD = 160 * 2**20
"""How far the end of a record is looked for before it counts as broken, in bytes or characters.

Ten pictures of ten megabytes, the most that OpenAI takes, are 133 million characters.
"""


_MOST_REPORTED = 1_000


class RecordBatch(NamedTuple):
    """Some records that stand one after the other in a file.

    Attributes:
        lines: The line on which each begins, from 1.
        texts: Each as UTF-8, exactly as it stands in the file, without the blanks and the comma
            around it. What is not a JSON object is here too.
        problems: What is wrong with the file rather than with a record, and the line; None for
            the whole file.
        bytes_read: How far the file has been read.
        tags: The tags of each, where its source names any; empty where it does not.
    """

    lines: list[int]
    texts: list[bytes]
    problems: list[tuple[int | None, Problem]]
    bytes_read: int
    tags: Sequence[tuple[str, ...]] = ()


class BatchBuilder:
    """A batch that grows record by record."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.texts: list[bytes] = []
        self.problems: list[tuple[int | None, Problem]] = []
        self.size = 0
        self._reported: Counter[str] = Counter()
        self._first_counted: dict[str, int | None] = {}

    def add(self, line: int, text: str) -> None:
        """Add a record that was decoded with `surrogateescape`.

        A bare list of messages gets the frame that makes a conversation of it.
        """
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = decode_broken_bytes(text).encode()
            self.problems.append(
                (line, Problem("bytes_not_text", (), {"encoding": "windows-1252"}))
            )
        if data[:1] == b"[" and _is_list_of_messages(data):
            data = b'{"messages": ' + data + b"}"
            self.report(line, "messages_bare")
        self.lines.append(line)
        self.texts.append(data)
        self.size += len(data)

    def report(self, line: int | None, code: str) -> None:
        """Name a problem of the file; of very many of one code in a batch only the number."""
        self._reported[code] += 1
        if self._reported[code] <= _MOST_REPORTED:
            self.problems.append((line, Problem(code, (), {})))
        elif self._reported[code] == _MOST_REPORTED + 1:
            self._first_counted[code] = line

    def report_too_long(self, line: int, size: int) -> None:
        """Name a record that was left out, since it is longer than a record may be."""
        parameters = {"bytes": size, "limit": LONGEST_RECORD}
        self.problems.append((line, Problem("record_too_long", (), parameters)))

    def take(self, bytes_read: int) -> RecordBatch:
        """What was gathered, to begin anew."""
        for code, line in self._first_counted.items():
            count = self._reported[code] - _MOST_REPORTED
            self.problems.append((line, Problem(code, (), {"count": count})))
        self._reported.clear()
        self._first_counted.clear()
        batch = RecordBatch(self.lines, self.texts, self.problems, bytes_read)
        self.lines, self.texts, self.problems, self.size = [], [], [], 0
        return batch


def _is_list_of_messages(data: bytes) -> bool:
    """Whether a record is a conversation's list of messages."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return bool(value) and all(
        isinstance(item, dict)
        and isinstance(item.get("role"), str)
        and ("content" in item or "tool_calls" in item)
        for item in value
    )
