"""Writes files whole or not at all, under names that every system takes."""

import contextlib
import os
import re
import secrets
from pathlib import Path

from PySide6.QtWidgets import QWidget

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import documents_dir

LONGEST_NAME = 80


def file_name(text: str) -> str:
    """A name for a file, made of any text; never empty, and no path."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", text).strip(" .-")[:LONGEST_NAME].strip(" .-")
    return name or "run"


def beside_project(widget: QWidget, name: str = "") -> str:
    """A place in the folder of the project that a widget belongs to, to begin a file dialog at."""
    at: QWidget | None = widget
    while at is not None:
        window = at.window()
        if window.windowFilePath():
            return str(Path(window.windowFilePath()).parent / name)
        at = window.parentWidget()
    return str(documents_dir() / name)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside the place where it shall stand, and put it there when it is whole.

    Raises:
        UserError: It cannot be written; what stood there before still stands.
    """
    # Not by tempfile, whose files nobody but their owner may read.
    temporary = path.with_name(f".{path.name[:40]}-{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            _("“{name}” cannot be written: {reason}").format(
                name=path.name, reason=error.strerror or str(error)
            ),
            _("Choose another folder, or make room on the disk."),
        ) from error
