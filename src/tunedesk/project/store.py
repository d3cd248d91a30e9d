"""One connection to a project file: transactions, what its handles share, closing as one file.

Bulk work is written in many short transactions, whose size follows what was measured, so that
typing never waits for it.
"""

import contextlib
import getpass
import os
import platform
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from xxhash import xxh32_intdigest

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.damage import (
    DiskFullError,
    GuardedConnection,
    ProjectDamagedError,
    disk_error,
    is_of_the_disk,
)
from tunedesk.project.lock import (
    FileId,
    FileState,
    ProjectLock,
    Whereabouts,
    log_path,
    state_of,
)
from tunedesk.project.project_change import ProjectChange

SMALL = 500
"""Work on at most so many rows is one transaction; more is cut into batches."""

_AIM_SECONDS = 0.008
_FEWEST, _MOST = 50, 20_000


class BatchSize:
    """A number of rows that follows what was measured.

    Attributes:
        rows: How many rows the next transaction should take.
    """

    def __init__(self, rows: int = 300, aim_seconds: float = _AIM_SECONDS) -> None:
        self.rows = rows
        self._aim = aim_seconds

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure a transaction of `rows` rows and adapt."""
        start = time.perf_counter()
        yield
        spent = time.perf_counter() - start
        factor = min(2.0, max(0.4, self._aim / max(spent, 1e-6)))
        self.rows = int(min(_MOST, max(_FEWEST, self.rows * factor)))


def user_name() -> str:
    """The name of the system's user; "user" where the system does not tell."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "user"


class TailHits(NamedTuple):
    """What a plain look at texts found that the search index lacks.

    Attributes:
        low: The version behind which was looked.
        high: The last version that was looked at.
        hits: The versions found.
    """

    low: int
    high: int
    hits: tuple[int, ...]


