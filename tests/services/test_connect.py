import datetime

import pytest
from tests.services import fake_faults
from tests.services.conftest import connection_to, rows
from tests.services.fakes import FakeAzure, FakeNebius, FakeOpenAI, FakeOther

from tunedesk.services import connect
from tunedesk.services.connect import ListedModel, try_connection
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named


class Day(datetime.date):
    """A day that stands still."""

    now = datetime.date(2026, 11, 24)

    @classmethod
    def today(cls):
        return cls.now


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(connect.datetime, "date", Day)


def make_a_job(service):
    file = service._keep("t.jsonl", rows(10), "fine-tune")
    with connection_to(service).client() as client:
        client.fine_tuning.jobs.create(model=service.models[0], training_file=file)


def test_a_connection_that_works(openai_service):
    make_a_job(openai_service)
    openai_service.finish(next(iter(openai_service.jobs)))
    report = try_connection(connection_to(openai_service))
    assert report.ok
    assert report.sentence == "The connection to OpenAI works."
    assert report.advice == ""
    # The tuned model is none to begin from.
    assert report.models == tuple(
        ListedModel(name, datetime.date(2027, 1, 14)) for name in openai_service.models
    )


def test_an_account_new_to_fine_tuning_is_warned(openai_service):
    report = try_connection(connection_to(openai_service))
    assert report.ok
    assert "since 2026-05-07" in report.advice
    assert "only when one is made" in report.advice


def test_another_server_is_called_by_its_host():
    with FakeOther() as service:
        connection = connection_to(service, "custom")
        assert try_connection(connection).sentence == "The connection to 127.0.0.1 works."
        service.key = "another"
        assert try_connection(connection).sentence == "127.0.0.1 does not accept the key."


def test_a_provider_that_has_closed_says_so(openai_service, monkeypatch):
    monkeypatch.setattr(Day, "now", datetime.date(2027, 1, 6))
    report = try_connection(connection_to(openai_service))
    assert report.ok  # what is there can still be followed
    assert "takes no new jobs any more" in report.advice


@pytest.mark.parametrize(
    ("kind", "name"), [(FakeAzure, "azure"), (FakeNebius, "nebius"), (FakeOther, "custom")]
)
def test_the_other_services(kind, name):
    with kind() as service:
        report = try_connection(connection_to(service, name))
        assert report.ok, report
        assert [model.id for model in report.models] == list(service.models)
        wrong = try_connection(connection_to(service, name, key="sk-wrong-0123456789"))
        assert not wrong.ok
        assert "does not accept the key" in wrong.sentence


def test_the_address_lacks_its_end(openai_service):
    connection = Connection(
        provider_named("custom"), openai_service.origin, Key(openai_service.key, "this run")
    )
    report = try_connection(connection)
    assert not report.ok
    assert report.sentence == "The address is not complete."
    assert report.better_address == openai_service.url


def test_the_address_is_another_one(openai_service):
    connection = Connection(
        provider_named("custom"),
        f"{openai_service.origin}/api/v1",
        Key(openai_service.key, "this run"),
    )
    report = try_connection(connection)
    assert not report.ok
    assert "does not have what was asked for" in report.sentence
    assert "/v1" in report.advice
    assert report.better_address == ""


def test_a_server_that_does_no_fine_tuning(openai_service):
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.refused(404, "Not Found"))
    report = try_connection(connection_to(openai_service, "custom"))
    assert not report.ok
    assert "does no fine-tuning" in report.sentence


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (fake_faults.web_page(), "not one of the fine-tuning API"),
        (fake_faults.truncated(), "not one of the fine-tuning API"),
        (fake_faults.changed(lambda _body: {"hello": "world"}), "not one of the fine-tuning API"),
        (fake_faults.changed(lambda _body: 7), "not one of the fine-tuning API"),
        (fake_faults.not_available(), "no new fine-tuning jobs"),
        (fake_faults.server_error(), "fault of its own"),
        (fake_faults.broken_before(), "broke"),
        (fake_faults.refused(403, "Missing scopes: api.fine_tuning.jobs.read"), "may not do this"),
    ],
)
def test_answers_that_are_none(openai_service, fault, said):
    openai_service.fail("GET", "/fine_tuning/jobs", fault)
    openai_service.fail("GET", "/models", fake_faults.web_page())
    report = try_connection(connection_to(openai_service))
    assert not report.ok
    assert said in report.sentence
    assert report.advice


def test_a_server_that_never_answers(openai_service, monkeypatch):
    monkeypatch.setattr(connect, "_SECONDS", 0.3)
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.hanging())
    assert "did not answer in time" in try_connection(connection_to(openai_service)).sentence


def test_a_list_of_models_that_is_missing_or_odd_harms_nothing(openai_service):
    make_a_job(openai_service)
    openai_service.fail("GET", "/models", fake_faults.refused(404, "Not Found"))
    report = try_connection(connection_to(openai_service))
    assert report.ok
    assert report.models == ()
    odd = [{"id": 7}, "x", {}, {"id": "a", "shutdown_date": "soon"}, {"id": "b"}]
    openai_service.fail("GET", "/models", fake_faults.changed(lambda _body: odd))
    report = try_connection(connection_to(openai_service))
    assert report.models == (ListedModel("a", None), ListedModel("b", None))


def test_what_may_not_be_sent_is_told(openai_service):
    without = Connection(provider_named("openai"), openai_service.url, None)
    assert "needs a key" in try_connection(without).sentence
    readable = Connection(
        provider_named("custom"), "http://trainer.example/v1", Key("sk-x", "keyring")
    )
    assert "others can read" in try_connection(readable).sentence
    assert not openai_service.requests


def test_nobody_there():
    with FakeOpenAI() as service:
        connection = connection_to(service)
    report = try_connection(connection)
    assert not report.ok
    assert "No server is running" in report.sentence
