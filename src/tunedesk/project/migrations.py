"""Bringing older project files to the tables of this version, after a copy has been made."""

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project.old_schemas import VERSION_2_ADDED
from tunedesk.project.schema import SCHEMA_VERSION, SCHEMAS, run_script, statements
from tunedesk.project.store import stoppable

Migration = Callable[[sqlite3.Connection], None]

_PAGES_PER_STEP = 200
"""Copied at once: some milliseconds, for which other threads wait for the connection."""

_MOST_RESTARTS = 3


def _add_runs(connection: sqlite3.Connection) -> None:
    run_script(connection, VERSION_2_ADDED)


def _add_identities(connection: sqlite3.Connection) -> None:
    """Version 3: rows have random ids, one log for all tables, `deleted` for `hidden`, and work.

    The ids of what is there already are made of what it is, so that copies of a project that are
    brought up apart agree on them.
    """
    connection.create_function("stable_uid", -1, _stable_uid, deterministic=True)
    for table in ("example", "run"):
        connection.execute(f"ALTER TABLE {table} RENAME COLUMN hidden TO deleted")
    change = "stable_uid('change', id, code, parameters, actor, machine, time)"
    _rebuild(connection, "change", {"uid": change})
    _rebuild(connection, "source", {"uid": "stable_uid('source', id, kind, name, time)"})
    uid = "stable_uid('version', id, example_id, (SELECT uid FROM change WHERE id = change_id))"
    _rebuild(connection, "version", {"uid": uid})
    _make(connection, "changed_column")
    connection.execute(
        "INSERT INTO changed_column(table_name, column_name)"
        " VALUES ('example', 'version_id'), ('example', 'state'), ('example', 'tag_set'),"
        " ('example', 'deleted'), ('example', 'position')"
    )
    number = (
        "(SELECT id FROM changed_column"
        " WHERE column_name = CASE field WHEN 'hidden' THEN 'deleted' ELSE field END)"
    )
    known = "field IN ('version_id', 'state', 'tag_set', 'hidden', 'position')"
    _rebuild(connection, "change_item", {"column_id": number, "row_id": "example_id"}, known)
    _log_presets(connection)
    _make(connection, "work")


def _log_presets(connection: sqlite3.Connection) -> None:
    """Presets become rows with a log like all others: one row from each keeping to its deletion."""
    kept: dict[str, str] = dict(connection.execute("SELECT name, text FROM preset"))
    logged: dict[int, list[tuple[str, str | None, str | None]]] = {}
    for change_id, *item in connection.execute(
        "SELECT change_id, name, before, after FROM preset_item ORDER BY change_id"
    ):
        logged.setdefault(change_id, []).append((item[0], item[1], item[2]))
    connection.execute("DROP TABLE preset")
    connection.execute("DROP TABLE preset_item")
    _make(connection, "preset")
    numbers = {
        column: connection.execute(
            "INSERT INTO changed_column(table_name, column_name) VALUES ('preset', ?)", (column,)
        ).lastrowid
        for column in ("text", "deleted")
    }
    rows: dict[tuple[int, str], int] = {}
    live: dict[str, int] = {}

    def add(name: str, text: str, *origin: Any) -> int:
        return int(
            connection.execute(
                "INSERT INTO preset(uid, deleted, name, text) VALUES (?, 1, ?, ?)",
                (_stable_uid("preset", name, *origin), name, text),
            ).lastrowid
            or 0
        )

    def log(change_id: int, column: str, row_id: int, before: Any, after: Any) -> None:
        connection.execute(
            "INSERT INTO change_item(change_id, column_id, row_id, before, after)"
            " VALUES (?, ?, ?, ?, ?)",
            (change_id, numbers[column], row_id, before, after),
        )

    def turn(change_id: int, *, forward: bool) -> None:
        for name, before, after in logged.get(change_id, ()):
            row_id = rows.get((change_id, name))
            text = after if forward else before
            if row_id is None:
                continue
            if text is None:
                live.pop(name, None)
            else:
                live[name] = row_id
                connection.execute("UPDATE preset SET text = ? WHERE id = ?", (text, row_id))

    for change_id, undoes, redoes, uid in connection.execute(
        "SELECT id, undoes, redoes, uid FROM change ORDER BY id"
    ).fetchall():
        if undoes or redoes:
            turn(undoes or redoes, forward=bool(redoes))
            continue
        for name, before, after in logged.get(change_id, ()):
            row_id = None if before is None else live.get(name)
            if row_id is None:
                row_id = add(name, before or after or "", uid)
            rows[change_id, name] = row_id
            if before is None or after is None:
                log(change_id, "deleted", row_id, int(before is None), int(after is None))
            else:
                log(change_id, "text", row_id, before, after)
        turn(change_id, forward=True)
    for name, text in kept.items():
        row_id = live.get(name) or add(name, text, "kept")
        connection.execute("UPDATE preset SET text = ?, deleted = 0 WHERE id = ?", (text, row_id))


def _stable_uid(*values: Any) -> bytes:
    """128 bits that depend on these values alone."""
    return hashlib.sha256(repr(values).encode("utf-8", "surrogatepass")).digest()[:16]


def _rebuild(
    connection: sqlite3.Connection, table: str, added: Mapping[str, str], where: str = "1"
) -> None:
    """Make a table anew as version 3 has it, with its rows; new columns are given as SQL."""
    old = f"old_{table}"
    connection.execute(f"ALTER TABLE {table} RENAME TO {old}")
    for (index,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (old,),
    ).fetchall():
        connection.execute(f"DROP INDEX {index}")
    _make(connection, table)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(added.get(column, column) for column in columns)
    connection.execute(
        f"INSERT INTO {table}({', '.join(columns)}) SELECT {values} FROM {old} WHERE {where}"
    )
    connection.execute(f"DROP TABLE {old}")


