"""After a crash: each project file gets its own log back, whatever its name is by then.

SQLite finds what is not in the file yet by the file's name, so a log belongs to whichever file has
the name. Here it belongs to the file: the log of one that was renamed before the crash follows it,
and the log of one that another has replaced is set aside.
"""

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

from tunedesk.project.lock import (
    Holder,
    ProjectLock,
    file_id,
    forget_records,
    journal_path,
    log_path,
    read_holder,
    write_records,
)
from tunedesk.project.storage import storage_note
from tunedesk.project.store import connect, damage_in

_READS_A_LOG = 2
"""The number in bytes 18 and 19 of a file whose latest changes stand in a write-ahead log."""


def may_need_log(file: Path) -> bool:
    """Whether the log of a file that is only to be read may lie under another name."""
    return read_holder(file) is not None or (_wants_a_log(file) and not log_path(file).exists())


def _wants_a_log(file: Path) -> bool:
    return ProjectLock.read_head(file, 20)[18:20] == bytes((_READS_A_LOG, _READS_A_LOG))


def settle_log(lock: ProjectLock) -> None:
    """After a crash: let each file have its own log, before SQLite looks for it."""
    file, left = lock.path, lock.left_behind
    own = [log for log in (log_path(file), journal_path(file)) if log.exists()]
    if own and left is not None and _is_of_another(left, lock):
        _set_aside(left, own)
        own = []
    if own or not _has_unfinished_writes(file):
        return
    with contextlib.suppress(OSError):
        earlier = lock.left_under_another_name()
        if earlier is not None:
            _take_log_over(earlier, file)


def _has_unfinished_writes(file: Path) -> bool:
    """Whether a log under another name may be this file's: it is asked for, or may be a journal."""
    return _wants_a_log(file) or storage_note(file) is not None


def _is_of_another(left: Holder, lock: ProjectLock) -> bool:
    """Whether the log beside a file was written for another one that had its name."""
    if left.path != str(lock.path):
        return False  # the whole folder was copied after the crash, logs and all
    if left.project and left.project != _project_id_in(lock.path):
        return True
    if not left.inode or left.file == lock.file:
        return False
    try:
        return not left.log or file_id(log_path(lock.path)).inode == left.log
    except OSError:
        return True


def _set_aside(left: Holder, logs: list[Path]) -> None:
    """Give the logs of a file that was replaced a name of their own, where it finds them."""
    project = Path(left.path)
    number = 1
    while True:
        aside = project.with_name(f".{project.stem}-earlier-{number}{project.suffix}")
        if not log_path(aside).exists() and not journal_path(aside).exists():
            break
        number += 1
    for log in logs:
        log.rename(aside.with_name(aside.name + log.name.removeprefix(project.name)))
    forget_records(left)
    write_records(replace(left, path=str(aside)))


def _take_log_over(earlier: Holder, file: Path) -> None:
    """Give a file that was renamed, and then not closed, the log that lies under its old name."""
    before = Path(earlier.path)
    for old, new in (
        (log_path(before), log_path(file)),
        (journal_path(before), journal_path(file)),
    ):
        fits = old.exists() and (not earlier.log or file_id(old).inode == earlier.log)
        if fits and earlier.project == _project_id_in(file):
            old.rename(new)
            if not _is_whole(file) and _is_whole(file, alone=True):
                new.rename(old)  # what was whole without it is not made worse
                continue
            forget_records(earlier)


def _is_whole(file: Path, *, alone: bool = False) -> bool:
    """Whether a file reads well, together with its log or alone; nothing is written for that."""
    try:
        with contextlib.closing(connect(file, read_only=True, alone=alone)) as connection:
            return not damage_in(connection, most=1)
    except sqlite3.Error:
        return False


def project_id(connection: sqlite3.Connection) -> str:
    """What names a project inside its file, in hexadecimal digits: the uid of its first source."""
    row = connection.execute("SELECT uid FROM source WHERE id = 1").fetchone()
    return row[0].hex() if row is not None and isinstance(row[0], bytes) else ""


def _project_id_in(file: Path) -> str:
    """The same, of the file alone, whatever log lies beside it; empty if it cannot be read."""
    try:
        with contextlib.closing(connect(file, read_only=True, alone=True)) as connection:
            return project_id(connection)
    except sqlite3.Error:
        return ""
