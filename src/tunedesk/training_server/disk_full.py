"""A full disk, as it is known by its errors, and told in the log once and not at every attempt."""

import errno
import logging
import shutil
from pathlib import Path

_ROOM = 2_000_000
"""Bytes: with less, what is written next does not fit."""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that nothing more can be written."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


class DiskFullNotice:
    """A spell in which the disk is full; used by several threads."""

    def __init__(self, folder: Path) -> None:
        """Make it.

        Args:
            folder: A folder on the disk.
        """
        self._folder = folder
        self._is_on = False

    def on_full(self) -> None:
        """Something could not be written: said in the log, the first time."""
        if not self._is_on:
            self._is_on = True
            logging.getLogger(__name__).error(
                "The disk that holds %s is full: make room on it. What could not be written is "
                "tried again.",
                self._folder,
            )

    def on_written(self) -> None:
        """Something was written: the spell is over, if there is room for more."""
        if self._is_on and shutil.disk_usage(self._folder).free >= _ROOM:
            self._is_on = False
            logging.getLogger(__name__).warning("There is room on the disk again.")