@dataclass
class SharedState:
    """What all the handles of one open project share.

    Attributes:
        file: The file that is open, symbolic links followed: the project, or a copy of it that
            this program can read.
        file_id: What names that file whatever its names are.
        lock: The lock file, held while the project is open for writing; None when read-only.
        author: Who makes changes here, as the history names them.
        machine: The name of this computer.
        session: Names this opening of the project; random.
        clock: Seconds since 1970; a test may pass its own.
        writing: Held during each transaction that writes. Bulk work pauses between its
            transactions, so a keystroke never waits longer than one of them.
        order_epoch: Rises when rows come, go or move other than at the end.
        handles: How many connections are open.
        tail_hits: What the latest searches found in texts that the search index lacks.
        checkpoint_not_before: When the log may be folded in again, by the monotonic clock.
        interactive: How many writers wait that are not bulk work.
        is_copy: Whether the file is a copy for this opening only.
        unfinished: Ids of changes that a full disk stopped on the way, to be put right as soon as
            there is room.
        head: The first bytes of the file since the log was folded in last; None where that is not
            kept track of: without a log, each commit writes into the file.
    """

    file: Path
    file_id: FileId
    lock: ProjectLock | None
    author: str = ""
    machine: str = field(default_factory=platform.node)
    session: bytes = field(default_factory=lambda: os.urandom(16))
    clock: Callable[[], float] = time.time
    writing: threading.RLock = field(default_factory=threading.RLock)
    order_epoch: int = 0
    handles: int = 0
    tail_hits: dict[str, TailHits] = field(default_factory=dict)
    checkpoint_not_before: float = 0.0
    interactive: int = 0
    is_copy: bool = False
    unfinished: set[int] = field(default_factory=set)
    head: bytes | None = None
    _folding: threading.Lock = field(default_factory=threading.Lock)
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _subscribers: list[Callable[[ProjectChange], None]] = field(default_factory=list)

    def file_state(self) -> FileState:
        """Where the file is now, and whether somebody else wrote into it; for any thread."""
        if self.lock is None:
            return state_of(self.file, self.file_id)
        state = self.lock.state()
        if state.whereabouts is Whereabouts.IN_PLACE and self._folding.acquire(blocking=False):
            try:
                if self._is_overwritten():
                    return FileState(Whereabouts.OVERWRITTEN, state.path)
            finally:
                self._folding.release()
        return state

    def log_state(self) -> tuple[int, int] | None:
        """The size (bytes) and time of the log; None if there is none, or nothing is written."""
        if self.lock is None:
            return None
        try:
            status = log_path(self.file).stat()
        except OSError:
            return None
        return (status.st_size, status.st_mtime_ns) if status.st_size else None

    def track_head(self) -> None:
        """From now on only `fold` writes into the file itself; whatever else does is noticed."""
        self.head = self.lock.head() if self.lock is not None else None

    def fold(self, connection: sqlite3.Connection) -> None:
        """Fold the log into the file, as far as nobody reads an older state of it."""
        with self._folding:
            if self._is_overwritten():
                return  # the file holds something else: it is not made worse
            try:
                with contextlib.suppress(sqlite3.OperationalError, ProjectDamagedError):
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                if self.head is not None:
                    self.track_head()

    def _is_overwritten(self) -> bool:
        return self.head is not None and self.lock is not None and self.lock.head() != self.head

    def count_handle(self, change: int) -> int:
        """Count a connection that opens (1) or closes (-1); returns how many are open."""
        with self._counting:
            self.handles += change
            return self.handles

    def count_interactive(self, change: int) -> None:
        """Count a writer that begins (1) or ends (-1) to wait and is not bulk work."""
        with self._counting:
            self.interactive += change

    def order_changed(self) -> None:
        """Rows came, went or moved elsewhere than at the end, and that is committed."""
        with self._counting:
            self.order_epoch += 1

    def subscribe(self, callback: Callable[[ProjectChange], None]) -> Callable[[], None]:
        """Call back after each change, in the thread that made it; returns how to stop that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def publish(self, change: ProjectChange) -> None:
        """Tell all subscribers."""
        for callback in list(self._subscribers):
            callback(change)


Row = tuple[Any, ...]


_WAIT_SECONDS = 10.0
_CACHE_KIB = 32_768
_CHECKPOINT_BYTES = 48_000_000
_MOST_BYTES_OF_LOG = 131_000_000
_BULK_PAUSE_SECONDS = 0.001
_LIMITS = {
    # What our own statements need many times over; a stranger's schema gets no further.
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_CHECKPOINT_PAUSE_SECONDS = 0.5


def connect(
    path: Path, *, read_only: bool = False, create: bool = False, alone: bool = False
) -> sqlite3.Connection:
    """Open the file with the settings that keep a stranger's file harmless.

    Args:
        path: The file.
        read_only: Write nothing.
        create: Make it if it is not there.
        alone: Leave the log beside it aside, and lock nothing.
    """
    mode = "ro" if read_only else "rwc" if create else "rw"
    address = path.absolute().as_uri()
    if not address.startswith("file:///"):
        # A Windows share: SQLite takes the server for part of the path.
        address = address.replace("file://", "file:////", 1)
    connection = sqlite3.connect(
        f"{address}?mode={mode}{'&immutable=1' if alone else ''}",
        uri=True,
        timeout=_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=GuardedConnection,
    )
    for category, most in _LIMITS.items():
        connection.setlimit(category, most)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def configure_writer(connection: sqlite3.Connection, *, rollback_journal: bool) -> None:
    """Choose how changes reach the disk."""
    mode = "DELETE" if rollback_journal else "WAL"
    connection.execute(f"PRAGMA journal_mode = {mode}")
    # With WAL, NORMAL never loses a commit when the process dies, only when the power fails.
    connection.execute(f"PRAGMA synchronous = {'FULL' if rollback_journal else 'NORMAL'}")
    # Folding in happens between transactions (checkpoint_if_large), and nowhere else: what else
    # writes into the file is another program.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    # The log shrinks when it begins anew, so that its size tells what is not folded in.
    connection.execute("PRAGMA journal_size_limit = 1000000")
    connection.execute("PRAGMA temp_store = MEMORY")


_STEPS_PER_REPORT = 100_000


@contextlib.contextmanager
def stoppable(connection: sqlite3.Connection, progress: Progress) -> Iterator[None]:
    """Call `progress(0, None)` now and then while SQLite works on a statement of this connection.

    What it raises ends the statement, and is raised here.
    """
    failure: list[BaseException] = []

    def report() -> int:
        try:
            progress(0, None)
        except BaseException as error:
            failure.append(error)
            return 1
        return 0

    connection.set_progress_handler(report, _STEPS_PER_REPORT)
    try:
        yield
    except sqlite3.OperationalError:
        if failure:
            raise failure[0] from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


def damage_in(connection: sqlite3.Connection, *, most: int = 20) -> list[str]:
    """What is wrong with a file, in SQLite's own words; empty when it is whole.

    Each index is compared with its table too: a row that only an index has lost is left out of
    lists and exports. That costs a third more than to leave it aside. And each text is compared
    with its checksum: SQLite does not notice a letter that has changed.
    """
    found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({most})")]
    if found != ["ok"]:
        return found
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < 4:
        return []
    connection.create_function("xxh32", 1, _checksum, deterministic=True)
    return [
        f"the text of version {version_id} is not as it was written"
        for (version_id,) in connection.execute(
            "SELECT id FROM version_text WHERE checksum != xxh32(text) LIMIT ?", (most,)
        )
    ]


def _checksum(text: object) -> int | None:
    return xxh32_intdigest(text) if isinstance(text, bytes) else None


def fold_log_in(connection: sqlite3.Connection) -> None:
    """Bring everything into the one file, unless somebody is still reading."""
    with contextlib.suppress(sqlite3.OperationalError, ProjectDamagedError):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")


class Store:
    """A connection, used by one thread at a time, and what it shares with the other handles.

    Attributes:
        connection: The SQLite connection, without transactions of its own making.
        path: The project file.
        read_only: Whether nothing may be written.
        shared: What the handles of this project share.
        column_ids: The numbers of columns in the log of changes, by table and column.
        on_rollback: Called after a transaction came to nothing, for what was remembered from it.
        last_change: The change that was begun last through this connection and can be undone.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, shared: SharedState, *, read_only: bool
    ) -> None:
        self.connection = connection
        self.path = path
        self.shared = shared
        self.read_only = read_only
        self.column_ids: dict[tuple[str, str], int] = {}
        self.on_rollback: list[Callable[[], None]] = [self.column_ids.clear]
        self.last_change: int | None = None
        self._depth = 0
        self._unpublished: list[ProjectChange] = []
        self._order_changed = False
        shared.count_handle(1)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        found: Row | None = self.connection.execute(sql, parameters).fetchone()
        return found

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, parameters)
        return found[0] if found else None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement; returns how many rows it changed."""
        return self.connection.execute(sql, parameters).rowcount

    def now(self) -> int:
        """The time in milliseconds since 1970."""
        return int(self.shared.clock() * 1000)

    def order_changed(self) -> None:
        """Rows come, go or move elsewhere than at the end, in the transaction under way."""
        self._order_changed = True
        if not self._depth:
            self._publish_waiting()

    def publish(self, change: ProjectChange) -> None:
        """Tell the subscribers, once the transaction under way is committed."""
        self._unpublished.append(change)
        if not self._depth:
            self._publish_waiting()

    @contextlib.contextmanager
    def transaction(self, *, bulk: bool = False) -> Iterator[None]:
        """Everything inside is written together or not at all; may be nested.

        Args:
            bulk: One of many transactions of the same work: lets others write in between.

        Raises:
            UserError: The project is open for reading only, or the disk refuses.
        """
        if self.read_only:
            raise UserError(
                _("This project is open for reading only, so nothing was changed."),
                _("Close it where else it is open, then open it here again."),
            )
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        if bulk and self.shared.interactive:
            threading.Event().wait(_BULK_PAUSE_SECONDS)
        self.shared.count_interactive(int(not bulk))
        try:
            self.shared.writing.acquire()
        finally:
            self.shared.count_interactive(-int(not bulk))
        try:
            self._run_transaction_start()
            last_change = self.last_change
            try:
                yield
            except BaseException as error:
                self._depth = 0
                self.last_change = last_change
                self._unpublished.clear()
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                for forget in self.on_rollback:
                    forget()
                if isinstance(error, sqlite3.OperationalError) and is_of_the_disk(error):
                    raise self._failure(error) from error
                raise
            self._depth = 0
            self._commit()
            self.checkpoint_if_large(_MOST_BYTES_OF_LOG)
        finally:
            self.shared.writing.release()
        self._publish_waiting()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything inside is read as it was at the beginning, whatever is written meanwhile."""
        if self._depth:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            # Nothing was written. SQLite may have ended it already, over a damaged page.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def _run_transaction_start(self) -> None:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._failure(error) from error
        self._depth = 1

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._unpublished.clear()
            self.last_change = None
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise self._failure(error) from error
        except ProjectDamagedError:
            self._unpublished.clear()
            self.last_change = None
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise

    def _failure(self, error: sqlite3.OperationalError) -> UserError:
        """What to say of a transaction that the system refused."""
        failure = disk_error(error)
        if isinstance(failure, DiskFullError):
            # Room inside the log, so that a change can be taken back without room on the disk.
            self.shared.fold(self.connection)
        return failure

    def _publish_waiting(self) -> None:
        if self._order_changed:
            self._order_changed = False
            self.shared.order_changed()
        waiting, self._unpublished = self._unpublished, []
        for change in waiting:
            self.shared.publish(change)

    def checkpoint_if_large(self, bytes_of_log: int = _CHECKPOINT_BYTES) -> None:
        """Fold the write-ahead log into the file when it has grown; others may write meanwhile."""
        try:
            large = log_path(self.shared.file).stat().st_size > bytes_of_log
        except OSError:
            return
        now = time.monotonic()
        if large and not self.read_only and now > self.shared.checkpoint_not_before:
            # While somebody reads an older state the log cannot shrink: do not try all the time.
            self.shared.checkpoint_not_before = now + _CHECKPOINT_PAUSE_SECONDS
            self.shared.fold(self.connection)

    def close(self) -> None:
        """Close the connection; the last writing handle folds everything into the one file."""
        left = self.shared.count_handle(-1)
        if not self.read_only and not left:
            if self.shared.file_state().whereabouts is Whereabouts.OVERWRITTEN:
                # SQLite would write the log into what is another file now; what is cut off it
                # leaves alone.
                with contextlib.suppress(OSError):
                    os.truncate(log_path(self.shared.file), 0)
            else:
                fold_log_in(self.connection)
        self.connection.close()

    def state_of_changes(self) -> tuple[int, int]:
        """Another one after each write, whichever connection made it."""
        return self.connection.total_changes, self.value("PRAGMA data_version")

    def write_although_moved(self) -> None:
        """Let this connection write to a file that was renamed or deleted, for the last changes.

        With a log beside the file that goes anyway; a journal in memory stands in for one there.
        """
        (mode,) = self.connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal" and not self.read_only:
            self.connection.execute("PRAGMA journal_mode = MEMORY")
