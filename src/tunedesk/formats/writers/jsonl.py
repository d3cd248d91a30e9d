"""JSON Lines: records of any kind, one a line, in UTF-8."""

import contextlib
import os
import stat
import uuid
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tunedesk.errors import UserError
from tunedesk.examples.json_edit import on_one_line
from tunedesk.i18n import _


class RecordWriter:
    """Writes records to a file, each on a line of its own: UTF-8, LF, no blank line.

    It writes to a temporary file beside the target, which takes the target's place when the `with`
    block ends well. If it does not, nothing is left behind and the old file stands. What is no
    file but a device or a pipe is written to as the records come, and never replaced.

    Attributes:
        records: How many were written.
        is_stream: Whether it writes to a device or a pipe.
    """

    def __init__(self, path: Path, byte_order_mark: bool = False) -> None:
        """Prepare to write.

        Args:
            path: The file to write or replace.
            byte_order_mark: Begin with a mark, which some services ask for.
        """
        self.records = 0
        self._path = path
        self.is_stream = is_stream(path)
        # Behind a link stands the file that is meant.
        self._target = Path(os.path.realpath(path))
        self._temporary = self._target.with_name(f".{self._target.name}.{uuid.uuid4().hex}.part")
        self._mark = byte_order_mark
        self._file: BinaryIO | None = None

    def __enter__(self) -> "RecordWriter":
        try:
            if self.is_stream:
                self._file = self._path.open("wb", buffering=1 << 20)
            else:
                self._file = self._temporary.open("xb", buffering=1 << 20)
            if self._mark:
                self._file.write(b"\xef\xbb\xbf")
        except OSError as error:
            raise self._failure(error) from error
        return self

    def write(self, record: bytes) -> None:
        """Write one record, in UTF-8; line breaks between its values are left out."""
        self.write_all((record,))

    def write_all(self, records: Iterable[bytes]) -> None:
        """Write records in their order."""
        records = list(records)
        if not records:
            return
        block = b"\n".join(records)
        if b"\r" in block or block.count(b"\n") != len(records) - 1:
            block = b"\n".join(_in_one_line(record) for record in records)
        self._write(block)
        self._write(b"\n")
        self.records += len(records)

    def write_lines(self, record: bytes) -> None:
        """Write a record that is not JSON as it stands, over as many lines as it has."""
        self._write(record + b"\n")
        self.records += 1

    def write_blank_line(self) -> None:
        """Write a blank line, which stood beside a record that is not JSON."""
        self._write(b"\n")

    def _write(self, data: bytes) -> None:
        if self._file is None:
            raise ValueError("The writer is used outside of its with block.")
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failure(error) from error

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if exc_type is None:
                file.flush()
                if not self.is_stream:
                    os.fsync(file.fileno())
            file.close()
            if exc_type is None and not self.is_stream:
                os.replace(self._temporary, self._target)
        except OSError as error:
            # Of a failure before this one, that one is told.
            if exc_type is None:
                raise self._failure(error) from error
        finally:
            with contextlib.suppress(OSError):  # what is left to be written fails again
                file.close()
            if not self.is_stream:
                self._temporary.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> UserError:
        return UserError(
            _("“{name}” cannot be written: {reason}").format(
                name=self._path.name, reason=error.strerror or str(error)
            ),
            _("Choose another folder, or make room on the disk."),
        )


def is_stream(path: Path) -> bool:
    """Whether something stands at the path that is no file and no folder: a device, a pipe."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _in_one_line(record: bytes) -> bytes:
    if b"\n" not in record and b"\r" not in record:
        return record
    # A record that came in by hand may hold anything; what is not UTF-8 is not made worse.
    return on_one_line(record.decode(errors="surrogateescape")).encode(errors="surrogateescape")
