"""Making and opening project files: who has it, is it ours, is it whole."""

import contextlib
import os
import platform
import shutil
import sqlite3
import stat
import uuid
from pathlib import Path
from typing import NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import migrations, schema
from tunedesk.project.damage import ProjectDamagedError, moved_error
from tunedesk.project.left_logs import may_need_log, project_id, settle_log
from tunedesk.project.lock import (
    Holder,
    ProjectLock,
    Whereabouts,
    file_id,
    journal_path,
    log_path,
    real_path,
)
from tunedesk.project.storage import storage_note
from tunedesk.project.store import (
    SharedState,
    Store,
    configure_writer,
    connect,
    damage_in,
    fold_log_in,
    stoppable,
    user_name,
)

_SQLITE_HEADER = b"SQLite format 3\x00"
_LEAST_ROOM = 500_000


class Opened(NamedTuple):
    """An open project file.

    Attributes:
        store: The connection.
        held_by: Who has it open for writing, if that is somebody else.
        note: What the user should know of the place where the file lies.
    """

    store: Store
    held_by: Holder | None
    note: str | None


def create(path: Path, author: str) -> Opened:
    """Make a new project file and open it.

    Raises:
        UserError: There is a file of that name, or the folder cannot be written.
    """
    if path.exists():
        raise UserError(
            _("There is a file {name} already.").format(name=path.name),
            _("Choose another name."),
        )
    made = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
        with contextlib.closing(connect(made, create=True)) as connection:
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("BEGIN IMMEDIATE")
            schema.create_tables(connection)
            connection.execute(
                "INSERT INTO source(id, kind, name, path, encoding, model, time, uid)"
                " VALUES (1, 'written', 'written', '', '', '', 0, ?)",
                (os.urandom(16),),
            )
            connection.execute("COMMIT")
        _give_name(made, path)
    except (OSError, sqlite3.Error) as error:
        if made is not None:
            made.unlink(missing_ok=True)
        raise _cannot_make(path) from error
    try:
        opened = open_file(path, author, read_only=False)
        if opened.store.read_only:
            # There was no room, or no right, for the files that are made beside it.
            opened.store.close()
            raise _cannot_make(path)
    except UserError:
        path.unlink(missing_ok=True)
        raise
    return opened


def _give_name(made: Path, path: Path) -> None:
    """Give a whole file its name, unless another file has got that meanwhile.

    Raises:
        OSError: There is a file of that name.
    """
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise
        made.rename(path)
    else:
        made.unlink()


def _cannot_make(path: Path) -> UserError:
    if _is_full(path.parent):
        return UserError(
            _("The project {name} could not be made: the disk is full.").format(name=path.name),
            _("Make room on the disk, or choose another folder."),
        )
    return UserError(
        _("The project {name} could not be made in {folder}.").format(
            name=path.name, folder=path.parent
        ),
        _("Choose a folder that you can write to."),
    )


SLOW_TO_MIGRATE = 10_000_000
SLOW_LOG = 50_000_000


def opens_slowly(path: Path) -> bool:
    """Whether opening takes long enough to be told of: much has to be rewritten or folded in first.

    So it is with a large project of an older version, after a crash in the middle of much work, and
    where the log has to be found that belongs to a large file. A file that cannot be looked at
    opens, or fails, at once.
    """
    try:
        check_is_file(path)
        size = path.stat().st_size
        version = int.from_bytes(ProjectLock.read_head(path, 64)[60:64], "big")
        if version < schema.SCHEMA_VERSION and size > SLOW_TO_MIGRATE:
            return True
        file = real_path(path)
        if size > SLOW_LOG and may_need_log(file):
            return True
        logs = (log_path(file), journal_path(file))
        return any(log.is_file() and log.stat().st_size > SLOW_LOG for log in logs)
    except (OSError, UserError):
        return False


def open_file(
    path: Path, author: str, *, read_only: bool, progress: Progress = no_progress
) -> Opened:
    """Open a project file; for reading only if somebody else has it.

    Args:
        path: The file.
        author: Who opens it; empty for the system's user.
        read_only: Write nothing into it.
        progress: Called now and then while an older file is brought up; may cancel.

    Raises:
        UserError: It is not there, not a project, newer than this program, or damaged.
        Cancelled: By `progress`; the file is as it was.
    """
    _check_header(path)
    tried = ProjectLock(path)
    lock, holder = None, None
    if not read_only or may_need_log(tried.path):
        lock, holder = _take(tried, author)
    try:
        if lock is not None:
            settle_log(lock)
            if read_only:
                lock.release()
                lock = None
        if holder is not None:
            file = _file_of_holder(tried, holder)
        else:
            file = tried.path if lock is not None else tried.name_with_log()
        return _open_locked(path, file, author, lock, None if read_only else holder, progress)
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, sqlite3.OperationalError):
            raise _cannot_open(path, error) from error
        if isinstance(error, sqlite3.DatabaseError):
            raise _damaged(path) from error
        raise


