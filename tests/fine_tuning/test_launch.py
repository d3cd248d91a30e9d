"""Launching against services that fail in every way: never two jobs, never a lost one."""

import datetime
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.fine_tuning.made_project import add_texts, library
from tests.fine_tuning.made_runs import begun, followed, launched
from tests.services import fake_faults
from tests.services.conftest import connection_to
from tests.services.memory_keyring import MemoryKeyring

from tunedesk.errors import Cancelled, UserError
from tunedesk.fine_tuning import launch
from tunedesk.fine_tuning.launch import RUN_KEY, folder_of, write_run_file
from tunedesk.fine_tuning.launch_preview import preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.open_work import open_work
from tunedesk.fine_tuning.run_service import RunService
from tunedesk.progress import no_wait
from tunedesk.project.project import Project
from tunedesk.project.run_records import RunExample
from tunedesk.services.keys import Keys
from tunedesk.services.providers import provider_named
from tunedesk.services.service_errors import ServiceError


def test_the_whole_way_at_every_provider(project, any_service):
    name, service = any_service
    run, connection = launched(project, service, name)
    assert run.stage == "following"
    assert (run.training.examples, run.validation.examples) == (12, 3)
    sent = service.files[run.training.file_id]
    assert hashlib.sha256(sent).hexdigest() == run.training.sha256
    assert sent.startswith(b"\xef\xbb\xbf") == provider_named(name).byte_order_mark
    ended = followed(project, run, connection)
    assert (ended.status, ended.stage) == ("succeeded", "ended")
    assert ended.fine_tuned_model
    metrics = project.runs.metrics(run.id)
    assert metrics
    assert all(metric.train_loss is not None for metric in metrics)
    assert len(service.jobs) == 1
    assert not folder_of(run).exists()


def test_the_job_carries_the_runs_key_and_what_was_chosen(project, openai_service):
    run, _connection = launched(
        project, openai_service, epochs=4, batch_size=2, seed=7, metadata={"case": "12"}
    )
    (job,) = openai_service.jobs.values()
    assert job["metadata"] == {"case": "12", RUN_KEY: run.key}
    assert job["method"]["supervised"]["hyperparameters"]["n_epochs"] == 4
    assert (job["seed"], job["user_provided_suffix"]) == (7, "night")


@pytest.mark.parametrize(
    "fault",
    [
        fake_faults.server_error(done=True),
        fake_faults.lost_answer(),
        fake_faults.web_page(done=True),
        fake_faults.truncated(),
        fake_faults.broken_off(),
    ],
)
def test_a_job_whose_answer_was_lost_is_found_and_not_made_again(project, openai_service, fault):
    openai_service.fail("POST", "/fine_tuning/jobs", fault)
    run, _connection = launched(project, openai_service)
    assert run.job_id in openai_service.jobs
    assert len(openai_service.sent("POST", "/fine_tuning/jobs")) == 1


@pytest.mark.parametrize("fault", [fake_faults.server_error(), fake_faults.broken_before()])
def test_a_job_that_was_not_made_is_made_only_when_it_is_asked_for_again(
    project, openai_service, fault
):
    openai_service.fail("POST", "/fine_tuning/jobs", fault)
    run, connection = begun(project, openai_service)
    with pytest.raises(ServiceError):
        launch.continue_launch(project, run.id, connection, no_wait)
    stays = project.runs.get(run.id)
    assert (stays.stage, stays.job_id) == ("creating", "")
    assert stays.note
    assert openai_service.jobs == {}
    again = launch.continue_launch(project, run.id, connection, no_wait)
    assert again.stage == "following"
    assert len(openai_service.jobs) == 1
    assert len(openai_service.sent("POST", "/files")) == 2


def test_a_job_that_appears_late_is_taken_over_by_the_next_try(project, openai_service):
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.lost_answer())
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.server_error(status=503), 3)
    run, connection = begun(project, openai_service)
    with pytest.raises(ServiceError):
        launch.continue_launch(project, run.id, connection, no_wait)
    with pytest.raises(ServiceError):
        # Not even looked for: so nothing is sent.
        launch.continue_launch(project, run.id, connection, no_wait)
    assert (
        launch.continue_launch(project, run.id, connection, no_wait).job_id in openai_service.jobs
    )
    assert len(openai_service.jobs) == 1


def test_a_refusal_ends_the_run_and_takes_the_files_away(project, openai_service):
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.not_available())
    run, connection = begun(project, openai_service)
    with pytest.raises(ServiceError, match="no new fine-tuning jobs"):
        launch.continue_launch(project, run.id, connection, no_wait)
    ended = project.runs.get(run.id)
    assert (ended.stage, ended.status) == ("ended", "failed")
    assert ended.error.code == "training_not_available"
    assert openai_service.files == {}


@pytest.mark.parametrize("path", ["/files", "/fine_tuning/jobs"])
def test_too_many_requests_lose_nothing(project, openai_service, path):
    openai_service.fail("POST", path, fake_faults.too_many())
    run, connection = begun(project, openai_service)
    with pytest.raises(ServiceError):
        launch.continue_launch(project, run.id, connection, no_wait)
    assert project.runs.get(run.id).stage == "uploading"
    assert launch.continue_launch(project, run.id, connection, no_wait).stage == "following"
    assert len(openai_service.jobs) == 1


def test_a_file_whose_answer_was_lost_is_not_sent_again(project, openai_service):
    openai_service.fail("POST", "/files", fake_faults.lost_answer())
    run, connection = begun(project, openai_service)
    with pytest.raises(ServiceError):
        launch.continue_launch(project, run.id, connection, no_wait)
    launch.continue_launch(project, run.id, connection, no_wait)
    assert len(openai_service.files) == 2


