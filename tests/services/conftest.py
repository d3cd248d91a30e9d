"""The fake services as fixtures; each one's clients must have sent what OpenAI's document has."""

import json

import pytest
from tests.services.fakes import FakeAzure, FakeNebius, FakeOpenAI, FakeOther

from tunedesk.services.connection import Connection
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named

FAKES = {"openai": FakeOpenAI, "azure": FakeAzure, "nebius": FakeNebius, "custom": FakeOther}


def _running(kind):
    with FAKES[kind]() as service:
        yield service
    assert service.problems == []


@pytest.fixture
def openai_service():
    """OpenAI, as the facts tell of it."""
    yield from _running("openai")


@pytest.fixture(params=FAKES)
def any_service(request):
    """Each of the services in turn, with the name of its provider."""
    for service in _running(request.param):
        yield request.param, service


def connection_to(service, name="openai", key=None):
    """A connection to a fake, as to the provider that it plays."""
    value = service.key if key is None else key
    return Connection(provider_named(name), service.url, Key(value, "this run") if value else None)


def rows(count, start=0):
    """The bytes of a training file."""
    made = (
        {
            "messages": [
                {"role": "user", "content": f"Where is book {number}?"},
                {"role": "assistant", "content": f"On shelf {number % 7}."},
            ]
        }
        for number in range(start, start + count)
    )
    return "".join(json.dumps(row) + "\n" for row in made).encode()
