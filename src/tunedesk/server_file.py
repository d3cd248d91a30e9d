"""The file by which a running training server is found again: `server.json` in its data directory.

The server writes it when it is ready and removes it at its end. It holds

    url         the base of its API, such as http://127.0.0.1:8321/v1
    pid         the id of its process
    instance    a text that is another one at each start; `GET /health` tells the same one
    version     that of Tunedesk

The key does not stand in it: that is in the environment variable TUNEDESK_SERVER_API_KEY of the
server, else in the file `api_key` beside it. A server that was killed leaves its file behind, and
another process may have got its number or its port since; what tells is the lock, which the system
takes back from the dead: `find_server` believes the file only while somebody holds `lock`.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock

FILE_NAME = "server.json"
LOCK_NAME = "lock"
KEEP_NAME = "keep_running"
KEY_NAME = "api_key"

_MOST_BYTES = 10_000


@dataclass(frozen=True)
class ServerFile:
    """What the file tells of a running server.

    Attributes:
        url: The base of its API.
        pid: The id of its process.
        instance: What `GET /health` must tell, too.
        version: The version of Tunedesk.
    """

    url: str
    pid: int
    instance: str
    version: str

    def write(self, data_dir: Path) -> None:
        """Write the file, whole or not at all, readable by its owner only."""
        part = data_dir / f"{FILE_NAME}.part"
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(json.dumps(asdict(self), indent=1) + "\n")
        part.replace(data_dir / FILE_NAME)


def remove_server_file(data_dir: Path) -> None:
    """Remove the file: the server ends, or an earlier one left it; also how long it was to stay."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)
    (data_dir / KEEP_NAME).unlink(missing_ok=True)


def keep_running(data_dir: Path, until: float) -> None:
    """Let the server that runs stay until a time, also when nobody asks it anything.

    Args:
        data_dir: Its data directory.
        until: In seconds since 1970; infinity: until it is stopped.
    """
    part = data_dir / f"{KEEP_NAME}.part"
    part.write_text(repr(until), encoding="ascii")
    part.replace(data_dir / KEEP_NAME)


def kept_running(data_dir: Path) -> float:
    """Until when the server is to stay at least, in seconds since 1970; 0: nothing was said."""
    try:
        text = (data_dir / KEEP_NAME).read_text(encoding="ascii")
        until = float(text)
    except (OSError, ValueError):
        return 0.0
    return until if until > 0 else 0.0  # what is no number is not


def find_server(data_dir: Path) -> ServerFile | None:
    """The server that runs on a data directory and is ready; None if there is none."""
    try:
        with (data_dir / FILE_NAME).open(encoding="utf-8") as file:
            values = json.loads(file.read(_MOST_BYTES))
        found = ServerFile(
            url=str(values["url"]),
            pid=int(values["pid"]),
            instance=str(values["instance"]),
            version=str(values["version"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if is_locked(data_dir) else None


def is_locked(data_dir: Path) -> bool:
    """Whether a server holds a data directory, ready or not yet."""
    lock = filelock.FileLock(data_dir / LOCK_NAME, timeout=0)
    try:
        with lock:
            return False
    except filelock.Timeout:
        return True
