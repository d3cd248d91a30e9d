"""What every connection and request passes before its endpoint: limits, the guard, the count.

Whoever opens connections and sends nothing, or half a request, needs no key for it: without limits
it takes all that the process may have open, and nobody else gets in.
"""

import asyncio
import hmac
import ipaddress
import logging
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import h11
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tunedesk.training_server.web.responses import ApiError, server_stopping

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Refuses what must not reach an endpoint."""

    def __init__(
        self,
        app: ASGIApp,
        api_key: str,
        host: str,
        largest_body: int,
        allowed_hosts: Sequence[str] = (),
    ) -> None:
        """Make the guard.

        Args:
            app: What it guards.
            api_key: The key that a request must bring.
            host: The address that the server listens on.
            largest_body: The most bytes of a body.
            allowed_hosts: Names that it may be asked by beside its own, in small letters.
        """
        self._app = app
        self._key = api_key.encode()
        self._host = host
        own = socket.gethostname().lower()
        self._names = frozenset({host.lower(), own, f"{own}.local"})
        self._allowed = frozenset(allowed_hosts) | LOOPBACK_NAMES
        self._largest = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers, scope["path"])
        if refusal is not None:
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _refusal(self, headers: Headers, path: str) -> ApiError | None:
        if not self._host_allowed(headers.get("host", "")):
            # A page of the web may point a name of its own to this computer; only the name that
            # it was called by tells.
            return ApiError(
                403,
                "This server is asked under its own address only (the Host header differs).",
                None,
                "host_not_allowed",
            )
        if path != "/health":
            given = headers.get("authorization", "")
            scheme, _space, key = given.partition(" ")
            if scheme.lower() != "bearer" or not key.strip():
                return ApiError(
                    401,
                    "You didn't provide an API key. Send it as the header "
                    "“Authorization: Bearer KEY”.",
                    None,
                    "invalid_api_key",
                    {"WWW-Authenticate": "Bearer"},
                )
            if not hmac.compare_digest(key.strip().encode("utf-8", "replace"), self._key):
                return ApiError(
                    401,
                    "Incorrect API key provided. The right one is in the environment variable "
                    "TUNEDESK_SERVER_API_KEY of the server, or in the file api_key of its data "
                    "directory.",
                    None,
                    "invalid_api_key",
                    {"WWW-Authenticate": "Bearer"},
                )
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._largest:
            return self._too_large()
        return None

    def _host_allowed(self, given: str) -> bool:
        name = given.rpartition("]")[0].lstrip("[") if given.startswith("[") else given
        if not given.startswith("["):
            name = given.partition(":")[0]
        name = name.lower().rstrip(".")
        if name in self._allowed:
            return True
        if self._host in LOOPBACK_NAMES:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True

    def _too_large(self) -> ApiError:
        return ApiError(
            413,
            f"The body is too large: at most {self._largest:,} bytes are taken. Larger files go "
            "in parts through /v1/uploads.",
            None,
            "request_too_large",
            {"Connection": "close"},
        )

    def _counted(self, receive: Receive) -> Receive:
        """The same, but it stops a body without a length that grows too large."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._largest:
                    raise self._too_large()
            return message

        return counted


class Idleness:
    """Counts the requests under way, ends them, and knows how long there was nothing to do."""

    def __init__(self, has_work: Callable[[], bool]) -> None:
        """Make it.

        Args:
            has_work: Says whether a job runs or waits for its turn.
        """
        self._has_work = has_work
        self._receiving: set[asyncio.Task[Any]] = set()
        self._is_stopping = False
        self._requests = 0
        self._last = time.monotonic()

    def receives(self, receive: Receive) -> Receive:
        """The same, but a body that is not there as a whole when the server stops is given up.

        Raises:
            ApiError: From what is returned: the server stops (503).
        """
        is_whole = False

        async def receive_or_stop() -> Message:
            nonlocal is_whole
            if is_whole:
                return await receive()
            task = asyncio.current_task()
            assert task is not None
            self._receiving.add(task)
            try:
                if self._is_stopping:
                    raise server_stopping()
                message = await receive()
            except asyncio.CancelledError:
                if not self._is_stopping:
                    raise
                task.uncancel()
                raise server_stopping() from None
            finally:
                self._receiving.discard(task)
            is_whole = not message.get("more_body", False)
            return message

        return receive_or_stop

    def stop_receiving(self) -> None:
        """Answer those whose body is not there as a whole; called in the event loop."""
        self._is_stopping = True
        for task in self._receiving:
            task.cancel()

    def request_started(self) -> None:
        """A request came."""
        self._requests += 1
        self._last = time.monotonic()

    def request_ended(self) -> None:
        """A request was answered, to the last byte."""
        self._requests -= 1
        self._last = time.monotonic()

    def seconds(self) -> float:
        """For how long there has been nothing to do; 0 while there is something."""
        if self._requests or self._has_work():
            self._last = time.monotonic()
            return 0.0
        return time.monotonic() - self._last