def _open_locked(
    path: Path,
    file: Path,
    author: str,
    lock: ProjectLock | None,
    holder: Holder | None,
    progress: Progress,
) -> Opened:
    read_only = lock is None
    note = storage_note(file)
    had_log = log_path(file).exists()
    connection = connect(file, read_only=read_only)
    copy = None
    try:
        _compare_schema(connection, path)
        if lock is not None:
            migrations.migrate(connection, file, progress=progress)
            configure_writer(connection, rollback_journal=note is not None)
            lock.note_log(project_id(connection))
        elif connection.execute("PRAGMA user_version").fetchone()[0] < schema.SCHEMA_VERSION:
            connection, copy = _readable_copy(connection, progress)
        shared = SharedState(
            copy or file, file_id(copy or file), lock, author or user_name(), is_copy=bool(copy)
        )
        if note is None:
            shared.track_head()
        return Opened(Store(connection, path, shared, read_only=read_only), holder, note)
    except BaseException:
        if lock is not None:
            fold_log_in(connection)
        connection.close()
        if lock is not None and not had_log:
            _remove_empty_log(file)
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise


def _remove_empty_log(file: Path) -> None:
    """Take away the log of an opening that failed before anything was written, on a full disk."""
    log = log_path(file)
    with contextlib.suppress(OSError):
        if log.stat().st_size == 0:
            log.unlink()
            file.with_name(file.name + "-shm").unlink(missing_ok=True)


def _file_of_holder(tried: ProjectLock, holder: Holder) -> Path:
    """The name by which to read a project that somebody else has open: that of its log.

    Raises:
        UserError: There is no such name.
    """
    file = tried.path
    known = holder.inode and holder.machine == platform.node()
    if not tried.under_another_name:
        if known and holder.file != file_id(file):
            raise UserError(
                _("A project that had the name {name} before is still open.").format(
                    name=file.name
                ),
                _("Close it first; then open this one."),
            )
        return file
    if holder.path:
        with contextlib.suppress(OSError):
            if file_id(Path(holder.path)) == file_id(file):
                return Path(holder.path)
    raise UserError(
        _("The project {name} is open already, under another name.").format(name=file.name),
        _("Close it there first; then open it here."),
    )


