"""One writer per project, by the file itself; whether that file still lies where it lay.

A lock file beside the project holds for everybody who opens it by this name. A lock on the file
itself holds for those who come by another one: a second hard link, another mount, a new name.
Beside the lock file, and among the user's own files, stands who has the project and under which
name: SQLite's log lies beside that name, also when the file has got another one.
"""

import contextlib
import json
import os
import platform
import struct
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from tunedesk.paths import user_data_dir

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCKED_BYTE = 1 << 40
"""Far behind the end of any project and behind the bytes that SQLite locks (at 1 GiB)."""

_HEAD_BYTES = 100
"""The header of a SQLite file, with a counter of its changes and its size."""

_TRASH_FOLDERS = frozenset({"trash", ".trash", ".trashes", "$recycle.bin"})


class FileId(NamedTuple):
    """What names a file whatever its names are (on Windows the volume and the file's id)."""

    device: int
    inode: int


def file_id(path: Path | int) -> FileId:
    """The id of a file, or of an open one by its descriptor.

    Raises:
        OSError: It is not there, or cannot be reached.
    """
    status = os.stat(path)
    return FileId(status.st_dev, status.st_ino)


@dataclass(frozen=True)
class Holder:
    """Who has a project open for writing.

    Attributes:
        user: The name of the system's user; empty if that is not known.
        machine: The name of the computer.
        process: The number of the process there.
        since: When it was opened, in seconds since 1970.
        path: The name under which it was opened, symbolic links followed; empty if not known.
        device: The device of its file, as that computer numbers it.
        inode: The number of its file there.
        log: The number of the file with SQLite's log; 0 where there is none.
        project: What names the project inside the file, in hexadecimal digits; empty if not known.
    """

    user: str = ""
    machine: str = ""
    process: int = 0
    since: float = 0.0
    path: str = ""
    device: int = 0
    inode: int = 0
    log: int = 0
    project: str = ""

    @property
    def file(self) -> FileId:
        """The id of its file."""
        return FileId(self.device, self.inode)


class Whereabouts(Enum):
    """What became of the file of an open project."""

    IN_PLACE = "in place"
    MOVED = "moved"
    DELETED = "deleted"
    OVERWRITTEN = "overwritten"
    UNREACHABLE = "unreachable"


class FileState(NamedTuple):
    """Where the file of an open project is now.

    Attributes:
        whereabouts: What became of it.
        path: Its name now; None if it has none, or none that can be found.
        replaced: Whether another file has its old name.
    """

    whereabouts: Whereabouts
    path: Path | None
    replaced: bool = False

    @property
    def in_trash(self) -> bool:
        """Whether it was put where the system keeps what is to be deleted."""
        parts = () if self.path is None else self.path.parent.parts
        return any(
            part.lower() in _TRASH_FOLDERS or part.lower().startswith(".trash-") for part in parts
        )


