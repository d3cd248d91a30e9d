"""What a request brings: bodies in odd encodings, queries, forms."""

import asyncio
from urllib.parse import quote

import pytest
from starlette.requests import Request

from tunedesk.training_server.web.requests import form, query_whole, read_json
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


@pytest.mark.parametrize(
    "body",
    [b'{"a":1e999}', b'{"a":[-1e400]}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":' + b"9" * 5000],
)
def test_a_number_that_no_answer_could_hold_is_refused(body):
    with pytest.raises(ApiError) as refusal:
        read(body)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid_json")


def test_numbers_at_the_edge_are_read():
    assert read(b'{"a":1.7e308,"b":-1e-400,"c":9007199254740993}') == {
        "a": 1.7e308,
        "b": -0.0,
        "c": 9007199254740993,
    }


@pytest.mark.parametrize(("begin", "end"), [('{"a":', "}"), ("[", "]"), ("[0,[", "]]")])
def test_a_body_is_read_down_to_512_levels(begin, end):
    def nested(levels):
        count, rest = divmod(levels - 1, begin.count("[") or 1)
        return '{"a":' + begin * count + "[" * rest + "1" + "]" * rest + end * count + "}"

    assert read(nested(512).encode())
    for levels in (513, 900, 100_000):
        with pytest.raises(ApiError) as refusal:
            read(nested(levels).encode())
        assert (refusal.value.status, refusal.value.code) == (400, "invalid_json")


def test_a_body_in_utf_8_is_read_with_its_mark_or_without():
    for mark in ("", "\ufeff"):
        assert read(f'{mark}{{"a":"é😀"}}'.encode()) == {"a": "é😀"}


@pytest.mark.parametrize("given", ["--5", "-", "", "1e3", "٣", "+1", "1" * 12, "0", "101"])
def test_what_is_not_a_number_in_its_range_is_refused(given):
    query = f"limit={quote(given)}".encode()
    with pytest.raises(ApiError) as refusal:
        query_whole(request(query=query), "limit", 20, 1, 100)
    assert (refusal.value.status, refusal.value.param) == (400, "limit")
    assert query_whole(request(query=b"limit=7"), "limit", 20, 1, 100) == 7


def told(asked):
    """The names of the fields, or what the refusal says."""

    async def names():
        fields = await form(asked)
        await fields.close()
        return list(fields)

    try:
        return asyncio.run(names())
    except ApiError as refusal:
        return refusal.status, refusal.code


@pytest.mark.parametrize("charset", ["klingon", "utf-16", "idna", "ascii", "undefined", "utf-8\0"])
def test_a_form_in_an_odd_charset_is_read_or_refused(charset):
    body = (
        '--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tüne\r\n--x--\r\n'
    ).encode()
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    is_refused = charset in ("undefined", "utf-8\0")
    assert told(request(body, kind)) == ((400, "invalid_multipart") if is_refused else ["purpose"])


@pytest.mark.parametrize("name", ["purpose", "+2AA-"])
@pytest.mark.parametrize("text", ["+2AA-", "fine-tune"])
@pytest.mark.parametrize("file", [False, True])
def test_a_form_with_half_a_letter_is_refused(name, text, file):
    """UTF-7 can write what is not text: no answer, and no database, takes it."""
    given = f'; filename="{text}"' if file else ""
    body = f'--x\r\nContent-Disposition: form-data; name="{name}"{given}\r\n\r\n{text}\r\n--x--\r\n'
    said = told(request(body.encode(), "multipart/form-data; boundary=x; charset=utf-7"))
    is_broken = "+2AA-" in (name, text)
    assert said == ((400, "invalid_multipart") if is_broken else ["purpose"])
