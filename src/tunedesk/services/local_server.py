"""The training server on this computer: found if it runs, started if it does not, left running.

It is a process of its own that outlives the window, so that training goes on; it ends by itself
when for half an hour nobody needed it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tunedesk import server_file
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.paths import models_dir, user_data_dir
from tunedesk.progress import Wait
from tunedesk.server_file import KEY_NAME, find_server, is_locked
from tunedesk.services import local_install
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named
from tunedesk.services.redaction import redacted

IDLE_SECONDS = 1800
START_SECONDS = 180.0
STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1
_VARIABLE = "TUNEDESK_SERVER_API_KEY"
LOG_NAME = "server.log"
_PORT_NAME = "last_port"


def server_data_dir() -> Path:
    """The folder in which this computer's server keeps all it has."""
    return user_data_dir() / "server"


def key_file() -> Path:
    """The file that holds the key of this computer's server."""
    return server_data_dir() / KEY_NAME


def keep_running(seconds: float) -> None:
    """Let the server of this computer stay for so long at least; 0: as long as it is needed.

    Raises:
        UserError: That cannot be written down.
    """
    try:
        server_file.keep_running(server_data_dir(), time.time() + seconds if seconds else 0.0)
    except OSError as error:
        raise UserError(
            _("The server cannot be told how long to stay: {reason}").format(
                reason=error.strerror or str(error)
            )
        ) from error


def kept_running() -> float:
    """Until when the server of this computer stays at least, in seconds since 1970."""
    return server_file.kept_running(server_data_dir())


def running(data_dir: Path | None = None) -> Connection | None:
    """The connection to the server of this computer; None if none runs."""
    folder = data_dir or server_data_dir()
    found = find_server(folder)
    if found is None:
        return None
    for key in _keys(folder):
        connection = Connection(provider_named("local"), found.url, key)
        if _is_accepted(connection):
            return connection
    return None


def ensure_running(wait: Wait, data_dir: Path | None = None) -> Connection:
    """The connection to the server of this computer, which is started if it does not run.

    Args:
        wait: How to wait for it; may raise `Cancelled`, which leaves it starting.
        data_dir: Its folder; the user's own by default.

    Raises:
        UserError: Training is not installed here, or the server does not start.
    """
    folder = data_dir or server_data_dir()
    connection = running(folder)
    if connection is not None:
        return connection
    process = None if is_locked(folder) else _start(folder)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        connection = running(folder)
        if connection is not None:
            if process is not None:
                _note_port(folder, connection)
                # It is to outlive this program: without this, Python warns that nobody waits.
                process.returncode = 0
            return connection
        if process is not None and process.poll() is not None:
            raise UserError(
                _("The training server of this computer did not start: {reason}").format(
                    reason=_last_line(folder / LOG_NAME) or process.returncode
                ),
                _("The whole story stands in {path}.").format(path=folder / LOG_NAME),
            )
        wait(_POLL_SECONDS)
    raise UserError(
        _("The training server of this computer does not answer."),
        _("See {path}, or restart the computer.").format(path=folder / LOG_NAME),
    )


def stop(data_dir: Path | None = None) -> None:
    """End the server of this computer, if it runs; a job goes on from its last checkpoint later.

    Raises:
        UserError: It does not end.
    """
    folder = data_dir or server_data_dir()
    found = find_server(folder)
    if found is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while is_locked(folder):
        if time.monotonic() > until:
            raise UserError(
                _("The training server of this computer does not end."),
                _("Restart the computer, then try again."),
            )
        time.sleep(_POLL_SECONDS)


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    python = local_install.python_with_training()
    if python is None:
        raise UserError(
            _("Training on this computer is not installed."),
            _("Install it first; the Fine-tune page has a button for it."),
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [
        *(str(python), "-m", "tunedesk", "serve", "--port", str(_port(folder)), "--allow-download"),
        *("--data-dir", str(folder), "--exit-when-idle", str(IDLE_SECONDS)),
    ]
    # Models may come while it runs.
    models_dir().mkdir(parents=True, exist_ok=True)
    command += ["--models", str(models_dir())]
    # The key in the file is the one that every window of this user finds.
    environment = {name: value for name, value in os.environ.items() if name != _VARIABLE}
    with (folder / LOG_NAME).open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            **_detached(),
        )


def _port(folder: Path) -> int:
    """The port that the server had last, if it is free: other programs know it; else 0."""
    try:
        last = int((folder / _PORT_NAME).read_text(encoding="ascii"))
        with socket.socket() as trial:
            if sys.platform != "win32":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", last))
    except (OSError, ValueError, OverflowError):
        return 0
    return last


def _note_port(folder: Path, connection: Connection) -> None:
    with contextlib.suppress(OSError):
        port = connection.base_url.rpartition(":")[2].partition("/")[0]
        (folder / _PORT_NAME).write_text(port, encoding="ascii")


def _detached() -> dict[str, Any]:
    """What lets a process outlive the one that started it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _keys(folder: Path) -> list[Key]:
    keys = []
    with contextlib.suppress(OSError):
        kept = (folder / KEY_NAME).read_text(encoding="ascii").strip()
        if kept:
            keys.append(Key(kept, "this run"))
    given = os.environ.get(_VARIABLE, "").strip()
    if given:
        keys.append(Key(given, "environment"))
    return keys


def _is_accepted(connection: Connection) -> bool:
    """Whether the server that listens there takes the key, and so is ours."""
    with importing("httpx2"):
        import httpx2

    try:
        # No proxy and no other settings of the environment: this stays on this computer.
        with httpx2.Client(trust_env=False, timeout=10.0) as client:
            answer = client.get(
                f"{connection.base_url}/models",
                headers={"Authorization": f"Bearer {connection.key_value}"},
            )
    except httpx2.HTTPError:
        return False
    return answer.status_code == 200


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return redacted(next((line.strip() for line in reversed(lines) if line.strip()), ""))
