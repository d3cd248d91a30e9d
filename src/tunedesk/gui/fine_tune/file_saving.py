"""Writes files whole or not at all, under names that every system takes."""

import os
import re
import tempfile
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.i18n import _

LONGEST_NAME = 80


def file_name(text: str) -> str:
    """A name for a file, made of any text; never empty, and no path."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", text).strip(" .-")[:LONGEST_NAME].strip(" .-")
    return name or "run"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside the place where it shall stand, and put it there when it is whole.

    Raises:
        UserError: It cannot be written; what stood there before still stands.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UserError(
            _("“{name}” cannot be written: {reason}").format(
                name=path.name, reason=error.strerror or str(error)
            ),
            _("Choose another folder, or make room on the disk."),
        ) from error
