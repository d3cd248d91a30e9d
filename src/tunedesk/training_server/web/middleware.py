"""What every request passes before its endpoint: the guard, and the count of requests under way."""

import hmac
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunedesk.training_server.web.responses import ApiError

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
    """Counts the requests under way, and how long there has been nothing to do."""

    def __init__(self, has_work: Callable[[], bool]) -> None:
        """Make it.

        Args:
            has_work: Says whether a job runs or waits for its turn.
        """
        self._has_work = has_work
        self._requests = 0
        self._last = time.monotonic()

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
            await self._app(scope, receive, send)
        finally:
            self._idleness.request_ended()
