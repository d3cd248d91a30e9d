"""The Host header: who asks under a name that is not this server's gets nothing."""

import asyncio
import contextlib
import json
import logging
import socket

import pytest
import uvicorn

from tunedesk.training_server.web.middleware import Guard, HttpConnection, OncePerMinute

OWN = socket.gethostname()


async def nothing(scope, receive, send):
    raise AssertionError


@pytest.mark.parametrize(
    ("host", "given", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1:8321", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST.:8321", True),
        ("127.0.0.1", "[::1]:8321", True),
        ("127.0.0.1", "192.168.1.4:8321", False),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "", False),
        ("0.0.0.0", "192.168.1.4:8321", True),
        ("0.0.0.0", "[fe80::1]:8321", True),
        ("0.0.0.0", f"{OWN}:8321", True),
        ("0.0.0.0", "evil.example", False),
        ("box.example", "box.example:8321", True),
        ("box.example", "evil.example:8321", False),
    ],
)
def test_the_host_header(host, given, allowed):
    assert Guard(nothing, "key", host, 10)._host_allowed(given) is allowed


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_names_that_are_allowed(host):
    guard = Guard(nothing, "key", host, 10, ("host.docker.internal", "fd00::1"))
    assert guard._host_allowed("Host.Docker.Internal.:8321")
    assert guard._host_allowed("[fd00::1]:8321")
    assert not guard._host_allowed("docker.internal")
    assert not guard._host_allowed("x.host.docker.internal")


ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Hasty(HttpConnection):
    head_seconds = 0.3
    body_seconds = 0.3
    most = 20


async def echo(scope, receive, send):
    """Answers with the length of the body; of one that is refused it reads nothing."""
    if scope["path"] == "/refused":
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        more = message["more_body"]
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def running():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            echo, http=Hasty, lifespan="off", ws="none", log_config=None, timeout_keep_alive=5
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await task


async def opened(port, sent=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def rest(reader):
    """What comes until the server closes the connection."""
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 5)
    return b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost:",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    ],
)
def test_what_does_not_come_in_time_is_not_waited_for(sent):
    async def run():
        async with running() as port:
            reader, writer = await opened(port, sent)
            assert await rest(reader) == b""
            writer.close()

    asyncio.run(run())


def test_half_a_second_request_is_not_waited_for_either():
    async def run():
        async with running() as port:
            reader, writer = await opened(port, ASK)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), 5)
            writer.write(b"GET /")
            assert await rest(reader) == b""
            writer.close()

    asyncio.run(run())


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "sent", [b"GET / \xff HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"\0" * 99]
)
def test_what_is_not_http_is_refused_in_the_envelope(sent):
    async def run():
        async with running() as port:
            reader, writer = await opened(port, sent + b"\r\n\r\n")
            head, _blank, body = (await rest(reader)).partition(b"\r\n\r\n")
            writer.close()
            return head.lower(), json.loads(body)["error"]

    head, error = asyncio.run(run())
    assert head.startswith(b"http/1.1 400")
    assert b"content-type: application/json" in head
    assert error["code"] == "invalid_http"
    assert error["message"]


def test_a_body_may_take_long_as_long_as_it_comes():
    async def run():
        async with running() as port:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
            reader, writer = await opened(port, head)
            for _piece in range(5):
                await asyncio.sleep(0.15)
                writer.write(b"x")
            assert (await rest(reader)).endswith(b"\r\n\r\n5")
            writer.close()

    asyncio.run(run())


@pytest.mark.expects_log
def test_whoever_asks_gets_in_among_hundreds_who_do_not(caplog):
    async def run():
        async with running() as port:
            idle = [await opened(port, b"GET /") for _number in range(100)]
            reader, writer = await opened(port, ASK)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), 5)
            assert answer.startswith(b"HTTP/1.1 200")
            for _reader, each in [*idle, (reader, writer)]:
                each.close()

    asyncio.run(run())
    assert "Too many connections" in caplog.text


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "sent", [b"", b"GET /", b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
def test_of_many_who_come_at_once_no_more_are_kept(sent):
    async def run():
        async with running() as port, contextlib.AsyncExitStack() as stack:
            # All wait to be let in while the loop does not run.
            idle = [socket.create_connection(("127.0.0.1", port)) for _number in range(100)]
            for each in idle:
                stack.enter_context(each)
                each.sendall(sent)
                each.setblocking(False)
            reader, writer = await opened(port, ASK)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), 5)
            assert answer.startswith(b"HTTP/1.1 200")
            writer.close()
            return sum(map(is_open, idle))

    assert 10 <= asyncio.run(run()) <= Hasty.most


def is_open(connection):
    try:
        while connection.recv(1000):
            pass
    except BlockingIOError:
        return True
    except ConnectionError:
        pass
    return False


def test_a_line_is_written_once_a_minute(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    limit = OncePerMinute()
    record = logging.LogRecord("a", logging.WARNING, "", 0, "Invalid", (), None)
    other = logging.LogRecord("a", logging.WARNING, "", 0, "Else", (), None)
    assert [limit.filter(each) for each in (record, record, other)] == [True, False, True]
    now += 61
    assert limit.filter(record)
