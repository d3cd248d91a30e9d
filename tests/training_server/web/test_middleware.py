"""The Host header: who asks under a name that is not this server's gets nothing."""

import socket

import pytest

from tunedesk.training_server.web.middleware import Guard

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
