"""The HTTP client under the openai SDK: what it sends is what we say, and no key comes back.

The SDK takes headers and keys from the environment, also where every setting is given (openai
3.52, lib/_client_auth.py), and again each time a client is copied. So the last word is here, where
a request leaves: whatever the SDK was told, only headers that are known go out, with our key, to
our server.
"""

import logging
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.services.providers import host_of, is_this_computer, origin_of
from tunedesk.services.redaction import redacted, without_key, without_key_in_bytes

_SENT = frozenset(
    (
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length"),
        *("content-type", "host", "idempotency-key", "transfer-encoding", "user-agent"),
    )
)
_SENT_BEGINNING = "x-stainless-"

for _library in ("httpcore2", "httpx2"):
    # They log heads of answers before the key is taken out.
    logging.getLogger(_library).setLevel(logging.WARNING)


class GuardedClient(httpx2.Client):
    """A client for one server and one key.

    Proxies and trusted certificates are the system's, as the SDK has them. Redirects are not
    followed: a POST would come out as a GET, and a key could go to another server.

    Args:
        address: The server's address; nothing is sent to another scheme, host or port.
        key: The key; empty: none is sent.
        timeout: How long to wait.
    """

    def __init__(self, address: str, key: str, timeout: httpx2.Timeout) -> None:
        parts = urlsplit(address)
        here = is_this_computer(host_of(address))
        super().__init__(
            timeout=timeout,
            follow_redirects=False,
            # A proxy of the network is not asked for this computer itself: it could not reach it,
            # and would see the key.
            mounts={f"all://{parts.netloc}": None} if here else None,
            # Reading the system's certificates takes 20 ms; nothing in TLS goes to plain http.
            verify=not (here and parts.scheme == "http"),
        )
        self._origin = origin_of(address)
        self._key = key

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request as it should be, and take the key out of whatever answers it.

        The body of an answer that streams is read elsewhere: `pieces_without_key`.

        Raises:
            UserError: The request is for another server.
        """
        if origin_of(str(request.url)) != self._origin:
            raise UserError(
                _("A request was stopped that would have gone to another server."),
                _("Nothing was sent. Please report this: it should not happen."),
            )
        for name in list(request.headers):
            if name.casefold() not in _SENT and not name.casefold().startswith(_SENT_BEGINNING):
                del request.headers[name]
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        options["follow_redirects"] = False
        response = super().send(request, **options)
        self._redact_head(response)
        if response.status_code >= 300:
            response.read()
            response.close()
            # An error is what the service says itself: what merely looks like a key goes, too.
            encoding = response.encoding or "utf-8"
            body = without_key_in_bytes(response.content, self._key)
            text = redacted(body.decode(encoding, errors="replace"), self._key)
            content = text.encode(encoding, errors="replace")
        elif response.is_stream_consumed:
            content = without_key_in_bytes(response.content, self._key)
            if content == response.content:
                return response
        else:
            return response
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            # The body is read and decoded: these no longer hold.
            if name not in ("content-encoding", "content-length", "transfer-encoding")
        ]
        return httpx2.Response(
            response.status_code,
            headers=headers,
            content=content,
            request=response.request,
            extensions=response.extensions,
        )

    def _redact_head(self, response: httpx2.Response) -> None:
        """Take the key out of the status line and the headers, their names among them."""
        reason = response.extensions.get("reason_phrase")
        if isinstance(reason, bytes):
            response.extensions["reason_phrase"] = without_key_in_bytes(reason, self._key)
        pairs = response.headers.multi_items()
        clean = [(without_key(n, self._key), redacted(v, self._key)) for n, v in pairs]
        if clean != pairs:
            response.headers = httpx2.Headers(clean)
