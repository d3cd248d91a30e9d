"""Keys are taken out of what services say, in whatever way they are written there."""

import base64
import json
import traceback
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.services.conftest import connection_to
from tests.services.fake_http import Answer, Fault
from tests.services.fakes import FakeEcho

from tunedesk.errors import UserError
from tunedesk.fine_tuning.parse_job import metrics_of_result_file
from tunedesk.gui.crash_report import report_text
from tunedesk.services.chat_client import stream_completion
from tunedesk.services.connect import try_connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.keys import Key
from tunedesk.services.redaction import (
    HIDDEN,
    pieces_without_key,
    redacted,
    redacted_json,
    without_key,
    without_key_in_bytes,
)
from tunedesk.services.service_errors import ServiceError

KEY = "sk-proj-Abc/123+xyz_0987654321"


KEYS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="[]"),
    min_size=6,
    max_size=60,
)


@given(KEYS, st.text(max_size=20), st.text(max_size=20))
def test_no_key_is_left(key, before, after):
    assume(not key.isdigit())
    assert key not in redacted(f"{before}{key}{after}{key}", key)


@pytest.mark.parametrize(
    "said",
    [
        "Incorrect API key provided: sk-proj-abcDEF-123_456.",
        "Incorrect API key provided: sk-proj-*********************6789.",
        "headers: {'Authorization': 'Bearer eyJhbGciOi.J9.x-y'}",
        "api-key: 0123456789abcdef was refused",
        "rk-abcdef0123",
    ],
)
def test_what_looks_like_a_key_goes_even_if_it_is_not_ours(said):
    text = redacted(said)
    assert HIDDEN in text
    for piece in ("abcDEF", "6789", "eyJh", "0123"):
        assert piece not in text


def test_what_is_no_key_stays():
    said = 'Line 12, message 3, key "content": Input should be a valid string. task-force-9, sk-1'
    assert redacted(said, "", "other-key-1") == said


def test_encoded_forms_go_too():
    key = "sk/with+slash=123"
    assert redacted("a sk%2Fwith%2Bslash%3D123 b", key) == f"a {HIDDEN} b"
    assert redacted(r"a sk\/with+slash=123 b", key) == f"a {HIDDEN} b"
    assert redacted("key k7 and k77", "k7") == f"key {HIDDEN} and k77"


def escaped(text):
    return "".join(f"\\u{ord(letter):04X}" for letter in text)


