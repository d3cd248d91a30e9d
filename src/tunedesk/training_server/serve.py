"""Starts the server and runs it until it is stopped."""

import asyncio
import contextlib
import ipaddress
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import filelock
import uvicorn

from tunedesk import __version__
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.server_file import KEY_NAME, LOCK_NAME, ServerFile, kept_running, remove_server_file
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.server import Server
from tunedesk.training_server.settings import VARIABLE, ServerSettings, api_key
from tunedesk.training_server.web.middleware import Idleness

_SHUTDOWN_SECONDS = 3
_LEAST_FREE = 100_000
"""Bytes: with less, SQLite cannot even open a database."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a server that listens on every address is reached from its own computer."""


def serve(
    data_dir: Path,
    host: str = "127.0.0.1",
    port: int = 8321,
    models_dir: Path | None = None,
    allow_download: bool = False,
    accelerate_config: Path | None = None,
    exit_when_idle: float | None = None,
    allowed_hosts: Sequence[str] = (),
) -> None:
    """Run the server until it is stopped.

    Args:
        data_dir: Where it keeps all it has; made if it is not there.
        host: The address to listen on.
        port: The port; 0 picks one.
        models_dir: A folder with model folders to start from.
        allow_download: Whether models may be fetched from the hub.
        accelerate_config: The configuration for `accelerate launch`.
        exit_when_idle: End after so many seconds in which no job ran or waited and no request
            came; None: never.
        allowed_hosts: Names, beside its own, by which it may be asked (the Host header).

    Raises:
        UserError: It cannot start.
    """
    for path, is_there in ((models_dir, Path.is_dir), (accelerate_config, Path.is_file)):
        if path is not None and not is_there(path):
            raise UserError(_("“{path}” is not there.").format(path=path))
    if sys.platform != "win32":
        # All that it makes, also in a folder that was there, is its owner's alone.
        os.umask(0o077)
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(
            _("The data directory {path} cannot be made: {reason}.").format(
                path=data_dir, reason=error.strerror
            )
        ) from error
    data_dir = data_dir.resolve()
    _warn_of_readers(data_dir)
    with contextlib.ExitStack() as stack:
        with _start_errors(data_dir):
            stack.enter_context(_lock(data_dir))
            key = api_key(data_dir)
        settings = ServerSettings(
            data_dir=data_dir,
            api_key=key,
            host=host,
            port=port,
            models_dir=None if models_dir is None else models_dir.resolve(),
            allow_download=allow_download,
            accelerate_config=None if accelerate_config is None else accelerate_config.resolve(),
            exit_when_idle=exit_when_idle,
            allowed_hosts=tuple(allowed_hosts),
        )
        with _start_errors(data_dir):
            remove_server_file(data_dir)
            listening = stack.enter_context(contextlib.closing(_listen(host, port)))
            server = stack.enter_context(contextlib.closing(Server(settings)))
        if not _is_loopback(host):
            _warn(settings)
        try:
            asyncio.run(_run(server, listening, settings))
        finally:
            remove_server_file(data_dir)
    if server.is_at_work or "torch" in sys.modules:
        # What computes is not to be interrupted by the end of Python, which PyTorch does not
        # survive, and to take PyTorch apart may take seconds: the process ends from one moment to
        # the next.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


@contextlib.contextmanager
def _start_errors(data_dir: Path) -> Iterator[None]:
    """Say in a sentence what of the data directory keeps the server from starting."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        if is_full or shutil.disk_usage(data_dir).free < _LEAST_FREE:
            # On a disk without a single page SQLite speaks of a failed read or write.
            raise _disk_full(data_dir) from error
        raise UserError(
            _("The database of the server in {path} cannot be used: {reason}.").format(
                path=data_dir, reason=error
            ),
            _(
                "If it is damaged, move server.sqlite3 elsewhere: the server then starts with no "
                "jobs and no files, and the folders beside it stay."
            ),
        ) from error
    except OSError as error:
        if is_disk_full(error):
            raise _disk_full(data_dir) from error
        raise UserError(
            _("The data directory {path} cannot be used: {reason}.").format(
                path=data_dir, reason=error.strerror or error
            ),
            _("Give it to the user that runs the server, or name another one with --data-dir."),
        ) from error


def _disk_full(data_dir: Path) -> UserError:
    return UserError(
        _("The disk that holds {path} is full.").format(path=data_dir),
        _("Make room on it, then start the server again."),
    )


def _warn_of_readers(data_dir: Path) -> None:
    """Say that others can look into the data directory: it was there before the server."""
    if sys.platform != "win32" and data_dir.stat().st_mode & 0o077:
        print(
            _(
                "tunedesk: warning: other users of this computer can look into {path}. This makes "
                "it private: {command}"
            ).format(path=data_dir, command=f"chmod 700 {shlex.quote(str(data_dir))}"),
            file=sys.stderr,
        )


def _warn(settings: ServerSettings) -> None:
    """Say what it means to listen on an address that others reach."""
    print(
        _(
            "tunedesk: warning: everybody who reaches {host} and has the key can use this server, "
            "and nothing on the way is encrypted. The key is in {name} or in {path}."
        ).format(host=settings.host, name=VARIABLE, path=settings.data_dir / KEY_NAME),
        file=sys.stderr,
    )


class _StoppableServer(uvicorn.Server):
    """Ends calmly when it is told to: what stands behind the application is closed after it.

    uvicorn sends itself the signal once more at its end, which would end the program there.
    """

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell those who wait for an answer, then wait until they have heard it."""
        self._on_stop()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that end a program."""
        taken = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in taken.items():
                signal.signal(number, handler)


async def _run(server: Server, listening: socket.socket, settings: ServerSettings) -> None:
    port = listening.getsockname()[1]
    reached = _LOOPBACK_OF.get(settings.host, settings.host)
    found = ServerFile(_url(reached, port), os.getpid(), settings.instance, __version__)
    with _start_errors(settings.data_dir):
        found.write(settings.data_dir)
    print(f"Listening on {_url(settings.host, port)}", flush=True)
    # Loads h11: not before the line is printed that others wait for.
    from tunedesk.training_server.web.middleware import HttpConnection, limit_log

    limit_log()
    config = uvicorn.Config(
        server.application,
        http=HttpConnection,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    web = _StoppableServer(config, server.stop_answering)
    watch = asyncio.create_task(_end_when_idle(web, server.idleness, settings))
    try:
        await web.serve(sockets=[listening])
    finally:
        watch.cancel()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


async def _end_when_idle(web: uvicorn.Server, idleness: Idleness, settings: ServerSettings) -> None:
    """Let the server end once there has been nothing to do for so long, and it need not stay."""
    seconds = settings.exit_when_idle
    if seconds is None:
        return
    while idleness.seconds() < seconds or time.time() < kept_running(settings.data_dir):
        await asyncio.sleep(min(1.0, seconds / 4))
    web.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    """A socket that already takes connections: what is printed then is true."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends without delay; otherwise each answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UserError(
            _("The server cannot listen on {host}, port {port}: {reason}.").format(
                host=host, port=port, reason=error.strerror
            ),
            _("Another one may run there; --port names another port, and 0 picks a free one."),
        ) from error
    return listening


@contextlib.contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    """Hold the data directory, or say who has it."""
    # A moment's patience: whoever looks whether it is held holds it while it looks.
    lock = filelock.FileLock(data_dir / LOCK_NAME, timeout=1)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise UserError(
            _("Another server runs on the data directory {path}.").format(path=data_dir),
            _("Stop it first, or name another directory with --data-dir."),
        ) from error
    try:
        yield
    finally:
        lock.release()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
