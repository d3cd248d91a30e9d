"""One writer per project: a lock file beside the project that says who has it."""

import contextlib
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout


@dataclass(frozen=True)
class Holder:
    """Who has a project open for writing.

    Attributes:
        user: The name of the system's user.
        machine: The name of the computer.
        process: The number of the process there.
        since: When it was opened, in seconds since 1970.
    """

    user: str
    machine: str
    process: int
    since: float


class ProjectLock:
    """The lock of one project.

    The system's file lock decides, and falls with its process, so a lock file that a crash left
    behind holds nobody up. Who holds it stands in a second small file, since a locked file cannot
    be read on Windows.
    """

    def __init__(self, project: Path) -> None:
        self._path = project.with_name(f".{project.name}.lock")
        self._holder_path = project.with_name(f".{project.name}.lock.json")
        # Handles are opened and closed by different threads.
        self._lock = FileLock(self._path, thread_local=False)

    def acquire(self, user: str) -> Holder | None:
        """Take the lock; returns None, or who has it.

        Raises:
            OSError: The folder cannot be written.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return self._read_holder()
        holder = Holder(user, platform.node(), os.getpid(), time.time())
        self._holder_path.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        return None

    def release(self) -> None:
        """Give the lock back and remove its files."""
        # The files go first, while they are still ours: another process may take the lock at once.
        with contextlib.suppress(OSError):
            self._holder_path.unlink()
        if os.name != "nt":
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._lock.release()
        if os.name == "nt":
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _read_holder(self) -> Holder:
        try:
            stored = json.loads(self._holder_path.read_text(encoding="utf-8"))
            return Holder(
                str(stored["user"]),
                str(stored["machine"]),
                int(stored["process"]),
                float(stored["since"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Holder("", "", 0, 0.0)
