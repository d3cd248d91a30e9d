"""Runs are launched, cancelled and deleted the same way from the window and the command line."""

import datetime
import threading

import pytest
from tests.services import fake_faults
from tests.services.memory_keyring import MemoryKeyring

from tunedesk.errors import Cancelled, UserError
from tunedesk.fine_tuning import launch
from tunedesk.fine_tuning.launch_preview import preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.open_work import open_work
from tunedesk.fine_tuning.run_service import LaunchInterruptedError, RunService, result_files
from tunedesk.progress import no_wait
from tunedesk.services.connect import connect
from tunedesk.services.keys import Keys
from tunedesk.services.providers import provider_named
from tunedesk.services.service_errors import ServiceError

TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def keys(openai_service):
    keys = Keys({}, MemoryKeyring())
    keys.keep(provider_named("custom"), openai_service.url, openai_service.key)
    return keys


@pytest.fixture
def service(project, keys):
    return RunService(project, keys)


@pytest.fixture
def preview(project, openai_service):
    settings = LaunchSettings(
        provider="custom",
        base_url=openai_service.url,
        base_model=openai_service.models[0],
        name="night",
    )
    return preview_launch(project, settings, TODAY)


class Stop:
    """A way to wait that the user stops, as the window's is."""

    def __init__(self):
        self.asked = threading.Event()

    def __call__(self, seconds):
        if self.asked.wait(seconds):
            raise Cancelled

    def progress(self, _done, _total):
        self(0)


def only(project):
    (run,) = project.runs.all()
    return run


def stop_at(openai_service, stop, path):
    """The user stops while the service has this request."""
    due = openai_service._due

    def seen(request):
        if request.method == "POST" and request.path == path:
            stop.asked.set()
        return due(request)

    openai_service._due = seen


def test_launched_and_polled_to_its_end(project, service, preview, openai_service):
    created = []
    run = service.launch(preview, no_wait, on_created=created.append)
    assert created == [run.id]
    assert run.stage == "following"
    follower = service.follower(run.id)
    while follower.poll(project) is not None:
        pass
    ended = project.runs.get(run.id)
    assert ended.succeeded
    assert result_files(ended)
    (table,) = service.fetch_results(run.id, no_wait)
    assert b"train_loss" in table
    deleted = service.delete_model(run.id, no_wait)
    assert deleted.fine_tuned_model == ""
    assert openai_service.sent("DELETE", "/models/.*")
    assert run.training.file_id not in openai_service.files


def test_stopped_while_the_job_is_made_it_is_cancelled(project, service, preview, openai_service):
    openai_service.held = True
    stop = Stop()
    stop_at(openai_service, stop, "/fine_tuning/jobs")
    with pytest.raises(Cancelled):
        service.launch(preview, stop)
    (job,) = openai_service.jobs.values()
    assert job["status"] == "cancelled"
    assert only(project).job_id == job["id"]


def test_stopped_while_its_answer_is_lost_the_job_is_found_and_cancelled(
    project, service, preview, openai_service
):
    openai_service.held = True
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.lost_answer())
    stop = Stop()
    stop_at(openai_service, stop, "/fine_tuning/jobs")
    with pytest.raises(Cancelled):
        service.launch(preview, stop)
    (job,) = openai_service.jobs.values()
    assert job["status"] == "cancelled"


def test_stopped_where_nobody_knows_of_a_job_the_run_stays_and_says_so(
    project, service, preview, openai_service
):
    openai_service.held = True
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.lost_answer())
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.server_error(status=503))
    stop = Stop()
    stop_at(openai_service, stop, "/fine_tuning/jobs")
    with pytest.raises(Cancelled):
        service.launch(preview, stop)
    run = only(project)
    assert run.stage == "creating"
    assert run.note
    cancelled = service.cancel(run.id, no_wait)
    assert "found and cancelled" in cancelled.sentence
    (job,) = openai_service.jobs.values()
    assert (job["status"], cancelled.run.job_id) == ("cancelled", job["id"])


def test_a_job_that_appears_late_is_cancelled_all_the_same(
    project, service, preview, openai_service
):
    openai_service.held = True
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.lost_answer())
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.server_error(status=503), 2)
    with pytest.raises(ServiceError):
        service.launch(preview, no_wait)
    # By the run's key and without it: two lists for each search.
    nothing_yet = fake_faults.changed(lambda _body: {"object": "list", "data": []})
    openai_service.fail("GET", "/fine_tuning/jobs", nothing_yet, 2)
    service.cancel(only(project).id, no_wait)
    (job,) = openai_service.jobs.values()
    assert job["status"] == "cancelled"


