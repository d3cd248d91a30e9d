"""Bringing older project files to the tables of this version, after a copy has been made."""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project.schema import RUN_TABLES, SCHEMA_VERSION, run_script

Migration = Callable[[sqlite3.Connection], None]


def _add_runs(connection: sqlite3.Connection) -> None:
    run_script(connection, RUN_TABLES)


MIGRATIONS: dict[int, Migration] = {1: _add_runs}
"""By version: what brings a file of that version to the next one. Version 1 is the first."""


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    to_version: int = SCHEMA_VERSION,
) -> Path | None:
    """Bring the file to the given version, all of it or nothing.

    Returns:
        The copy that was made before; None if there was nothing to do.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version >= to_version:
        return None
    backup = back_up(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in range(version, to_version):
            migrations[step](connection)
        connection.execute(f"PRAGMA user_version = {to_version}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return backup


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy the project beside itself; an earlier copy is never written over.

    Raises:
        UserError: The copy could not be made; the project is untouched.
    """
    number = 0
    while True:
        suffix = f"-{number}" if number else ""
        copy = path.with_name(f"{path.stem}.version-{version}{suffix}{path.suffix}")
        if not copy.exists():
            break
        number += 1
    try:
        with contextlib.closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            copy.unlink()
        raise UserError(
            _("This project is from an older Tunedesk, and no copy of it could be made."),
            _("Make room on the disk, or move the project to a folder that can be written."),
        ) from error
    return copy
