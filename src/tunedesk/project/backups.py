"""Backups that are made by themselves while a project is open, and going back to one.

They are whole projects in the user's own folder, not beside the project: what befalls a folder (a
sync that goes wrong, a stick that is lost) does not befall them. Each is written aside and gets its
name once it is whole, checked and on the disk. All of the last day are kept, then one a day, then
one a week; the oldest go first where together they grow beyond a bound.
"""

import contextlib
import datetime
import hashlib
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import user_data_dir
from tunedesk.progress import Progress, no_progress
from tunedesk.project import left_logs, migrations
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.lock import ProjectLock, journal_path, log_path
from tunedesk.project.project import Project
from tunedesk.project.store import connect, damage_in, stoppable, user_name

EVERY_SECONDS = 3_600.0
"""A backup is due when the project was changed and the last one is so old."""

MOST_BYTES = 2_000_000_000
"""So much do the backups of one project take together; the latest is kept in any case."""

_DAY = 86_400.0
_ALL_FOR, _DAILY_FOR, _WEEKLY_FOR = _DAY, 14 * _DAY, 70 * _DAY
_PAGES_PER_STEP = 1_000
_MOST_RESTARTS = 3
_ROOM_FACTOR = 2
_NAME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)Z, (\d+) examples(, before going back)?(, damaged)?\.tunedesk"
)


class Backup(NamedTuple):
    """A backup of a project.

    Attributes:
        path: The file: a whole project.
        time: When it was made, in seconds since 1970.
        size: Its bytes.
        examples: How many examples it has.
        before_going_back: Whether it keeps what was given up when somebody went back.
        damaged: Whether it was made of a damaged project: kept for a rescue, not to go back to.
    """

    path: Path
    time: float
    size: int
    examples: int
    before_going_back: bool
    damaged: bool


def backups_folder() -> Path:
    """Where the backups of all projects lie."""
    return user_data_dir() / "backups"


def backups_of(project: Path) -> list[Backup]:
    """The backups of the project of this name, the newest first; nothing of the file is read.

    Those of a project that had another name before are among them once it has that name no more.
    """
    found: list[Backup] = []
    own = _folder_name(project)
    identity = None
    for folder, where, named in _folders():
        if folder.name == own or where == str(project.absolute()):
            found.extend(_in_folder(folder))
            identity = identity or named
    for folder, where, named in _folders():
        moved = folder.name != own and where != str(project.absolute())
        if moved and identity and named == identity and not Path(where).exists():
            found.extend(_in_folder(folder))
    return sorted(set(found), key=lambda backup: -backup.time)


class KeptCopy(NamedTuple):
    """A project that lost its file while it was open: the copy may be all that there is of it.

    Attributes:
        path: The copy: a whole project.
        time: When it was written last, in seconds since 1970.
        size: Its bytes.
    """

    path: Path
    time: float
    size: int


def kept_folder() -> Path:
    """Where the copies of projects lie that lost their file while they were open."""
    return user_data_dir() / "kept"


def path_for_kept_copy(project: Path) -> Path:
    """A name of its own for the copy of a project that has no file."""
    folder = kept_folder()
    path = folder / project.name
    number = 2
    while path.exists():
        path = folder / f"{project.stem} {number}{project.suffix}"
        number += 1
    return path


def kept_copies() -> list[KeptCopy]:
    """The kept copies, the latest first."""
    found = []
    with contextlib.suppress(OSError):
        for path in kept_folder().glob("*.tunedesk"):
            with contextlib.suppress(OSError):
                status = path.stat()
                if not path.name.startswith("."):
                    found.append(KeptCopy(path, status.st_mtime, status.st_size))
    return sorted(found, key=lambda copy: -copy.time)


def delete_kept_copy(path: Path) -> None:
    """Delete a kept copy for good.

    Raises:
        UserError: It is open, here or elsewhere, or the system refuses.
    """
    lock = ProjectLock(path)
    try:
        if lock.acquire(user_name()) is not None:
            raise UserError(
                _("“{name}” is open, so it was not deleted.").format(name=path.stem),
                _("Close it first."),
            )
        try:
            for part in (path, log_path(path), journal_path(path), _index_path(path)):
                part.unlink(missing_ok=True)
        finally:
            lock.release()
    except OSError as error:
        raise UserError(
            _("“{name}” could not be deleted: {reason}.").format(
                name=path.stem, reason=error.strerror
            )
        ) from error


def is_due(project: Project, clock: Callable[[], float] = time.time) -> bool:
    """Whether the project has changed since its latest backup and that is an hour old."""
    if project.read_only:
        return False
    latest = next((one for one in backups_of(project.path) if not one.damaged), None)
    if latest is None:
        return True
    if abs(clock() - latest.time) < EVERY_SECONDS:
        return False
    return _state(project.context.store.connection) != _noted_state(latest.path)


