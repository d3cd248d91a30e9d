"""The server's database: its tables, transactions for several threads, and pages of lists."""

import contextlib
import errno
import json
import logging
import os
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.disk_full import DiskFullNotice

VERSION = 1

_SCHEMA = """
CREATE TABLE file (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    filename TEXT NOT NULL,
    purpose TEXT NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    filename TEXT NOT NULL,
    purpose TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    file_seconds INTEGER,
    status TEXT NOT NULL,
    file_id TEXT
) STRICT;
CREATE TABLE upload_part (
    id TEXT PRIMARY KEY,
    upload_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_part_upload ON upload_part(upload_id);
CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    status TEXT NOT NULL,
    turn INTEGER NOT NULL,
    model TEXT NOT NULL,
    method TEXT NOT NULL,
    hyperparameters TEXT NOT NULL,
    model_name TEXT NOT NULL,
    suffix TEXT,
    seed INTEGER NOT NULL,
    metadata TEXT,
    integrations TEXT,
    training_file TEXT NOT NULL,
    validation_file TEXT,
    error TEXT,
    trained_tokens INTEGER,
    result_file TEXT,
    has_model INTEGER NOT NULL DEFAULT 0,
    progress_offset INTEGER NOT NULL DEFAULT 0,
    started_at REAL,
    started_step INTEGER,
    last_step INTEGER,
    total_steps INTEGER
) STRICT;
CREATE INDEX job_status ON job(status, turn);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    level TEXT NOT NULL,
    type TEXT NOT NULL,
    message TEXT NOT NULL,
    data TEXT NOT NULL,
    once TEXT
) STRICT;
CREATE INDEX event_job ON event(job_id, number);
CREATE UNIQUE INDEX event_once ON event(job_id, once) WHERE once IS NOT NULL;
CREATE TABLE checkpoint (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    step INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    metrics TEXT NOT NULL,
    UNIQUE(job_id, step)
) STRICT;
"""

_COLUMNS = (
    "SELECT s.name, c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c"
    " WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%'"
)

_SECONDS_BETWEEN_WORDS = 60.0
_LETTERS = string.ascii_letters + string.digits


Item = TypeVar("Item")


