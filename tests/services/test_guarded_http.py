import logging
import re
import traceback
from dataclasses import replace
from pathlib import Path

import httpx2
import openai
import pytest
from tests.services import fake_faults
from tests.services.conftest import connection_to, rows
from tests.services.fakes import FakeOpenAI

from tunedesk.errors import UserError
from tunedesk.services.connection import Connection
from tunedesk.services.guarded_http import GuardedClient
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named

LEAK = "leaked-from-the-environment"


def names_that_the_sdk_reads():
    """Every environment variable that stands in the SDK's source."""
    found = set()
    for file in Path(openai.__file__).parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "environ" in text:
            found |= set(re.findall(r'environ(?:\.get\(|\[)\s*"(\w+)"', text))
    return found


def test_nothing_of_the_environment_is_sent(openai_service, monkeypatch):
    names = names_that_the_sdk_reads()
    assert {"OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"} <= names
    assert {"OPENAI_BASE_URL", "OPENAI_WEBHOOK_SECRET", "OPENAI_CUSTOM_HEADERS"} <= names
    for name in names | {"OPENAI_DATA_RESIDENCY", "OPENAI_ORGANIZATION", "OPENAI_PROJECT"}:
        monkeypatch.setenv(name, LEAK)
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", f"X-Mine: {LEAK}\nAuthorization: Bearer {LEAK}\nUser-Agent: x"
    )
    connection = connection_to(openai_service)
    with connection.client() as client:
        assert client.webhook_secret == ""
        # A copy of a client reads the environment once more.
        for each in (client, client.with_options(timeout=5), client.copy(max_retries=0)):
            each.models.list()
            each.fine_tuning.jobs.list()
            file = each.files.create(file=("t.jsonl", rows(10)), purpose="fine-tune")
            each.fine_tuning.jobs.create(model="gpt-4.1-2025-04-14", training_file=file.id)
    assert len(openai_service.requests) == 12
    for request in openai_service.requests:
        assert request.headers["authorization"] == f"Bearer {openai_service.key}"
        assert LEAK not in str(request.headers)
        assert LEAK not in str(request.query)
        assert not [name for name in request.headers if name.startswith("openai-")]


def test_without_a_key_none_is_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", LEAK)
    with FakeOpenAI(key="") as service:
        with connection_to(service, "custom").client() as client:
            client.models.list()
        assert "authorization" not in service.requests[0].headers


def test_a_post_without_a_body_has_its_length(openai_service):
    # Azure answers 411 to one that has none (facts 1.5).
    with connection_to(openai_service).client() as client, pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.cancel("ftjob-none")
    assert openai_service.requests[0].headers["content-length"] == "0"


def test_a_redirect_is_not_followed(openai_service):
    with FakeOpenAI() as other:
        openai_service.fail("GET", "/models", fake_faults.moved(f"{other.url}/models"))
        openai_service.fail("POST", ".*", fake_faults.moved(f"{openai_service.url}/elsewhere"))
        with connection_to(openai_service).client() as client:
            with pytest.raises(openai.APIStatusError):
                client.models.list()
            with pytest.raises(openai.APIStatusError):
                client.fine_tuning.jobs.create(model="m", training_file="f")
        assert not other.requests
    assert [r.path for r in openai_service.requests] == ["/models", "/fine_tuning/jobs"]


def test_a_request_for_another_server_is_stopped(openai_service):
    with FakeOpenAI() as other:
        with connection_to(openai_service).client() as client:
            with pytest.raises(UserError, match="another server"):
                client.get(f"{other.url}/models", cast_to=object)
            # Nor does a copy with another address take the key there.
            with pytest.raises(UserError, match="another server"):
                client.with_options(base_url=other.url).models.list()
        assert not other.requests
    assert not openai_service.requests


def test_a_key_that_a_server_echoes_is_taken_out(openai_service, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    key = "sk-proj-wrong/Key+0123456789"
    connection = connection_to(openai_service, key=key)
    with connection.client() as client, pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()
    error = caught.value
    texts = [str(error), repr(error), str(error.body), error.response.text]
    texts += [*traceback.format_exception(error), repr(connection), repr(client), caplog.text]
    assert all(key not in text for text in texts)
    assert "Incorrect API key provided: [key]." in str(error)


def test_a_key_that_a_good_answer_echoes_is_taken_out(openai_service, tmp_path):
    connection = connection_to(openai_service)
    echo = fake_faults.with_fields(metadata={"note": f"made with {openai_service.key}"})
    with connection.client() as client:
        file = client.files.create(file=("a.jsonl", rows(12), "text/plain"), purpose="fine-tune")
        calls = JobsClient(connection, client)
        job = calls.create({"model": openai_service.models[0], "training_file": file.id})
        openai_service.fail("GET", f"/fine_tuning/jobs/{job['id']}", echo)
        assert calls.retrieve(job["id"])["metadata"] == {"note": "made with [key]"}
        # Other answers are the service's own bytes.
        assert calls.file_content(file.id) == rows(12)


def test_proxies_and_certificates_are_the_systems(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    connection = Connection(
        provider_named("openai"), "https://api.openai.com/v1", Key("sk-x", "keyring")
    )
    with connection.client() as client:
        assert isinstance(client._client, GuardedClient)
        assert client._client.trust_env
        mounts = {pattern.pattern for pattern in client._client._mounts}
    assert "https://" in mounts


def test_certificates_are_looked_at_wherever_there_are_any(openai_service, monkeypatch):
    given = []
    begin = httpx2.Client.__init__

    def noted(self, **options):
        given.append(options["verify"])
        begin(self, **options)

    monkeypatch.setattr(httpx2.Client, "__init__", noted)
    key = Key("sk-x", "keyring")
    for address, verified in (
        ("https://api.openai.com/v1", True),
        ("https://127.0.0.1:8000/v1", True),
        ("http://trainer.example/v1", True),
        (openai_service.url, False),
    ):
        Connection(
            provider_named("custom"), address, key, plain_http_accepted=True
        ).client().close()
        assert given.pop() is verified


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_proxy_is_not_asked_for_this_computer(openai_service, monkeypatch, name):
    with FakeOpenAI() as proxy:
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(variable, proxy.origin)
        connection = connection_to(openai_service)
        connection = replace(connection, base_url=connection.base_url.replace("127.0.0.1", name))
        with connection.client() as client:
            client.models.list()
        assert not proxy.requests
    assert len(openai_service.requests) == 1