class ProjectLock:
    """The lock of one project file.

    The system's locks decide, and fall with their process, so what a crash left behind holds
    nobody up.

    Attributes:
        path: The project with symbolic links followed: the name that SQLite uses.
        holder: Who has it through this lock.
        descriptor: The file, open as long as it is locked; None before and after.
        under_another_name: Whether who has the file, as `acquire` told, opened it by another name.
    """

    _held: dict[FileId, "ProjectLock"] = {}  # noqa: RUF012  shared by all, on purpose
    _guard = threading.Lock()

    def __init__(self, project: Path) -> None:
        self.path = real_path(project)
        self._lock_path = self.path.with_name(f".{self.path.name}.lock")
        # Handles are opened and closed by different threads.
        self._lock = FileLock(self._lock_path, thread_local=False)
        self.holder = Holder()
        self._left_behind: Holder | None = None
        self._left_elsewhere: Holder | None = None
        self.descriptor: int | None = None
        self.under_another_name = False

    @property
    def file(self) -> FileId:
        """The id of the file that is locked."""
        return self.holder.file

    @property
    def left_behind(self) -> Holder | None:
        """Who had opened a project of this name and never closed it; known once it is locked."""
        return self._left_behind

    def left_under_another_name(self) -> Holder | None:
        """Who had opened this file under another name and never closed it; once it is locked."""
        found = self._left_elsewhere or _find_beside(self.path.parent, self.file, self.path)
        return None if found is None or found.path in ("", str(self.path)) else found

    def acquire(self, user: str) -> Holder | None:
        """Take the lock; returns None, or who has it.

        Raises:
            OSError: The file or its folder cannot be written.
        """
        with self._guard:
            mine = file_id(self.path)
            other = self._held.get(mine)
            if other is not None:
                # The file must not even be opened here: closing it would end SQLite's locks on it.
                self.under_another_name = other.path != self.path
                return other.holder
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                return read_holder(self.path) or Holder()
            try:
                holder = self._lock_file(mine)
                if holder is None:
                    self._note_holder(user, mine)
                    self._held[mine] = self
            except BaseException:
                self._give_back()
                raise
            if holder is not None:
                self.under_another_name = True
                self._give_back()
            return holder

    @classmethod
    def read_head(cls, path: Path, count: int) -> bytes:
        """The first bytes of a file, without ending the locks that SQLite has on it here.

        Raises:
            OSError: It is not there, or cannot be read.
        """
        with cls._guard:
            held = cls._held.get(file_id(path))
            if held is None or held.descriptor is None or sys.platform == "win32":
                with path.open("rb") as file:
                    return file.read(count)
            return os.pread(held.descriptor, count, 0)

    def read_at(self, place: int, count: int) -> bytes:
        """So many bytes of the file that is locked; opening it once more would end the lock.

        Raises:
            OSError: It cannot be read.
        """
        if self.descriptor is None or sys.platform == "win32":
            with self.path.open("rb") as file:
                file.seek(place)
                return file.read(count)
        return os.pread(self.descriptor, count, place)

    def head(self) -> bytes | None:
        """The first bytes of the file on the disk, which say which state of it that is.

        None where the system does not tell; while SQLite writes them, they may be half new.
        """
        if self.descriptor is None or sys.platform == "win32":
            return None
        try:
            return os.pread(self.descriptor, _HEAD_BYTES, 0)
        except OSError:
            return None

    def name_with_log(self) -> Path:
        """The name beside which the log of the file lies, where it cannot be locked here."""
        mine = file_id(self.path)
        found = _read_record(_record_of(mine)) or _find_beside(self.path.parent, mine, self.path)
        if found is None or not found.path or log_path(self.path).exists():
            return self.path
        path = Path(found.path)
        return path if _is_file(path, mine) and log_path(path).exists() else self.path

    def note_log(self, project: str) -> None:
        """Write down which log is this file's, once SQLite has opened it.

        Args:
            project: What names the project inside the file.
        """
        log = 0
        with contextlib.suppress(OSError):
            log = file_id(log_path(self.path)).inode
        self.holder = replace(self.holder, log=log, project=project)
        write_records(self.holder)

    def state(self) -> FileState:
        """Where the file is now; costs two calls of the system, or a look into a folder.

        For any thread, but not while the lock is given back.
        """
        descriptor = self.descriptor
        # Numbers are asked anew: some network drives give a file another one after a while.
        try:
            mine = self.file if descriptor is None else file_id(descriptor)
        except OSError:
            return FileState(Whereabouts.UNREACHABLE, None)
        return state_of(self.path, mine, descriptor)

    def release(self) -> None:
        """Give the lock back and remove its files; only after SQLite has closed the file."""
        with self._guard:
            if self._held.get(self.file) is self:
                del self._held[self.file]
            # The files go first, while they are still ours: another may take the lock at once.
            for record in (record_beside(self.path), _record_of(self.file)):
                with contextlib.suppress(OSError):
                    record.unlink()
            self._give_back()

    def _lock_file(self, mine: FileId) -> Holder | None:
        """Lock the file itself; returns who has it, if somebody has."""
        self.descriptor = os.open(self.path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        if _lock_byte(self.descriptor):
            return None
        found = _read_record(_record_of(mine)) or _find_beside(self.path.parent, mine)
        return found or Holder()

    def _note_holder(self, user: str, mine: FileId) -> None:
        self._left_behind = read_holder(self.path)
        self._left_elsewhere = _read_record(_record_of(mine))
        process, now = os.getpid(), time.time()
        self.holder = Holder(user, platform.node(), process, now, str(self.path), *mine)
        write_records(self.holder)

    def _give_back(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
        if os.name != "nt":
            with contextlib.suppress(OSError):
                self._lock_path.unlink()
        self._lock.release()
        if os.name == "nt":
            with contextlib.suppress(OSError):
                self._lock_path.unlink()


def real_path(path: Path) -> Path:
    """The path with symbolic links and ".." followed, as SQLite follows them."""
    return Path(os.path.realpath(path))


def log_path(path: Path) -> Path:
    """Where SQLite writes ahead what is not in the file yet."""
    return path.with_name(path.name + "-wal")


def journal_path(path: Path) -> Path:
    """Where SQLite keeps what a transaction writes over, on network folders."""
    return path.with_name(path.name + "-journal")


def state_of(path: Path, mine: FileId, descriptor: int | None = None) -> FileState:
    """Where a file is that had this name.

    Args:
        path: The name.
        mine: The id of the file.
        descriptor: The file, open; without it only its own folder is searched for a new name.
    """
    replaced = False
    try:
        if file_id(path) == mine:
            return FileState(Whereabouts.IN_PLACE, path)
        replaced = True
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        return FileState(Whereabouts.UNREACHABLE, None)
    found = None if descriptor is None else _name_of(descriptor)
    # A network drive renames what is deleted while it is open.
    if found is not None and not found.name.startswith(".nfs") and _is_file(found, mine):
        return FileState(Whereabouts.MOVED, found, replaced)
    found = _find_name(path.parent, mine)
    if found is not None:
        return FileState(Whereabouts.MOVED, found, replaced)
    return FileState(Whereabouts.DELETED, None, replaced)


def record_beside(path: Path) -> Path:
    """The file that says who has a project, beside the lock file; a locked one cannot be read."""
    return path.with_name(f".{path.name}.lock.json")


def read_holder(path: Path) -> Holder | None:
    """Who has, or had at a crash, the project of this name."""
    return _read_record(record_beside(path))


def write_records(holder: Holder) -> None:
    """Write down who has a project, beside it and among the user's own files.

    Raises:
        OSError: The folder of the project cannot be written.
    """
    text = json.dumps(asdict(holder))
    _write_whole(record_beside(Path(holder.path)), text)
    # Where the user's own folder cannot be written, a new name is found in the same folder.
    with contextlib.suppress(OSError):
        record = _record_of(holder.file)
        record.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(record, text)


def forget_records(holder: Holder) -> None:
    """Remove what a crash left under a name that the file has no more, but for its log."""
    path = Path(holder.path)
    left = [record_beside(path), _record_of(holder.file)]
    if not path.exists():
        left += [path.with_name(f".{path.name}.lock"), path.with_name(path.name + "-shm")]
    for file in left:
        with contextlib.suppress(OSError):
            file.unlink()


def _record_of(mine: FileId) -> Path:
    return user_data_dir() / "open_projects" / f"{mine.device}-{mine.inode}.json"


def _write_whole(path: Path, text: str) -> None:
    """Write aside, then rename: a reader sees all of it or what was there before."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def _read_record(path: Path) -> Holder | None:
    """What a record says; None without one, nobody known if it cannot be understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    try:
        stored = json.loads(text)
        return Holder(
            str(stored["user"]),
            str(stored["machine"]),
            int(stored["process"]),
            float(stored["since"]),
            str(stored.get("path", "")),
            int(stored.get("device", 0)),
            int(stored.get("inode", 0)),
            int(stored.get("log", 0)),
            str(stored.get("project", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Holder()


def _find_beside(folder: Path, mine: FileId, path: Path | None = None) -> Holder | None:
    """Who has a file under another name than this, by the records in its folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith(".lock.json"):
                holder = _read_record(Path(entry.path))
                if holder is None or holder.file != mine or holder.path == str(path):
                    continue
                return holder
    return None


def _find_name(folder: Path, mine: FileId) -> Path | None:
    """The name of a file in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.inode() == mine.inode and not entry.name.startswith(".nfs"):
                path = Path(entry.path)
                if _is_file(path, mine):
                    return path
    return None


def _is_file(path: Path, mine: FileId) -> bool:
    try:
        return file_id(path) == mine
    except OSError:
        return False


def _name_of(descriptor: int) -> Path | None:
    """The name that an open file has now, where the system tells it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(os.readlink(f"/proc/self/fd/{descriptor}"))
    elif sys.platform == "darwin":
        with contextlib.suppress(OSError):
            found = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024))
            return Path(os.fsdecode(found.rstrip(b"\0")))
    return None


def _lock_byte(descriptor: int) -> bool:
    """Lock one byte of an open file for as long as it is open; False if somebody else has it.

    The lock belongs to the open file, not to the process: SQLite opening and closing the same
    file does not end it. Where a drive knows no such locks, the lock file alone decides.
    """
    if sys.platform == "win32":
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    if sys.platform == "darwin":
        command = 90  # F_OFD_SETLK, which Python does not name there
        layout = struct.pack("qqihh", _LOCKED_BYTE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
    elif sys.platform == "linux":
        command = fcntl.F_OFD_SETLK
        layout = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _LOCKED_BYTE, 1, 0)
    else:
        return True
    try:
        fcntl.fcntl(descriptor, command, layout)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
