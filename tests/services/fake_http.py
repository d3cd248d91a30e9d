"""An HTTP server in a thread that a test starts and ends, with faults that it can order."""

import contextlib
import copy
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Request:
    """What a client sent.

    Attributes:
        method: Such as GET.
        path: Without the prefix of the API and without the query.
        query: The query, decoded.
        headers: The headers, in small letters.
        body: The bytes.
    """

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def fields(self):
        """The fields of a multipart form: text, or (file name, bytes)."""
        boundary = re.search(r'boundary="?([^";]+)', self.headers["content-type"])[1]
        found = {}
        for part in self.body.split(f"--{boundary}".encode())[1:-1]:
            head, content = part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
            head = head.decode()
            name = re.search(r'name="([^"]+)"', head)[1]
            file = re.search(r'filename="([^"]*)"', head)
            # Only the line end that belongs to the form is cut off, not those of the file.
            content = content.removesuffix(b"\r\n")
            found[name] = (file[1], content) if file else content.decode()
        return found


@dataclass
class Answer:
    """What is answered.

    Attributes:
        status: The HTTP status.
        body: A JSON value, or bytes.
        headers: More headers.
        promised: The length that is promised, if it is not the true one.
    """

    status: int = 200
    body: Any = None
    headers: dict = field(default_factory=dict)
    promised: int | None = None

    def bytes(self):
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()


class Fault:
    """What goes wrong with one request.

    Args:
        done: Whether the service does what is asked before it goes wrong.
        change: Takes the answer (None if nothing was done) and returns another; None: the
            connection is closed without one.
        hangs: Whether nothing at all comes until the service ends.
    """

    def __init__(self, done=False, change=None, hangs=False):
        self.done, self.change, self.hangs = done, change, hangs


class Fake:
    """A service on loopback; use it in a `with`.

    Attributes:
        requests: All that was sent to it, in order.
        problems: What clients sent that the document does not have, and faults of the fake.
        url: Its address, with the prefix of its API.
    """

    prefix = "/v1"

    def __init__(self):
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self._faults: list = []
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self.connections: set[socket.socket] = set()

    def __enter__(self):
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="fake service"
        )
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = self.origin + self.prefix
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End it: from now on its port refuses connections."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            for connection in list(self.connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def fail(self, method, path, fault, times=1):
        """Let requests go wrong: the next `times` whose method and path (a pattern) fit."""
        self._faults.append([method, re.compile(path), fault, times])

    def sent(self, method, path):
        """The requests whose method and path (a pattern) fit."""
        return [r for r in self.requests if r.method == method and re.fullmatch(path, r.path)]

    def answer(self, request) -> Answer:
        """Do what is asked; of each service."""
        raise NotImplementedError

    def handle(self, request):
        """The answer to a request, after the fault that is ordered for it; None: none at all."""
        with self._lock:
            self.requests.append(request)
            fault = self._due(request)
            done = None
            if fault is None or fault.done:
                # A copy: what is answered does not change any more.
                done = copy.deepcopy(self._tried(request))
        if fault is None:
            return done
        if fault.hangs:
            self._ending.wait()
            return None
        return fault.change(done) if fault.change else None

    def _tried(self, request):
        try:
            return self.answer(request)
        except Exception as error:
            self.problems.append(f"the fake itself failed at {request.path}: {error!r}")
            return Answer(500, {"error": {"message": repr(error)}})

    def _due(self, request):
        for order in self._faults:
            method, path, fault, times = order
            if times and method == request.method and path.fullmatch(request.path):
                order[3] -= 1
                return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    fake: Fake

    def get_request(self):
        connection, address = super().get_request()
        # Here, in the thread that accepts: when that has ended, none is missing.
        self.fake.connections.add(connection)
        return connection, address

    def shutdown_request(self, request):
        self.fake.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that goes away is no fault of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _do(self):
        fake = self.server.fake
        parts = urlsplit(self.path)
        body = self._body()
        path = unquote(parts.path.removeprefix(fake.prefix))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = None
        if parts.path.startswith(fake.prefix) or not fake.prefix:
            answer = fake.handle(Request(self.command, path, query, headers, body))
        else:
            fake.requests.append(Request(self.command, parts.path, query, headers, body))
            answer = Answer(404, b"404 page not found", {"content-type": "text/plain"})
        if answer is None:
            self.close_connection = True
            return
        self._write(answer)

    do_GET = do_POST = do_DELETE = do_HEAD = _do  # noqa: N815  the names that http.server asks for

    def _body(self):
        length = self.headers.get("content-length")
        if length is not None:
            return self.rfile.read(int(length))
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return b""
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def _write(self, answer):
        content = answer.bytes()
        self.send_response(answer.status)
        for name, value in ({"content-type": "application/json"} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(answer.promised or len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if answer.promised:
            self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""
