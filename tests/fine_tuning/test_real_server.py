"""The connection, the calls and the bodies against this project's real server."""

import pytest
from tests.services.conftest import rows
from tests.training_server.conftest import KEY, RunningServer

from tunedesk.fine_tuning.launch_settings import LaunchSettings, job_body
from tunedesk.fine_tuning.parse_job import job_state, run_event
from tunedesk.services.connect import try_connection
from tunedesk.services.connection import Connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named
from tunedesk.services.service_errors import ServiceError, explain_job_error

LOCAL = provider_named("local")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = RunningServer(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    assert running.stop() == 0


def to(server, key=KEY):
    return Connection(LOCAL, server.url, Key(key, "this run"))


def test_trying_the_connection(server):
    report = try_connection(to(server))
    assert report.ok, report
    assert report.advice == ""
    assert "tunedesk-starter" in [model.id for model in report.models]
    wrong = try_connection(to(server, "sk-wrong-0123456789"))
    assert not wrong.ok
    assert "does not accept the key" in wrong.sentence
    assert "sk-wrong" not in f"{wrong}"


def test_every_setting_is_taken_and_found_again(server):
    connection = to(server)
    with connection.client() as client:
        calls = JobsClient(connection, client)
        file = client.files.create(file=("t.jsonl", rows(12)), purpose="fine-tune").id
        settings = LaunchSettings(
            base_model="tunedesk-starter",
            name="night library",
            epochs=50,
            batch_size=2,
            learning_rate=0.5,
            full=True,
            seed=7,
            metadata={"tunedesk_run": "abc"},
        )
        made = job_state(calls.create(job_body(settings, LOCAL, file)), LOCAL)
        assert made.hyperparameters["n_epochs"] == 50
        assert (made.suffix, made.seed) == ("night library", 7)
        found = calls.list(metadata={"tunedesk_run": "abc"}).rows
        assert [row["id"] for row in found] == [made.id]
        assert job_state(calls.cancel(made.id), LOCAL).ended
        words = [run_event(row).message for row in calls.events(made.id).rows]
        assert any(made.id in message for message in words)


def test_refusals_of_the_server_are_in_plain_words(server):
    connection = to(server)
    with connection.client() as client:
        calls = JobsClient(connection, client)
        file = client.files.create(file=("t.jsonl", rows(3)), purpose="fine-tune").id
        for model, file_id, said in (
            ("tunedesk-starter", "file-none", "no longer has the file"),
            ("gpt-9", file, "no such model"),
        ):
            with pytest.raises(ServiceError, match=said) as caught:
                calls.create(job_body(LaunchSettings(base_model=model), LOCAL, file_id))
            assert not caught.value.lost_answer
            assert caught.value.detail
        with pytest.raises(ServiceError) as caught:
            calls.retrieve("ftjob-none")
        assert caught.value.status == 404
        job = calls.create(job_body(LaunchSettings(), LOCAL, file))
        while not (state := job_state(job, LOCAL)).ended:
            job = calls.retrieve(state.id)
        told = explain_job_error(state.error.code, state.error.message, LOCAL)
        assert "too few examples" in told.sentence