class Database:
    """A connection that writes and one that reads; the threads of the server take turns with each.

    Who reads does not wait for a transaction: on a busy disk its end may take seconds.

    Attributes:
        disk_full: Says in the log when its disk is full.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, or make it.

        Raises:
            UserError: A newer Tunedesk made it.
        """
        self.disk_full = DiskFullNotice(path.parent)
        self._lock = threading.RLock()
        self._reading_lock = threading.Lock()
        self._writer: int | None = None
        self._unreadable: set[tuple[str, int]] = set()
        self._connection = _connect(path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        self._damage_told = -_SECONDS_BETWEEN_WORDS
        if version > VERSION:
            self._connection.close()
            raise UserError(
                _("A newer Tunedesk made this data directory."),
                _("Update Tunedesk, or name another one with --data-dir."),
            )
        if version == 0:
            self._connection.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
            )
        self._reader = _connect(path)
        self._reader.execute("PRAGMA query_only = ON")
        missing = self._missing()
        if missing is not None:
            self.close()
            raise sqlite3.DatabaseError(missing)

    def _missing(self) -> str | None:
        """A table or a column that should be there and is not; None: all are."""
        with contextlib.closing(sqlite3.connect(":memory:")) as whole:
            whole.executescript(_SCHEMA)
            wanted = whole.execute(_COLUMNS).fetchall()
        found = {tuple(row) for row in self.rows(_COLUMNS)}
        tables = {table for table, _column in found}
        for table, column in wanted:
            if table not in tables:
                return f"the table {table} is missing"
            if (table, column) not in found:
                return f"the table {table} lacks its column {column}"
        return None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; what is written in it is there as a whole or not at all.

        Raises:
            OSError: The disk is full (ENOSPC); nothing was written.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._writer = threading.get_ident()
            try:
                yield self._connection
                self._connection.execute("COMMIT")
                self.disk_full.on_written()
            except BaseException as error:
                # A full disk may have ended it already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    self.disk_full.on_full()
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                raise
            finally:
                self._writer = None

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """The rows of a query; in a transaction, with what was written in it."""
        if self._writer == threading.get_ident():
            return _rows(self._connection, sql, values)
        with self._reading_lock:
            return _rows(self._reader, sql, values)

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query."""
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def readable(self, rows: list[sqlite3.Row], make: Callable[[sqlite3.Row], Item]) -> list[Item]:
        """What rows hold; one that cannot be read is left out and named in the log, once.

        Args:
            rows: Rows of a table with `number`.
            make: Makes something of a row.
        """
        made = []
        for row in rows:
            try:
                made.append(make(row))
            except (ValueError, TypeError, KeyError) as error:
                mark = (make.__qualname__, row["number"])
                if mark not in self._unreadable:
                    self._unreadable.add(mark)
                    logging.getLogger(__name__).error(
                        "Row %s of the database (%s) cannot be read and is left out: %s",
                        row["number"],
                        make.__module__,
                        error,
                    )
        return made

    def on_damage(self, error: sqlite3.Error) -> None:
        """Something in it could not be read or written: said in the log, once a minute."""
        if time.monotonic() - self._damage_told >= _SECONDS_BETWEEN_WORDS:
            self._damage_told = time.monotonic()
            logging.getLogger(__name__).error(
                "The database of the server cannot be used as a whole (%s). What can be read is "
                "answered. If it is damaged, stop the server and move server.sqlite3 elsewhere: it "
                "then starts with no jobs and no files, and the folders beside it stay.",
                error,
            )

    def close(self) -> None:
        """Close it."""
        with self._lock, self._reading_lock:
            self._reader.close()
            self._connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _rows(connection: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
        # A damaged text: shown with replacement characters rather than not at all.
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.text_factory = str


def json_value(text: str | None) -> Any:
    """The value of a column that holds JSON; None without.

    Lone surrogates, which an older version let in, are replaced: no answer could hold them.

    Raises:
        ValueError: It is not JSON.
    """
    if text is None:
        return None
    value = json.loads(text)
    if "\\ud" in text.lower():
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value


def new_id(prefix: str, length: int = 24) -> str:
    """An id that nobody can guess: the prefix, then random letters and digits."""
    return prefix + "".join(secrets.choice(_LETTERS) for _number in range(length))


def now() -> int:
    """The time as the API tells it: seconds since 1970."""
    return int(time.time())


_BEGAN = time.time(), time.monotonic()


def expiry_now() -> int:
    """The time by which files and uploads expire, in seconds since 1970.

    A clock that is set forward lets nothing expire: no more time passes than passes for this
    process. One that is set back gives things more time.
    """
    clock, passed = time.time(), time.monotonic() - _BEGAN[1]
    return int(min(clock, _BEGAN[0] + passed))


@dataclass(frozen=True)
class ListPage(Generic[Item]):
    """A page of a list.

    Attributes:
        items: What stands on it.
        has_more: Whether there is a page after it.
    """

    items: list[Item]
    has_more: bool


class CursorUnknown(Exception):  # noqa: N818  it is an answer, not a fault
    """The `after` of a request names nothing in the list."""


def read_page(
    database: Database,
    table: str,
    where: str,
    values: tuple[Any, ...],
    after: str | None,
    limit: int,
    ascending: bool = False,
) -> ListPage[sqlite3.Row]:
    """A page of a table's rows in the order of their numbers.

    Args:
        database: The database.
        table: The table; it has `number` and `id`.
        where: The condition of the list.
        values: The values in it.
        after: The id of the last row of the page before.
        limit: How many rows at most.
        ascending: Oldest first; otherwise newest first.

    Raises:
        CursorUnknown: `after` is not a row of the table.
    """
    order, sign = ("ASC", ">") if ascending else ("DESC", "<")
    if after is not None:
        cursor = database.row(f"SELECT number FROM {table} WHERE id = ?", after)
        if cursor is None:
            raise CursorUnknown
        where = f"({where}) AND number {sign} ?"
        values = (*values, cursor["number"])
    rows = database.rows(
        f"SELECT * FROM {table} WHERE {where} ORDER BY number {order} LIMIT ?",
        *values,
        limit + 1,
    )
    return ListPage(rows[:limit], len(rows) > limit)