def _is_full(folder: Path) -> bool:
    """Whether a disk has not even room for SQLite's own files; it says "I/O error" then."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:
        return False


def _cannot_open(path: Path, error: sqlite3.OperationalError) -> UserError:
    if "full" in str(error) or _is_full(path.parent):
        return UserError(
            _("The project {name} cannot be opened: the disk is full.").format(name=path.name),
            _("Make room on the disk and open it again. Nothing was changed."),
        )
    return UserError(
        _("The project {name} cannot be opened here: {reason}.").format(
            name=path.name, reason=error
        ),
        _("Copy it to a folder that you can write to, and open the copy."),
    )


def _readable_copy(
    connection: sqlite3.Connection, progress: Progress
) -> tuple[sqlite3.Connection, Path]:
    """A copy, for this opening only, of an older project that cannot be written: brought up.

    It shows the project as it is now; what somebody else writes into it meanwhile is not seen.
    """
    file = migrations.new_file_in(None, "tunedesk-")
    try:
        migrations.copy_into(connection, file, progress)
        with contextlib.closing(connect(file)) as copy:
            migrations.migrate(copy, None, progress=progress)
        opened = connect(file, read_only=True)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    connection.close()
    return opened, file


def open_handle(store: Store) -> Store:
    """A second connection to a project that is open here, for another thread.

    It is made in that thread, so the first connection must not be touched: a question asked there
    in the midst of a commit makes the commit fail.

    Raises:
        ProjectFileMovedError: The file is not where it was.
    """
    shared = store.shared
    _check_in_place(store)
    try:
        connection = connect(shared.file, read_only=store.read_only)
    except sqlite3.OperationalError:
        # It may have been renamed between the look and this; else the error is what it is.
        _check_in_place(store)
        raise
    try:
        if not store.read_only:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            configure_writer(connection, rollback_journal=mode != "wal")
        # Another file may have taken the name just now: it must not get this project's log.
        _check_in_place(store)
    except BaseException:
        connection.close()
        raise
    return Store(connection, store.path, shared, read_only=store.read_only)


def _check_in_place(store: Store) -> None:
    """Refuse to open the file a second time when another file has its name, or none."""
    whereabouts = store.shared.file_state().whereabouts
    if whereabouts is Whereabouts.UNREACHABLE:
        raise UserError(
            _("The folder of the project {name} cannot be reached.").format(name=store.path.name),
            _("Look whether the drive or the network is there."),
        )
    if whereabouts is not Whereabouts.IN_PLACE:
        raise moved_error()


def fold_in(path: Path) -> None:
    """Make the project one file again, if its writer has gone while others were reading."""
    if not log_path(real_path(path)).exists():
        return
    lock, _holder = _take(ProjectLock(path), "")
    if lock is None:
        return
    try:
        settle_log(lock)
        with contextlib.closing(connect(lock.path)) as connection:
            fold_log_in(connection)
    finally:
        lock.release()


def _take(lock: ProjectLock, author: str) -> tuple[ProjectLock | None, Holder | None]:
    """Take a lock; without it, who has it, if anybody has."""
    try:
        holder = lock.acquire(author or user_name())
    except OSError:
        # The file or its folder cannot be written: the project can still be read.
        return None, None
    return (lock, None) if holder is None else (None, holder)


def _check_header(path: Path) -> None:
    """Read the first bytes, before SQLite sees the file."""
    try:
        check_is_file(path)
        header = ProjectLock.read_head(path, 100)
    except FileNotFoundError as error:
        raise UserError(
            _("The project {name} is not there.").format(name=path.name),
            _("It was moved or deleted; look for it in {folder}.").format(
                folder=path.absolute().parent
            ),
        ) from error
    except OSError as error:
        raise UserError(
            _("The project {name} cannot be read: {reason}.").format(
                name=path.name, reason=error.strerror
            )
        ) from error
    application_id = int.from_bytes(header[68:72], "big")
    if not header.startswith(_SQLITE_HEADER) or application_id != schema.APPLICATION_ID:
        raise UserError(
            _("{name} is not a Tunedesk project.").format(name=path.name),
            _("To bring in a data file, make a project and import the file into it."),
        )
    if int.from_bytes(header[60:64], "big") > schema.SCHEMA_VERSION:
        raise UserError(
            _("The project {name} was made by a newer Tunedesk.").format(name=path.name),
            _("Install the newest version to open it. Nothing was changed."),
        )


def check_is_file(path: Path) -> None:
    """Refuse what is no file on a disk: reading a pipe or a device may never come to an end.

    Raises:
        UserError: It is something else, or SQLite would read something else beside it.
        OSError: It is not there, or its folder cannot be looked into.
    """
    for suffix in ("", "-wal", "-journal", "-shm"):
        part = path.with_name(path.name + suffix)
        try:
            mode = part.stat().st_mode
        except FileNotFoundError:
            if suffix:
                continue
            raise
        if not stat.S_ISREG(mode):
            raise UserError(
                _("{name} is not a file that can be opened.").format(name=part.name),
                _("It is a folder, a pipe or a device. Choose a project file."),
            )


def _compare_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that holds other tables, views or triggers than ours."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application_id: int = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id == schema.APPLICATION_ID and version in schema.SCHEMAS:
        found = schema.found_objects(connection)
        if found == schema.expected_objects(version):
            return
        extra = found - schema.expected_objects(version)
        if extra:
            raise UserError(
                _("{name} holds things that no Tunedesk project holds ({things}).").format(
                    name=path.name,
                    things=", ".join(sorted(f"{kind} {name}" for kind, name, _sql in extra)[:3]),
                ),
                _("It was not opened, to be safe. Ask whoever sent it for an export (JSONL)."),
            )
    raise _damaged(path)


def _damaged(path: Path) -> ProjectDamagedError:
    return ProjectDamagedError(
        _("The project {name} is damaged and cannot be opened.").format(name=path.name),
        _(
            "Nothing was changed. Go back to a backup, or write what can be read into a new"
            " project (`tunedesk rescue`)."
        ),
    )


def find_damage(store: Store, progress: Progress = no_progress) -> list[str]:
    """What SQLite finds wrong with the file, in its own words; empty when it is whole.

    Args:
        store: A handle of the project, in a background thread: slow for large files.
        progress: Called now and then; may cancel.
    """
    try:
        with stoppable(store.connection, progress):
            return damage_in(store.connection)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return [str(error)]
