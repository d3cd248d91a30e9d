"""HTTP connections with limits: how many there are, and how long a request may take to come.

Whoever opens connections and sends nothing, or half a request, needs no key for it: without limits
it takes all that the process may have open, and nobody else gets in.
"""

import asyncio
import logging
import sys
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_SECONDS_BETWEEN_LINES = 60.0


class Connection(H11Protocol):
    """A connection as uvicorn has it, with limits.

    Attributes:
        head_seconds: How long a request's head may take, from the connection's start or from the
            head's first byte.
        body_seconds: How long the sender of a body may pause.
        most: How many connections there may be. Over it the oldest one that has not sent a whole
            head is closed; if all have, the new one.
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
            logging.getLogger(__name__).warning("Too many connections: the oldest are closed.")
            waiting = [
                each
                for each in self.connections
                if isinstance(each, Connection) and each.is_waiting_for_head
            ]
            min(waiting, key=lambda each: each._since).transport.abort()  # noqa: SLF001

    @property
    def is_waiting_for_head(self) -> bool:
        """Whether the next thing to come is the head of a request, or the rest of one."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        return self.conn.their_state is h11.IDLE and not is_answering

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