def back_up(
    project: Project,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.time,
) -> Backup | None:
    """Make a backup and thin out the earlier ones.

    Args:
        project: A handle of the project, in a background thread.
        progress: Told pages copied, and of how many; may cancel.
        clock: Seconds since 1970; a test may pass its own.

    Returns:
        The backup; None where the disk has no room for it, or others write all the time.

    Raises:
        UserError: It cannot be written.
        ProjectDamagedError: The project is damaged: earlier backups are kept.
        Cancelled: By `progress`; nothing is left behind.
    """
    store = project.context.store
    folder = backups_folder() / _folder_name(project.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _note_project(folder, project.path, left_logs.project_id(store.connection))
        if not _has_room(folder, store.connection):
            return None
        made = _write(store.connection, folder, progress, clock(), checked=True)
        if made is not None:
            thin_out(_in_folder(folder), clock())
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return made


def thin_out(backups: Sequence[Backup], now: float, most_bytes: int = MOST_BYTES) -> list[Backup]:
    """Delete those that are too many; returns what is kept, the newest first.

    All of the last day are kept, then the latest of each day for two weeks, then the latest of each
    week for ten; together no more than so many bytes. The newest is always kept, and so are two
    that keep what somebody gave up by going back.
    """
    kept: list[Backup] = []
    seen: set[tuple[str, int]] = set()
    room = most_bytes
    given_up = 0
    for backup in sorted(backups, key=lambda one: -one.time):
        age = now - backup.time
        special = (backup.before_going_back or backup.damaged) and given_up < 2
        if age < _ALL_FOR:
            wanted = True
        elif age < _WEEKLY_FOR:
            span = ("day", _DAY) if age < _DAILY_FOR else ("week", 7 * _DAY)
            key = (span[0], int(backup.time // span[1]))
            wanted = key not in seen
            seen.add(key)
        else:
            wanted = False
        if not kept or ((wanted or special) and backup.size <= room):
            kept.append(backup)
            room -= backup.size
            given_up += special
        else:
            with contextlib.suppress(OSError):
                backup.path.unlink()
    return kept


def go_back(project: Path, backup: Backup, clock: Callable[[], float] = time.time) -> Backup | None:
    """Put a backup in the place of a project that is closed; what is there now is kept as one too.

    Args:
        project: The project; it need not be readable, or be there.
        backup: What to go back to.
        clock: Seconds since 1970; a test may pass its own.

    Returns:
        The backup of what was there; None if there was nothing.

    Raises:
        UserError: The backup is gone or damaged, the project is open elsewhere, or the disk
            refuses; the project is as it was.
    """
    _check_whole(backup)
    folder = backups_folder() / _folder_name(project)
    lock = ProjectLock(project) if project.exists() else None
    temporary = None
    try:
        if lock is not None and lock.acquire(user_name()) is not None:
            lock = None
            raise UserError(
                _("The project {name} is open elsewhere, so nothing was changed.").format(
                    name=project.name
                ),
                _("Close it there first."),
            )
        folder.mkdir(parents=True, exist_ok=True)
        kept = None if lock is None else _keep_present(project, lock, folder, clock())
        temporary = migrations.new_file_in(project.parent, f".{project.stem[:40]}-")
        shutil.copyfile(backup.path, temporary)
        migrations.flush(temporary)
        for log in (log_path(project), journal_path(project), _index_path(project)):
            log.unlink(missing_ok=True)
        if lock is not None:
            # An open file cannot be replaced everywhere.
            lock.release()
            lock = None
        temporary.replace(project)
        migrations.flush(project.parent)
    except OSError as error:
        raise UserError(
            _("The backup could not be put in the place of the project: {reason}.").format(
                reason=error.strerror
            ),
            _("Nothing was changed. Make room on the disk, or look whether its folder is there."),
        ) from error
    finally:
        if lock is not None:
            lock.release()
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return kept


def _keep_present(project: Path, lock: ProjectLock, folder: Path, now: float) -> Backup:
    """Keep the project as it is; byte for byte where it is too damaged to be read."""
    with contextlib.suppress(sqlite3.Error, UserError):
        with contextlib.closing(connect(project)) as connection:
            made = _write(connection, folder, no_progress, now, mark=", before going back")
        if made is not None:
            return made
    kept = _free_name(folder, now, 0, ", before going back, damaged")
    aside = kept.with_name(f".{kept.name}.part")
    try:
        with aside.open("wb") as target:
            offset = 0
            while part := lock.read_at(offset, 1 << 20):
                target.write(part)
                offset += len(part)
        aside.replace(kept)
    finally:
        aside.unlink(missing_ok=True)
    for log in (log_path(project), journal_path(project)):
        if log.exists():
            shutil.copyfile(log, kept.with_name(kept.name + log.name.removeprefix(project.name)))
    return _read_name(kept) or Backup(kept, now, 0, 0, True, True)


def _write(
    connection: sqlite3.Connection,
    folder: Path,
    progress: Progress,
    now: float,
    *,
    mark: str = "",
    checked: bool = False,
) -> Backup | None:
    """Write a backup aside, check it, and give it its name; None if others write all the time."""
    aside = migrations.new_file_in(folder, ".")
    try:
        with contextlib.closing(sqlite3.connect(aside, isolation_level=None)) as target:
            if not _copy(connection, target, progress):
                return None
            target.execute("PRAGMA journal_mode = DELETE")
            if checked and not _is_whole(target, progress):
                raise ProjectDamagedError
            (examples,) = target.execute(
                "SELECT count(*) FROM example WHERE deleted = 0"
            ).fetchone()
        migrations.flush(aside)
        path = _free_name(folder, now, examples, mark)
        aside.replace(path)
        migrations.flush(folder)
    finally:
        aside.unlink(missing_ok=True)
        aside.with_name(aside.name + "-journal").unlink(missing_ok=True)
    return _read_name(path)


def _copy(connection: sqlite3.Connection, target: sqlite3.Connection, progress: Progress) -> bool:
    """Copy all pages; False if others wrote so often that it came to no end."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    least = [1 << 62]
    restarts = [0]

    def report(_status: int, remaining: int, total: int) -> None:
        if remaining >= least[0]:
            restarts[0] += 1
            least[0] = remaining
            if restarts[0] > _MOST_RESTARTS:
                raise InterruptedError
        least[0] = min(least[0], remaining)
        progress(total - remaining, total)

    if mode == "wal":
        # Who reads stops nobody, so the project is copied as it is at this moment. Without a log
        # writers must get their turn in between, and the copy begins anew after each.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    try:
        connection.backup(target, pages=_PAGES_PER_STEP, progress=report, sleep=0.02)
    except InterruptedError:
        return False
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return True


def _is_whole(connection: sqlite3.Connection, progress: Progress) -> bool:
    try:
        with stoppable(connection, progress):
            return not damage_in(connection, most=1)
    except sqlite3.OperationalError:
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False


def _check_whole(backup: Backup) -> None:
    try:
        with contextlib.closing(sqlite3.connect(f"{backup.path.as_uri()}?mode=ro", uri=True)) as it:
            if _is_whole(it, no_progress):
                return
    except sqlite3.Error:
        pass
    raise UserError(
        _("This backup is damaged or gone, so nothing was changed."),
        _("Choose another one, or write what can be read of it into a new project."),
    )


def _state(connection: sqlite3.Connection) -> str:
    """What differs after any change of a project."""
    found = connection.execute(
        "SELECT (SELECT max(id) FROM change), (SELECT max(time) FROM change),"
        " (SELECT count(*) FROM run), (SELECT total(step) FROM run),"
        " (SELECT count(*) FROM run WHERE deleted), (SELECT group_concat(name, status) FROM run)"
    ).fetchone()
    return json.dumps(found)


def _noted_state(backup: Path) -> str:
    try:
        with contextlib.closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro", uri=True)) as it:
            return _state(it)
    except sqlite3.Error:
        return ""


def _has_room(folder: Path, connection: sqlite3.Connection) -> bool:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return bool(shutil.disk_usage(folder).free > _ROOM_FACTOR * pages * size)


def _folder_name(project: Path) -> str:
    address = os.path.realpath(project).encode("utf-8", "surrogateescape")
    stem = re.sub(r"[^\w -]", "_", project.stem)[:40].strip() or "project"
    return f"{stem}-{hashlib.sha256(address).hexdigest()[:12]}"


def _note_project(folder: Path, project: Path, identity: str) -> None:
    note = json.dumps({"path": str(project.absolute()), "project": identity})
    path = folder / "project.json"
    with contextlib.suppress(OSError):
        if path.read_text(encoding="utf-8") == note:
            return
    aside = path.with_name(".project.json.part")
    aside.write_text(note, encoding="utf-8")
    aside.replace(path)


def _folders() -> list[tuple[Path, str, str]]:
    """The folders of all projects: where each project lay, and what names it inside its file."""
    found = []
    with contextlib.suppress(OSError):
        for folder in sorted(backups_folder().iterdir()):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                note = json.loads((folder / "project.json").read_text(encoding="utf-8"))
                found.append((folder, str(note["path"]), str(note["project"])))
    return found


def _in_folder(folder: Path) -> list[Backup]:
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            backup = _read_name(path)
            if backup is not None:
                found.append(backup)
    return found


def _free_name(folder: Path, now: float, examples: int, mark: str) -> Path:
    """A name of its own: two backups of the same second are a second apart."""
    while True:
        stamp = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H-%M-%S")
        path = folder / f"{stamp}Z, {examples} examples{mark}.tunedesk"
        if not any(folder.glob(f"{stamp}Z*")):
            return path
        now += 1


def _read_name(path: Path) -> Backup | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        when = datetime.datetime.strptime(match[1], "%Y-%m-%dT%H-%M-%S")
        size = path.stat().st_size
    except (ValueError, OSError):
        return None
    seconds = when.replace(tzinfo=datetime.UTC).timestamp()
    return Backup(path, seconds, size, int(match[2]), bool(match[3]), bool(match[4]))


def _index_path(project: Path) -> Path:
    return project.with_name(project.name + "-shm")


def _cannot_write(folder: Path, error: OSError) -> UserError:
    return UserError(
        _("No backup could be written into {folder}: {reason}.").format(
            folder=folder, reason=error.strerror
        ),
        _("Make room on the disk."),
    )