class CountRequests:
    """Tells an `Idleness` of every request that has got past the guard; /health counts as none."""

    def __init__(self, app: ASGIApp, idleness: Idleness) -> None:
        self._app = app
        self._idleness = idleness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http" or scope["path"] == "/health":
            await self._app(scope, receive, send)
            return
        self._idleness.request_started()
        try:
            await self._app(scope, self._idleness.receives(receive), send)
        finally:
            self._idleness.request_ended()


_SECONDS_BETWEEN_LINES = 60.0


class HttpConnection(H11Protocol):
    """A connection as uvicorn has it, with limits.

    Attributes:
        head_seconds: How long a request's head may take, from the connection's start or from the
            head's first byte.
        body_seconds: How long the sender of a body may pause.
        most: How many connections there may be. Over it the oldest one is closed of those that
            have sent no whole head, or were refused; where all are being answered, the new one.
    """

    head_seconds = 20.0
    body_seconds = 60.0
    most = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in, or make room for it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._start_timer(self.head_seconds)
        if len(self.connections) > (self.most or _most_connections()):
            self._make_room()

    def _make_room(self) -> None:
        """Close the connection that has been idle for longest, or this one if none is."""
        # Those that are closed by now go at the loop's next round: many may have come in this one.
        every = (each for each in self.connections if isinstance(each, HttpConnection))
        still_open = [each for each in every if not each.transport.is_closing()]
        if len(still_open) > (self.most or _most_connections()):
            logging.getLogger(__name__).warning("Too many connections: the oldest are closed.")
            idle = [each for each in still_open if not each.is_answering]
            min(idle, key=lambda each: each._since).transport.abort()  # noqa: SLF001

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered, or its body read for that."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def is_waiting_for_head(self) -> bool:
        """Whether the next thing to come is the head of a request, or the rest of one."""
        return self.conn.their_state is h11.IDLE and not self.is_answering

    def data_received(self, data: bytes) -> None:
        """Take in what was sent, and wait for what is missing of it."""
        was_waiting = self.is_waiting_for_head
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY:
            self._start_timer(self.body_seconds)
        elif not self.is_waiting_for_head:
            self._stop_timer()
        elif not was_waiting or self._timer is None:
            self._since = self.loop.time()
            self._start_timer(self.head_seconds)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, in the envelope of every other refusal."""
        refusal = ApiError(400, msg, None, "invalid_http").response()
        headers = [*refusal.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=400, headers=headers),
            h11.Data(data=bytes(refusal.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._time_is_over, seconds)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_is_over(self, seconds: float) -> None:
        self._timer = None
        if self.flow.read_paused:
            # The server itself has not read on.
            self._start_timer(seconds)
            return
        self.transport.abort()


def _most_connections() -> int:
    """Half of what the process may have open, at most 512; the other half is for files."""
    if sys.platform == "win32":
        return 512
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(16, min(512, soft // 2))


class OncePerMinute(logging.Filter):
    """Lets each line of a log through once a minute: what strangers cause must not fill a disk."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        now = time.monotonic()
        if now - self._last.get(str(record.msg), -_SECONDS_BETWEEN_LINES) < _SECONDS_BETWEEN_LINES:
            return False
        self._last[str(record.msg)] = now
        return True


def limit_log() -> None:
    """Have the lines that connections cause written once a minute."""
    for name in (__name__, "uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(OncePerMinute())
    # What it warns of is answered to whoever sent it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
