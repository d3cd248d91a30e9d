"""What a file is: looked up in its beginning, before any record is read."""

import io
import re
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from tunedesk.checks.conversation_rules import find_templated, is_single_message
from tunedesk.errors import UserError
from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.examples.kinds.foreign import OTHER
from tunedesk.examples.kinds.kind import RecordFormat
from tunedesk.examples.kinds.registry import KINDS, kind_of
from tunedesk.formats.readers.csv_table import looks_like_table
from tunedesk.formats.readers.json_lines import line_blocks, line_records
from tunedesk.formats.readers.json_values import Extent, value_end, value_records
from tunedesk.formats.text_encoding import Encoding, Utf8Reader, detect
from tunedesk.i18n import _

Signature = Literal["git_lfs", "parquet", "xlsx", "binary"]

_GIT_LFS = b"version https://git-lfs.github.com/spec/"
_BINARY = (
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"7z\xbc\xaf\x27\x1c",
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",  # JPEG
    b"SQLite format 3\0",
    b"ARROW1\0\0",
    b"\xd0\xcf\x11\xe0",  # Excel and Word before 2007
)


def signature(head: bytes) -> Signature | None:
    """What the file is, if its first bytes say so and it is not text."""
    if head.startswith(_GIT_LFS):
        return "git_lfs"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        # A ZIP archive; the one of a spreadsheet names its parts near the beginning.
        return "xlsx" if b"xl/" in head or b"[Content_Types].xml" in head[:200] else "binary"
    return "binary" if head.startswith(_BINARY) else None


FileType = Signature | Literal["csv", "empty"]
"""What a file is that holds no records of JSON."""

