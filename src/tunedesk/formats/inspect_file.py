"""What a file is: looked up in its beginning, before any record is read."""

import io
import re
from collections import Counter
from pathlib import Path

import orjson

from tunedesk.errors import UserError
from tunedesk.examples.example_kind import example_kind
from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.formats.csv_table import looks_like_table
from tunedesk.formats.file_info import Container, FileFormat, FileInfo, Newline
from tunedesk.formats.file_signatures import signature
from tunedesk.formats.line_blocks import line_blocks
from tunedesk.formats.line_records import line_records
from tunedesk.formats.text_encoding import Encoding, Utf8Reader, detect
from tunedesk.formats.value_end import Extent, value_end
from tunedesk.formats.value_stream import value_records
from tunedesk.i18n import _

__all__ = ["FileInfo", "describe", "inspect_file", "what_it_is"]

_HEAD = 2**20
_SAMPLE = 50
_UTF8 = Encoding("utf-8", False, 0)
_KEY_WORDS: tuple[tuple[FileFormat, str], ...] = (
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
    """A sentence that says what the file holds, and of files that are no chat what that means."""
    sentence = what_it_is(info, info.path.name)
    if info.format in ("chat", "git_lfs", "binary", "empty"):
        return sentence
    return f"{sentence} {_('Tunedesk reads chat files for now; this one is left alone.')}"


def what_it_is(info: FileInfo, name: str) -> str:
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
        "binary": _("“{name}” is no text file."),
        "empty": _("“{name}” is empty."),
        "other": _("“{name}” holds no conversations that Tunedesk knows."),
    }
    return sentences[info.format].format(name=name)


def _newline(text: str) -> Newline:
    line_feed = text.find("\n")
    if line_feed < 0:
        return "cr" if "\r" in text[:-1] else "none"
    return "crlf" if text[line_feed - 1 : line_feed] == "\r" else "lf"


def _contents(text: str) -> tuple[FileFormat, Container]:
    """What kind of records stand in a text that begins like this, and how."""
    if not text.strip(" \t\n"):
        return "empty", "jsonl"
    container = _container(text.lstrip(" \t\n,"))
    kinds, any_json = _kinds(text, container)
    if kinds:
        known = [kind for kind in kinds if kind != "other"]
        kind = known[0] if known else "other"
        # An item of reinforcement fine-tuning is a conversation that waits for its answer: it is
        # read and shown as one.
        return ("chat" if kind == "reinforcement" else kind), container
    if any_json or re.search(r"^[ \t,]*[\[{]", text, re.MULTILINE):
        return _by_key_words(text), container
    return ("csv" if looks_like_table(text) else "other"), "none"


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


def _kinds(text: str, container: Container) -> tuple[list[FileFormat], bool]:
    """The kinds of the first objects, the most frequent first, and whether any JSON was there."""
    data = io.BytesIO(text.encode(errors="surrogateescape"))
    reader = Utf8Reader(data, _UTF8)
    if container in ("array", "one_after_another"):
        batches = value_records(reader, 65_536)
    else:
        batches = line_records(line_blocks(reader, 65_536))
    kinds: Counter[FileFormat] = Counter()
    any_json = False
    for batch in batches:
        for record in batch.texts[:_SAMPLE]:
            value, is_json = _value(record)
            any_json = any_json or is_json
            if isinstance(value, dict):
                kinds[example_kind(value)] += 1
        if kinds.total() >= _SAMPLE:
            break
    return [kind for kind, _count in kinds.most_common()], any_json


def _value(record: bytes) -> tuple[object, bool]:
    try:
        return orjson.loads(record), True
    except orjson.JSONDecodeError:
        pass
    try:
        return parse(record.decode()).value, True
    except JsonSyntaxError:
        return None, False


def _by_key_words(text: str) -> FileFormat:
    """The kind that the keys suggest where no record can be read."""
    for kind, words in _KEY_WORDS:
        if re.search(rf"""["'](?:{words})["']\s*:""", text):
            return kind
    return "other"