def test_closing_the_project_gives_nothing_up(project, service, preview, openai_service):
    stop = Stop()
    stop_at(openai_service, stop, "/files")
    with pytest.raises(LaunchInterruptedError):
        service.launch(preview, stop, stop.progress, is_closing=lambda: True)
    run = only(project)
    assert run.stage == "uploading"
    assert "cut off" in run.note
    assert service.continue_launch(run.id, no_wait).stage == "following"
    assert len(openai_service.jobs) == 1


def test_closing_the_project_while_the_job_is_made_cancels_nothing(
    project, service, preview, openai_service
):
    openai_service.held = True
    stop = Stop()
    stop_at(openai_service, stop, "/fine_tuning/jobs")
    assert service.launch(preview, stop, is_closing=lambda: True).stage == "following"
    (job,) = openai_service.jobs.values()
    assert job["status"] != "cancelled"


def test_a_run_that_was_not_sent_is_given_up_without_a_request(
    project, service, preview, openai_service
):
    launch.create_run(
        project, preview, connect(provider_named("custom"), openai_service.url, service._keys)
    )
    run = only(project)
    told = service.cancel(run.id, no_wait)
    assert (told.run.stage, told.run.status) == ("ended", "cancelled")
    assert "no job" in told.sentence
    assert openai_service.requests == []
    with pytest.raises(UserError, match="already ended"):
        service.cancel(run.id, no_wait)


def test_a_launch_that_was_closed_goes_on_at_the_next_start(
    project, service, preview, openai_service
):
    stop = Stop()
    stop_at(openai_service, stop, "/files")
    with pytest.raises(LaunchInterruptedError):
        service.launch(preview, stop, stop.progress, is_closing=lambda: True)
    run = only(project)
    assert [work.title for work in open_work(project)] == ["Launching night"]
    assert [each.id for each in service.unfinished().launching] == [run.id]
    service.continue_launch(run.id, no_wait)
    assert [work.title for work in open_work(project)] == ["Training night"]
    assert [each.id for each in service.unfinished().following] == [run.id]
    follower = service.follower(run.id)
    while follower.poll(project) is not None:
        pass
    assert open_work(project) == []
    assert [(item.kind, item.state) for item in project.work.items()] == [
        ("launch", "done"),
        ("follow", "done"),
    ]
    assert project.work.items("follow")[0].progress == openai_service.total_steps


def test_a_launch_that_failed_waits_for_the_user(project, service, preview, openai_service):
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.too_many())
    with pytest.raises(ServiceError):
        service.launch(preview, no_wait)
    assert open_work(project) == []
    unfinished = service.unfinished()
    assert [len(runs) for runs in unfinished] == [0, 0, 1, 0]
    service.continue_launch(only(project).id, no_wait)
    assert len(openai_service.jobs) == 1


def test_a_launch_is_in_one_hand_only(project, service, preview, openai_service):
    launch.create_run(
        project, preview, connect(provider_named("custom"), openai_service.url, service._keys)
    )
    run = only(project)
    item = project.work.add("launch", {"run": run.key})
    assert project.work.claim(item.uid)
    with pytest.raises(UserError, match="under way already"):
        service.continue_launch(run.id, no_wait)
    assert openai_service.requests == []


def test_what_another_computer_follows_is_not_followed_by_itself(
    project, service, preview, openai_service, monkeypatch, tmp_path
):
    run = service.launch(preview, no_wait)
    # Another computer has another secret.
    monkeypatch.setattr("tunedesk.project.work.user_data_dir", lambda: tmp_path / "elsewhere")
    unfinished = service.unfinished()
    assert [each.id for each in unfinished.elsewhere] == [run.id]
    assert unfinished.following == []
    service.follower(run.id).poll(project)
    assert [each.id for each in service.unfinished().following] == [run.id]


def test_a_cancelled_run_leaves_no_open_work(project, service, preview, openai_service):
    openai_service.held = True
    run = service.launch(preview, no_wait)
    service.cancel(run.id, no_wait)
    follower = service.follower(run.id)
    while follower.poll(project) is not None:
        pass
    assert open_work(project) == []
    assert project.work.items("follow")[0].state == "cancelled"


def test_what_has_ended_cannot_be_paused(project, service, preview, openai_service):
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.not_available())
    with pytest.raises(ServiceError):
        service.launch(preview, no_wait)
    with pytest.raises(UserError, match="already ended"):
        service.pause(only(project).id, no_wait)