def _make(connection: sqlite3.Connection, table: str) -> None:
    """Make a table as version 3 has it, and its indexes."""
    for statement in statements(SCHEMAS[3]):
        if re.match(rf"CREATE (TABLE {table}\(|INDEX \w+ ON {table}\()", statement):
            connection.execute(statement)


def _add_checksums(connection: sqlite3.Connection) -> None:
    """Version 4: texts that are written from now on have a checksum; no row is written anew."""
    connection.execute("ALTER TABLE version_text ADD COLUMN checksum INTEGER")


MIGRATIONS: dict[int, Migration] = {1: _add_runs, 2: _add_identities, 3: _add_checksums}
"""By version: what brings a file of that version to the next one. Version 1 is the first."""


def migrate(
    connection: sqlite3.Connection,
    path: Path | None,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    to_version: int = SCHEMA_VERSION,
    progress: Progress = no_progress,
) -> Path | None:
    """Bring the file to the given version, all of it or nothing.

    Args:
        connection: The file.
        path: Beside what a copy is made first; None for what is a copy itself.
        migrations: The steps, by the version that they begin with.
        to_version: The version to reach.
        progress: Called now and then; may cancel.

    Returns:
        The copy that was made before; None if there was nothing to do.

    Raises:
        UserError: No copy could be made.
        Cancelled: By `progress`; the file is as it was.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version >= to_version:
        return None
    backup = None if path is None else back_up(connection, path, version, progress)
    connection.execute("BEGIN IMMEDIATE")
    try:
        with stoppable(connection, progress):
            for step in range(version, to_version):
                migrations[step](connection)
        connection.execute(f"PRAGMA user_version = {to_version}")
    except BaseException:
        # SQLite itself takes back what is stopped in the midst of a statement.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return backup


def back_up(
    connection: sqlite3.Connection, path: Path, version: int, progress: Progress = no_progress
) -> Path:
    """Copy the project beside itself; an earlier copy is never written over.

    The copy gets its name once it is whole and on the disk.

    Raises:
        UserError: The copy could not be made; the project is untouched.
        Cancelled: By `progress`; nothing is left behind.
    """
    number = 0
    while True:
        suffix = f"-{number}" if number else ""
        copy = path.with_name(f"{path.stem}.version-{version}{suffix}{path.suffix}")
        if not copy.exists():
            break
        number += 1
    temporary = None
    try:
        temporary = new_file_in(path.parent, f".{path.stem}-")
        copy_into(connection, temporary, progress)
        shutil.copymode(path, temporary)
        flush(temporary)
        temporary.replace(copy)
        flush(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise UserError(
            _("This project is from an older Tunedesk, and no copy of it could be made."),
            _("Make room on the disk, or move the project to a folder that can be written."),
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return copy


def save_copy(
    connection: sqlite3.Connection,
    path: Path,
    progress: Progress = no_progress,
    *,
    shared: bool = False,
) -> None:
    """Write a whole project into another file, which gets its name once it is on the disk.

    The arguments are those of `copy_into`.

    Raises:
        UserError: It cannot be written there.
        Cancelled: By `progress`; nothing is left behind.
    """
    if path.exists() and not path.is_file():
        # A device or a pipe would be replaced by a file.
        raise UserError(
            _("{name} is not a file, so no copy of the project was written there.").format(
                name=path.name
            ),
            _("Choose another name."),
        )
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = new_file_in(path.parent, f".{path.stem}-")
        copy_into(connection, temporary, progress, shared=shared)
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise UserError(
            _("No copy of the project could be written into {folder}.").format(folder=path.parent),
            _("Make room on the disk, or choose a folder that you can write to."),
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def new_file_in(folder: Path | None, prefix: str) -> Path:
    """An empty file of a name of its own; in the system's folder for temporary files if None."""
    handle, name = tempfile.mkstemp(".tunedesk", prefix, folder)
    os.close(handle)
    return Path(name)


def copy_into(
    connection: sqlite3.Connection,
    copy: Path,
    progress: Progress = no_progress,
    *,
    shared: bool = False,
) -> None:
    """Copy a whole project into a file, some pages at a time.

    It is copied as it is at the beginning where there is a log, and who writes does not wait. What
    others write without one, or through another connection into a shared one, makes the copy begin
    anew; after some times all of it is copied at once, and they wait.

    Args:
        connection: The project.
        copy: The file.
        progress: Told pages, and of how many; may cancel.
        shared: Whether another thread uses the connection meanwhile: what it writes is in the copy.
    """
    least, restarts = 1 << 62, 0

    def report(_status: int, remaining: int, total: int) -> None:
        nonlocal least, restarts
        if remaining >= least:
            restarts += 1
            if restarts > _MOST_RESTARTS:
                raise InterruptedError
        least = remaining
        progress(total - remaining, total)

    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    as_it_is = mode == "wal" and not shared and not connection.in_transaction
    with contextlib.closing(sqlite3.connect(copy)) as target:
        if as_it_is:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        try:
            connection.backup(target, pages=_PAGES_PER_STEP, progress=report, sleep=0)
        except InterruptedError:
            connection.backup(target)
        finally:
            if as_it_is and connection.in_transaction:
                connection.execute("ROLLBACK")


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
