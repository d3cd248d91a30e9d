"""Knows since when nobody has wanted anything of the server, so that it can end by itself."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class Idleness:
    """Counts the requests under way, and how long there has been nothing to do."""

    def __init__(self, has_work: Callable[[], bool]) -> None:
        """Make it.

        Args:
            has_work: Says whether a job runs or waits for its turn.
        """
        self._has_work = has_work
        self._requests = 0
        self._last = time.monotonic()

    def began(self) -> None:
        """A request came."""
        self._requests += 1
        self._last = time.monotonic()

    def ended(self) -> None:
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
        self._idleness.began()
        try:
            await self._app(scope, receive, send)
        finally:
            self._idleness.ended()
