"""What a request brings: bodies in odd encodings, queries, forms."""

import asyncio

import pytest
from starlette.requests import Request

from tunedesk.training_server.web.requests import read_json
from tunedesk.training_server.web.responses import ApiError


def request(body=b"", content_type="application/json", query=b""):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode())]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": query}
    return Request(scope, receive)


def read(body):
    return asyncio.run(read_json(request(body), dict))


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata":{"a":"\xed\xa0\x80"}}',
        '{"a":"é"}'.encode("utf-16"),
        '{"a":"é"}'.encode("utf-16-le"),
        '{"a":"é"}'.encode("utf-32"),
        b'{"a":"\xff"}',
        b'{"a":"\xc0\x80"}',
    ],
)
def test_a_body_that_is_not_utf_8_is_refused(body):
    with pytest.raises(ApiError) as refusal:
        read(body)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid_json")


def test_a_body_in_utf_8_is_read_with_its_mark_or_without():
    for mark in ("", "\ufeff"):
        assert read(f'{mark}{{"a":"é😀"}}'.encode()) == {"a": "é😀"}
