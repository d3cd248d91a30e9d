"""Answers as they come: texts, calls of tools in pieces, why they ended, and no key in them."""

import pytest
from tests.services.conftest import connection_to
from tests.services.fakes import FakeOther

from tunedesk.services.chat_client import AnswerPiece, ChatOptions, stream_completion, stream_text
from tunedesk.services.redaction import HIDDEN

ASKED = [{"role": "user", "content": "Where?"}]
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]


@pytest.fixture
def service():
    with FakeOther() as service:
        yield service


def pieces(service, **more):
    connection = connection_to(service, "custom")
    return list(stream_completion(connection, service.models[0], ASKED, **more))


def test_texts_come_in_pieces_and_the_last_says_why_it_ended(service):
    *texts, last = pieces(service)
    assert "".join(piece.text for piece in texts) == service.reply
    assert len(texts) > 3
    assert last == AnswerPiece("", (), "stop")


def test_what_is_not_chosen_is_left_to_the_service(service):
    pieces(service, options=ChatOptions(temperature=None))
    (request,) = service.sent("POST", ".*/chat/completions")
    assert request.json.keys() == {"model", "messages", "stream"}


def test_calls_of_tools_are_put_together_and_hold_no_key(service):
    service.calls = [("find", '{"title": "Dune"}'), ("find", f'{{"title": "{service.key}"}}')]
    (last,) = pieces(service, more={"tools": TOOLS, "parallel_tool_calls": True})
    assert last.finish_reason == "tool_calls"
    assert [call["id"] for call in last.tool_calls] == ["call_0", "call_1"]
    assert [call["function"] for call in last.tool_calls] == [
        {"name": "find", "arguments": '{"title": "Dune"}'},
        {"name": "find", "arguments": f'{{"title": "{HIDDEN}"}}'},
    ]


def test_a_text_goes_on_in_pieces_without_the_key(service):
    service.reply = f"a time {service.key} ago"
    connection = connection_to(service, "custom")
    options = ChatOptions(most_tokens=40)
    *texts, last = stream_text(connection, service.models[0], "Once upon ", options=options)
    assert "".join(piece.text for piece in texts) == f"a time {HIDDEN} ago"
    assert last == AnswerPiece("", (), "stop")
    (request,) = service.sent("POST", "/completions")
    assert (request.json["prompt"], request.json["max_tokens"]) == ("Once upon ", 40)