Newline = Literal["lf", "crlf", "cr", "none"]
Container = Literal[
    "jsonl",  # a record a line
    "array",  # one JSON list of all records
    "over_lines",  # records spread over lines, one after the other
    "one_after_another",  # records without line ends between them
    "none",  # no JSON at all
]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file is.

    Attributes:
        path: The file.
        format: What its records are, or what the file is if it holds none.
        encoding: Its encoding; empty if it is not text.
        encoding_guessed: Whether nothing in the file says so.
        bom: Whether it begins with a byte order mark.
        newline: How its lines end, judged by the first.
        container: How its records stand in it.
        size: Its size in bytes.
    """

    path: Path
    format: RecordFormat | FileType
    encoding: str
    encoding_guessed: bool
    bom: bool
    newline: Newline
    container: Container
    size: int

    @property
    def text_encoding(self) -> Encoding:
        """The encoding with the length of its mark, for the readers."""
        marks = {"utf-8": 3, "utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
        return Encoding(
            self.encoding, self.encoding_guessed, marks[self.encoding] if self.bom else 0
        )

    @property
    def holds_records(self) -> bool:
        """Whether `read_batches` finds records in it."""
        return self.container != "none"

    @property
    def is_empty(self) -> bool:
        """Whether nothing but blanks stands in it."""
        return self.format == "empty"

    @property
    def is_checked(self) -> bool:
        """Whether its records are judged and counted: examples, or none at all."""
        return self.format in _IMPORTED or self.format == "empty"

    @property
    def is_table(self) -> bool:
        """Whether `formats.table` reads it: its rows become examples by a mapping."""
        return self.format == "csv"

    @property
    def can_be_imported(self) -> bool:
        """Whether its records are examples that a project can hold, or its rows can become some."""
        return self.format in _IMPORTED or self.is_table


_IMPORTED: frozenset[str] = frozenset(
    {"dpo", *(kind.file_format for kind in KINDS if kind.method is not None)}
) - {OTHER.file_format}
"""The formats of records that some method of training takes; pairs have two spellings."""
_HEAD = 2**20
_SAMPLE = 50
_MOST_LOOKED_AT = 5_000
_UTF8 = Encoding("utf-8", False, 0)
_KEY_WORDS: tuple[tuple[RecordFormat, str], ...] = (
    ("preference", r"(non_)?preferred_(output|completion)"),
    ("dpo", r"chosen|rejected"),
    ("chat", r"messages"),
    ("sharegpt", r"conversations"),
    ("prompt_completion", r"completion"),
    ("alpaca", r"instruction"),
)


def inspect_file(path: Path) -> FileInfo:
    """Say what a file is; whatever stands in it, it gets an answer.

    Raises:
        UserError: The file cannot be opened.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            # It would be waited for without end, or read only once.
            raise UserError(
                _("“{name}” is a device or a pipe, not a file.").format(name=path.name),
                _("Write what comes from it to a file, and give that."),
            )
        with path.open("rb") as file:
            head = file.read(_HEAD)
        size = path.stat().st_size
    except OSError as error:
        raise UserError(
            _("“{name}” cannot be opened: {reason}").format(name=path.name, reason=error.strerror)
        ) from error
    known = signature(head)
    encoding = None if known else detect(head)
    if encoding is None:
        name = "utf-8" if known == "git_lfs" else ""
        return FileInfo(path, known or "binary", name, False, False, "none", "none", size)
    utf8 = Utf8Reader(io.BytesIO(head), encoding).read(len(head))
    text = utf8.decode(errors="surrogateescape")
    newline = _newline(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    file_format, container = _contents(text)
    return FileInfo(
        path=path,
        format=file_format,
        encoding=encoding.name,
        encoding_guessed=encoding.guessed,
        bom=encoding.mark > 0,
        newline=newline,
        container=container,
        size=size,
    )


def describe(info: FileInfo) -> str:
    """A sentence that says what the file holds, and of one that is not checked what that means."""
    sentence = describe_contents(info, info.path.name)
    if info.is_checked or info.format in ("git_lfs", "binary"):
        return sentence
    if info.is_table:
        return f"{sentence} {_('Its rows become examples when it is imported into a project.')}"
    return f"{sentence} {_('Tunedesk does not read such files yet; this one is left alone.')}"


def describe_contents(info: FileInfo, name: str) -> str:
    """A sentence that says what the file holds; the name is the one to show."""
    sentences = {
        "chat": _("“{name}” holds conversations."),
        "preference": _("“{name}” holds preference pairs: a preferred answer and another one."),
        "dpo": _("“{name}” holds preference pairs: a chosen answer and a rejected one."),
        "reinforcement": _("“{name}” holds reinforcement items: questions without answers."),
        "prompt_completion": _("“{name}” holds prompts with their completions."),
        "sharegpt": _("“{name}” holds conversations in the ShareGPT form."),
        "alpaca": _("“{name}” holds instructions with their answers (Alpaca form)."),
        "csv": _("“{name}” is a table with separated values (CSV)."),
        "parquet": _("“{name}” is a Parquet table."),
        "xlsx": _("“{name}” is an Excel workbook."),
        "git_lfs": _(
            "“{name}” is only a pointer of Git LFS: the data itself was not downloaded. "
            "“git lfs pull” fetches it."
        ),
        "binary": _("“{name}” is not a text file."),
        "empty": _("“{name}” is empty."),
        "other": _("“{name}” holds no conversations that Tunedesk knows."),
    }
    return sentences[info.format].format(name=name)


def _newline(text: str) -> Newline:
    line_feed = text.find("\n")
    if line_feed < 0:
        return "cr" if "\r" in text[:-1] else "none"
    return "crlf" if text[line_feed - 1 : line_feed] == "\r" else "lf"


def _contents(text: str) -> tuple[RecordFormat | FileType, Container]:
    """What records stand in a text that begins like this, and how."""
    if not text.strip(" \t\n"):
        return "empty", "jsonl"
    container = _container(text.lstrip(" \t\n,"))
    formats, any_json = _record_formats(text, container)
    if formats:
        known = [each for each in formats if each != "other"]
        return (known[0] if known else "other"), container
    if any_json or re.search(r"^[ \t,]*[\[{]", text, re.MULTILINE):
        return _by_key_words(text), container
    lines = text.splitlines(keepends=True)[:_MOST_LOOKED_AT]
    return ("csv" if looks_like_table(lines) else "other"), "none"


def _container(text: str) -> Container:
    line, _end, rest = text.partition("\n")
    if text.startswith("["):
        extent, end = value_end(line, 0)
        alone = extent is Extent.WHOLE and not line[end:].strip(" \t,")
        return "jsonl" if alone and rest.strip() else "array"
    extent, end = value_end(text, 0)
    if extent is not Extent.WHOLE:
        return "over_lines" if line.strip() == "{" else "jsonl"
    if "\n" in text[:end]:
        return "over_lines"
    return "one_after_another" if line[end:].lstrip(" \t,").startswith("{") else "jsonl"


def _record_formats(text: str, container: Container) -> tuple[list[RecordFormat], bool]:
    """The formats of the first objects, the most frequent first, and whether JSON was there."""
    data = io.BytesIO(text.encode(errors="surrogateescape"))
    reader = Utf8Reader(data, _UTF8)
    if container in ("array", "one_after_another"):
        batches = value_records(reader, 65_536)
    else:
        batches = line_records(line_blocks(reader, 65_536))
    formats: Counter[RecordFormat] = Counter()
    any_json = False
    looked = 0
    for batch in batches:
        for record in batch.texts[:_SAMPLE]:
            value, is_json = _value(record)
            any_json = any_json or is_json
            if isinstance(value, dict):
                formats[_format_of(value)] += 1
        looked += len(batch.texts)
        if formats.total() >= _SAMPLE or looked >= _MOST_LOOKED_AT:
            break
    return [each for each, _count in formats.most_common()], any_json


def _format_of(record: dict[str, Any]) -> RecordFormat:
    """The format of a file of such records; what can be made a conversation counts as one."""
    found = kind_of(record).format_of(record)
    if found == "other" and (is_single_message(record) or find_templated(record) is not None):
        return "chat"
    return found


def _value(record: bytes) -> tuple[object, bool]:
    try:
        return orjson.loads(record), True
    except orjson.JSONDecodeError:
        pass
    try:
        return parse(record.decode()).value, True
    except JsonSyntaxError:
        return None, False


def _by_key_words(text: str) -> RecordFormat:
    """The format that the keys suggest where no record can be read."""
    for record_format, words in _KEY_WORDS:
        if re.search(rf"""["'](?:{words})["']\s*:""", text):
            return record_format
    return "other"
