"""The records of a file, whatever its encoding, its line ends and the way they stand in it."""

from collections.abc import Iterator
from pathlib import Path

from tunedesk.checks.problem import Problem
from tunedesk.errors import UserError
from tunedesk.formats.file_info import FileInfo
from tunedesk.formats.line_blocks import line_blocks
from tunedesk.formats.line_records import line_records
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.text_encoding import Utf8Reader
from tunedesk.formats.value_stream import value_records
from tunedesk.i18n import _

__all__ = ["BLOCK", "RecordBatch", "file_problems", "read_batches"]

BLOCK = 262_144
"""About how many bytes a batch has."""


def read_batches(path: Path, info: FileInfo, batch_bytes: int = BLOCK) -> Iterator[RecordBatch]:
    """Yield the records of a file as they are read, in batches.

    What is no JSON, and JSON that is no object, are records too: nothing but blank lines, and
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