WAYS = {
    "plain": KEY,
    "in capitals": KEY.upper(),
    "in small letters": KEY.lower(),
    "in an address": quote(KEY, safe=""),
    "twice in an address": quote(quote(KEY, safe=""), safe=""),
    "each letter in an address": "".join(f"%{ord(letter):02x}" for letter in KEY),
    "escaped in JSON": escaped(KEY),
    "a letter escaped in JSON": KEY[:7] + escaped(KEY[7]) + KEY[8:],
    "JSON in JSON": json.dumps(escaped(KEY))[1:-1],
    "slashes escaped": KEY.replace("/", "\\/"),
    "in HTML": "".join(f"&#{ord(letter)};" for letter in KEY),
    "as bytes of Python": "".join(f"\\x{ord(letter):02x}" for letter in KEY),
    "in hexadecimal": KEY.encode().hex(),
    "Basic": base64.b64encode(f":{KEY}".encode()).decode(),
    "Base64": base64.b64encode(KEY.encode()).decode(),
    "Base64 later": base64.b64encode(f"us:{KEY} and more".encode()).decode(),
    "Base64 for addresses": base64.urlsafe_b64encode(f"user:{KEY}".encode()).decode(),
    "cut off at the end": KEY[:-4],
    "cut off in the middle": KEY[: len(KEY) // 2 + 3],
    "cut off at the beginning": KEY[len(KEY) // 2 - 2 :],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("around", ["{}", "the key {} was used", "\u0130ß{}\u212a.", "é\n{}\n日本"])
def test_in_every_way_of_writing_it(way, around):
    text = around.format(WAYS[way])
    found = without_key(text, KEY)
    halves = (KEY[: len(KEY) // 2].lower(), KEY[len(KEY) // 2 :].lower())
    assert not any(half in found.lower() for half in halves)
    assert WAYS[way] not in found
    before, after = around.split("{}")
    assert found.startswith(before)
    assert found.endswith(after)
    assert without_key(around.format("something else"), KEY) == around.format("something else")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_in_bytes_of_any_encoding(encoding):
    text = f'{{"note": "é {KEY} ü", "more": "{escaped(KEY)}"}}'
    found = without_key_in_bytes(text.encode(encoding), KEY)
    assert found.decode(encoding) == f'{{"note": "é {HIDDEN} ü", "more": "{HIDDEN}"}}'


def test_bytes_that_are_no_text_come_back_as_they_were():
    content = bytes(range(256)) * 3 + b"\xed\xa0\x80"
    assert without_key_in_bytes(content, KEY) == content
    assert without_key_in_bytes(content + KEY.encode(), KEY) == content + HIDDEN.encode()


@given(st.data(), st.text(max_size=12), st.text(max_size=12))
def test_split_over_the_pieces_of_an_answer(data, before, after):
    text = f"{before}{KEY}{after}"
    pieces = []
    while text:
        size = data.draw(st.integers(1, 9))
        pieces.append(text[:size])
        text = text[size:]
    assert "".join(pieces_without_key(pieces, KEY)) == f"{before}{HIDDEN}{after}"


@given(st.lists(st.text(max_size=8)))
def test_pieces_without_a_key_arrive_whole(pieces):
    assert "".join(pieces_without_key(pieces, KEY)) == "".join(pieces)


def test_a_piece_is_held_back_only_while_it_may_be_the_key():
    pieces = pieces_without_key(iter(["A tas", "k is sk-", "etched ", "s"]), KEY)
    assert list(pieces) == ["A ta", "sk is ", "sk-etched ", "s"]
    assert list(pieces_without_key(iter(["Good ", "morning ", "!"]), KEY)) == [
        "Good ",
        "morning ",
        "!",
    ]


@pytest.mark.parametrize("key", ["ollama", "LM-Studio", "123456", "1700000000", "none", ""])
def test_what_is_given_in_place_of_a_key_stays_in_answers(key):
    said = '{"model": "ollama/lm-studio", "created_at": 1700000000, "tokens": 1234567, "x": null}'
    assert without_key(said, key) == said
    assert without_key_in_bytes(said.encode(), key) == said.encode()
    assert list(pieces_without_key([said], key)) == [said]


def test_names_may_look_like_a_key_and_sentences_may_not():
    said = {
        "model": "sk-learn-docs",
        "error": {"message": "wandb refused sk-abcdef0123456", "api_key": "0123"},
        "list": ["Authorization: Bearer abc.def", 3, None],
        "trained_tokens": 12,
    }
    assert redacted_json(said) == {
        "model": "sk-learn-docs",
        "error": {"message": f"wandb refused {HIDDEN}", "api_key": HIDDEN},
        "list": [f"Authorization: Bearer {HIDDEN}", 3, None],
        "trained_tokens": 12,
    }


def test_a_key_of_this_process_stands_in_no_report():
    Key("zz-secret-of-mine-42", "this run")
    try:
        raise RuntimeError("zz-secret-of-mine-42 is not callable")
    except RuntimeError as error:
        report = report_text(error)
    assert "zz-secret-of-mine-42" not in report
    assert f"{HIDDEN} is not callable" in report


def test_a_piece_of_a_key_that_was_not_sent_is_a_piece_of_anything():
    Key("another-0123456789-0123456789", "this run")
    assert redacted("order 0123456789-01234, please") == "order 0123456789-01234, please"
    assert redacted("sk-proj-0123456789-0123456789abc was refused") == f"{HIDDEN} was refused"
    assert redacted("another-0123456789-0123456789 was refused") == f"{HIDDEN} was refused"


# Against a service that sends it back in every field


@pytest.fixture
def echo():
    with FakeEcho() as service:
        yield service
    assert service.problems == []


def test_streamed_answers_hold_no_key(echo):
    connection = connection_to(echo, "custom")
    asked = [{"role": "user", "content": "Where?"}]
    pieces = list(stream_completion(connection, "acme-1", asked))
    assert "".join(piece.text for piece in pieces) == f"{echo.reply}{HIDDEN}"
    assert len(pieces) > 3
    with pytest.raises(ServiceError) as caught:
        list(stream_completion(connection, "nobody", asked))
    assert echo.key not in f"{caught.value!r} {caught.value.detail} {caught.value.advice}"


def test_headers_hold_no_key(echo):
    with connection_to(echo, "custom").client() as client:
        answer = client.models.with_raw_response.list().http_response
    assert echo.key not in str(answer.headers.multi_items())
    assert answer.headers["x-request-id"] == HIDDEN


def test_trying_a_connection_shows_no_key(echo):
    report = try_connection(connection_to(echo, "custom"))
    assert report.ok
    assert echo.key not in repr(report)
    refused = try_connection(connection_to(echo, "custom", key="sk-another-0123456789-another"))
    assert "sk-another" not in repr(refused)
    assert refused.refuses_key


def test_a_result_file_in_base64_holds_no_key(echo):
    connection = connection_to(echo, "custom")
    file_id = echo._keep("results.csv", b"step,train_loss\n1,2.5\n", "fine-tune-results")
    with connection.client() as client:
        content = JobsClient(connection, client).file_content(file_id)
    assert echo.key.encode() not in base64.b64decode(content)
    assert [metric.train_loss for metric in metrics_of_result_file(content)] == [2.5]


@pytest.mark.parametrize(
    "chunk",
    [
        b'data: {"error": {"message": "refused KEY", "code": "KEY"}}\n\n',
        b"event: error\ndata: KEY\n\n",
        b"data: KEY is no JSON\n\n",
    ],
)
def test_a_stream_that_breaks_off_tells_no_key(echo, chunk):
    said = chunk.replace(b"KEY", echo.key.encode())
    answer = Answer(200, said, {"content-type": "text/event-stream"})
    echo.fail("POST", "/chat/completions", Fault(change=lambda _done: answer))
    with pytest.raises(UserError) as caught:
        list(stream_completion(connection_to(echo, "custom"), "acme-1", [{"role": "user"}]))
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert echo.key not in told