def test_the_key_stands_nowhere_in_the_project(project, openai_service):
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.wrong_key(openai_service.key))
    run, connection = begun(project, openai_service)
    with pytest.raises(ServiceError) as caught:
        launch.continue_launch(project, run.id, connection, no_wait)
    secret = openai_service.key
    assert secret not in str(caught.value) + caught.value.detail + repr(project.runs.get(run.id))
    path = project.path
    project.close()
    assert secret.encode() not in path.read_bytes()


def test_cancelling_the_upload_leaves_nothing_behind(project, openai_service):
    run, connection = begun(project, openai_service)

    def stop(_done, _total):
        if project.runs.get(run.id).stage == "uploading":
            raise Cancelled

    with pytest.raises(Cancelled):
        launch.continue_launch(project, run.id, connection, no_wait, stop)
    ended = project.runs.get(run.id)
    assert (ended.stage, ended.status) == ("ended", "cancelled")
    assert openai_service.files == {}
    assert openai_service.jobs == {}
    assert not folder_of(run).exists()


def test_what_was_trained_on_can_be_written_again_after_it_changed(
    project, openai_service, tmp_path
):
    run, _connection = launched(project, openai_service)
    before = openai_service.files[run.training.file_id]
    first = project.runs.example_at(run.id, "training", 1)
    assert isinstance(first, RunExample)
    checker = project.checker()
    text = project.text(first.example_id).replace("shelf", "table")
    project.set_text(first.example_id, text, checker.check(text.encode()), "Edit message 2")
    path, file = write_run_file(
        project, run, "training", provider_named("openai"), out=tmp_path / "again.jsonl"
    )
    assert path.read_bytes() == before
    assert file.sha256 == run.training.sha256


def test_errors_stop_a_launch_unless_those_examples_are_left_out(project, openai_service):
    add_texts(project, ['{"messages": [{"role": "user", "content": "no answer"}]}', "{not json"])
    with pytest.raises(UserError, match="errors"):
        begun(project, openai_service)
    run, _connection = launched(project, openai_service, leave_out_errors=True)
    assert run.training.examples + run.validation.examples == 15


def test_a_run_for_one_address_is_not_carried_on_at_another(project, openai_service):
    run, connection = begun(project, openai_service)
    project.runs.update(run.id, base_url="https://elsewhere.example/v1")
    with pytest.raises(UserError, match="another server"):
        launch.continue_launch(project, run.id, connection, no_wait)
    assert openai_service.files == {}


LAUNCH = """
import sys, time
from pathlib import Path
from tunedesk.fine_tuning.run_service import RunService
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Keys
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named
from tunedesk.project.project import Project

path, url, key = sys.argv[1:]
with Project.open(Path(path)) as project:
    (run,) = project.runs.all()
    connection = Connection(provider_named("openai"), url, Key(key, "this run"))
    RunService(project, Keys({})).continue_launch(run.id, time.sleep, connection=connection)
"""


@pytest.mark.parametrize("path", ["/files", "/fine_tuning/jobs"])
@pytest.mark.parametrize("done", [False, True])
def test_killed_while_the_service_has_the_request(tmp_path, openai_service, path, done):
    run = killed_at(tmp_path, openai_service, path, done)
    with Project.open(tmp_path / "Test.tunedesk") as project:
        service = RunService(project, Keys({}))
        assert [each.id for each in service.unfinished().launching] == [run.id]
        found = service.continue_launch(run.id, no_wait, connection=connection_to(openai_service))
        assert [work.kind for work in open_work(project)] == ["follow"]
        assert found.stage == "following"
        assert found.job_id in openai_service.jobs
    assert len(openai_service.jobs) == 1
    assert len(openai_service.files) == 2


@pytest.mark.parametrize("path", ["/files", "/fine_tuning/jobs"])
@pytest.mark.parametrize("done", [False, True])
def test_killed_while_the_service_has_the_request_and_cancelled(
    tmp_path, openai_service, path, done, monkeypatch
):
    monkeypatch.setattr(launch, "SEARCH_PAUSES", (0.0,))
    openai_service.held = True
    run = killed_at(tmp_path, openai_service, path, done)
    with Project.open(tmp_path / "Test.tunedesk") as project:
        # A fake is not at the address to which a key of the environment may go.
        keys = Keys({"KEY": openai_service.key}, MemoryKeyring())
        RunService(project, keys, variable="KEY").cancel(run.id, no_wait)
        cancelled = project.runs.get(run.id)
    made = path == "/fine_tuning/jobs" and done
    assert [job["status"] for job in openai_service.jobs.values()] == ["cancelled"] * made
    assert cancelled.status == "cancelled"
    assert cancelled.ended or made
    assert len(openai_service.files) == 2 * made


def killed_at(tmp_path, openai_service, path, done):
    """A run whose launch was killed (SIGKILL) while the service had a request.

    Args:
        tmp_path: Where the project is made.
        openai_service: The service.
        path: The address of the request.
        done: Whether the service did what it was asked.
    """
    arrived = threading.Event()
    hanging = fake_faults.hanging(done)
    due = openai_service._due

    def seen(request):
        fault = due(request)
        if fault is hanging:
            arrived.set()
        return fault

    openai_service._due = seen
    openai_service.fail("POST", path, hanging)
    project_path = tmp_path / "Test.tunedesk"
    with library(project_path) as project:
        settings = LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14")
        preview = preview_launch(project, settings, datetime.date(2026, 11, 24))
        run = launch.create_run(project, preview, connection_to(openai_service))
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(project_path), openai_service.url, openai_service.key],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])},
    ) as process:
        try:
            assert arrived.wait(60)
        finally:
            process.kill()
    return run
