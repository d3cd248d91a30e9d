"""The calls against each service, and against all the nonsense that the facts tell of."""

import json

import pytest
from tests.services import fake_faults
from tests.services.conftest import connection_to, rows
from tests.services.fake_http import Answer, Fault
from tests.services.fakes import FakeNebius, FakeOther

from tunedesk.fine_tuning.launch_settings import LaunchSettings, job_body
from tunedesk.fine_tuning.parse_job import (
    job_state,
    merged_metrics,
    metric_of_checkpoint,
    metric_of_event,
    metrics_of_result_file,
    run_checkpoint,
    run_event,
    total_steps_of_event,
)
from tunedesk.services import responses
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.providers import provider_named
from tunedesk.services.service_errors import ServiceError


@pytest.fixture
def calls(openai_service):
    connection = connection_to(openai_service)
    with connection.client(timeout=2) as client:
        yield JobsClient(connection, client)


@pytest.fixture
def job(openai_service, calls):
    """A job that has trained for some steps."""
    openai_service.total_steps, openai_service.steps_a_look = 6, 6
    file = openai_service._keep("t.jsonl", rows(10), "fine-tune")
    body = job_body(LaunchSettings(base_model="gpt-4.1-2025-04-14"), provider_named("openai"), file)
    made = calls.create(body)
    for _look in range(3):
        calls.retrieve(made["id"])
    openai_service.held = True
    return made["id"]


def test_a_job_from_its_making_to_its_figures(any_service):
    name, service = any_service
    connection = connection_to(service, name)
    place = connection.provider
    mark = b"\xef\xbb\xbf" if place.byte_order_mark else b""
    training = service._keep("t.jsonl", mark + rows(12), "fine-tune")
    held_back = service._keep("v.jsonl", mark + rows(3, 12), "fine-tune")
    settings = LaunchSettings(
        base_model=service.models[0],
        name="night-library"[: place.suffix_length],
        epochs=3,
        batch_size=2,
        learning_rate=2e-5 if place.learning_rate == "absolute" else 0.5,
        seed=7,
        metadata={"tunedesk": "abc"} if place.metadata else {},
        extra_body=place.presets[0].extra_body if place.presets else {},
    )
    with connection.client(timeout=5) as client:
        calls = JobsClient(connection, client)
        made = job_state(calls.create(job_body(settings, place, training, held_back)), place)
        assert not made.ended
        assert made.error is None
        assert made.hyperparameters["n_epochs"] == 3
        found = [job_state(row, place) for row in calls.list().rows]
        assert [(each.id, each.training_file) for each in found] == [(made.id, training)]
        state, seen = made, []
        while not state.ended:
            state = job_state(calls.retrieve(made.id), place)
            seen.append(state.status)
        assert seen[-1] == "succeeded"
        assert set(seen) <= {"queued", "running", "succeeded"}
        assert state.fine_tuned_model
        assert state.trained_tokens > 0
        events = [run_event(row) for row in calls.events(made.id).rows]
        points = [run_checkpoint(row) for row in calls.checkpoints(made.id).rows]
        from_events = merged_metrics(filter(None, map(metric_of_event, events)))
        from_points = merged_metrics(filter(None, map(metric_of_checkpoint, points)))
        from_file = metrics_of_result_file(calls.file_content(state.result_files[0]))
    assert [point.step for point in points] == [12, 8, 4]  # newest first, however it came
    assert all(point.model for point in points)
    if place.losses_in == "events":
        assert [metric.step for metric in from_events] == list(range(1, 13))
        assert {total_steps_of_event(event) for event in events} == {None, 12}
        assert [m.train_loss for m in from_file] == [m.train_loss for m in from_events]
        assert [m.train_accuracy for m in from_file] == [m.train_accuracy for m in from_events]
        assert from_file[-1].valid_accuracy == 0.5
        assert from_events[-1].full_valid_loss is not None
    else:
        assert from_events == []
        assert from_points[-1].train_loss < from_points[0].train_loss
        assert (state.step, state.total_steps) == (12, 12)


def test_result_files_in_base64(openai_service, calls, job):
    openai_service.base64_results = True
    openai_service.finish(job)
    content = calls.file_content(calls.retrieve(job)["result_files"][0])
    assert not content.startswith(b"step")
    assert [metric.step for metric in metrics_of_result_file(content)] == [1, 2, 3, 4, 5, 6]


def test_a_lost_answer_is_told_from_a_refusal(openai_service, calls):
    body = {"model": "gpt-4.1-2025-04-14", "training_file": "f"}
    openai_service.files["f"] = rows(10)
    for fault, lost, made in (
        (fake_faults.server_error(done=True), True, 1),
        (fake_faults.lost_answer(), True, 2),
        (fake_faults.truncated(), True, 3),
        (fake_faults.web_page(done=True), True, 4),
        (fake_faults.changed(lambda _body: {"ok": True}), True, 5),
        (fake_faults.changed(lambda _body: None), True, 6),
        (fake_faults.not_available(), False, 6),
        (fake_faults.too_many(), False, 6),
        (fake_faults.wrong_key("x"), False, 6),
    ):
        openai_service.fail("POST", "/fine_tuning/jobs", fault)
        with pytest.raises(ServiceError) as caught:
            calls.create(body)
        assert caught.value.lost_answer is lost
        assert len(openai_service.jobs) == made


def test_a_job_is_found_by_its_metadata(openai_service, calls):
    openai_service.files["f"] = rows(10)
    base = {"model": "gpt-4.1-2025-04-14", "training_file": "f"}
    made = [calls.create(base | {"metadata": {"tunedesk": key}})["id"] for key in "abc"]
    assert [row["id"] for row in calls.list(metadata={"tunedesk": "b"}).rows] == [made[1]]
    assert [row["id"] for row in calls.list().rows] == made[::-1]


def test_only_new_events_are_read(openai_service, calls, job, monkeypatch):
    monkeypatch.setattr("tunedesk.services.jobs_client.PAGE", 4)
    everything = calls.events(job)
    assert everything.is_whole
    assert len(everything.rows) == 13
    known = {row["id"] for row in everything.rows[2:]}
    before = len(openai_service.requests)
    assert calls.events(job, known).rows == everything.rows[:2]
    assert len(openai_service.requests) == before + 1
    assert calls.events(job, {everything.rows[0]["id"]}).rows == []


def test_a_list_that_begins_with_the_oldest(monkeypatch):
    # As at Nebius: there, new rows stand at the end.
    monkeypatch.setattr("tunedesk.services.jobs_client.PAGE", 4)
    with FakeNebius() as service:
        service.held = True
        service.files["f"] = rows(10)
        connection = connection_to(service, "nebius")
        with connection.client(timeout=5) as client:
            calls = JobsClient(connection, client)
            job = calls.create({"model": service.models[0], "training_file": "f"})["id"]
            first = calls.events(job).rows
            assert [row["message"] for row in first][-1] == "Job is submitted"
            for number in range(9):
                service._tell(service.jobs[job], f"New {number}")
            known = {row["id"] for row in first}
            news = calls.events(job, known)
            assert news.is_whole
            assert [row["message"] for row in news.rows] == [f"New {n}" for n in range(8, -1, -1)]
            assert calls.events(job, known | {row["id"] for row in news.rows}).rows == []


def test_lists_that_never_end(openai_service, calls, job):
    path = "/fine_tuning/jobs/.*/events"
    openai_service.fail("GET", path, fake_faults.same_page_again())
    again = calls.events(job)
    assert again.is_whole
    assert len(again.rows) == 13
    openai_service.fail("GET", path, fake_faults.pages_without_end(), times=10_000)
    begun = len(openai_service.requests)
    endless = responses.read_list(
        lambda after: responses.parse_json(
            calls._jobs.list_events(job, limit=100, after=after), provider_named("openai")
        ),
        most_pages=5,
    )
    assert not endless.is_whole
    assert len(endless.rows) == 5 * 13
    assert len(openai_service.requests) == begun + 5


def test_a_full_page_without_has_more_is_asked_on_once(openai_service, calls, job):
    # It ignores `after`, too: facts 1.8 tell of 202 requests.
    event = calls.events(job).rows[0]
    many = [event | {"id": f"e{number}"} for number in range(responses.PAGE)]
    fault = fake_faults.changed(lambda _body: {"data": many})
    openai_service.fail("GET", "/fine_tuning/jobs/.*/events", fault, times=99)
    begun = len(openai_service.requests)
    listed = calls.events(job)
    assert listed.is_whole
    assert len(listed.rows) == responses.PAGE
    assert len(openai_service.requests) == begun + 2


def test_a_bare_array_is_a_list(openai_service, calls, job):
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.bare_array())
    assert [row["id"] for row in calls.list().rows] == [job]


@pytest.mark.parametrize("nonsense", [None, 7, "x", {}, {"data": None}, {"data": [1, None, "x"]}])
def test_a_list_that_is_none_is_empty(openai_service, calls, job, nonsense):
    fault = fake_faults.changed(lambda _body: nonsense)
    openai_service.fail("GET", "/fine_tuning/jobs/.*/events", fault)
    assert calls.events(job).rows == []


def test_jobs_with_nonsense_in_them(openai_service, calls, job):
    path = f"/fine_tuning/jobs/{job}"
    openai = provider_named("openai")
    for fault, status in (
        (fake_faults.with_fields(status="pondering"), "pondering"),
        (fake_faults.with_fields(status=None), ""),
        (fake_faults.with_fields(error={}), "running"),
        (fake_faults.with_fields(error={"code": None, "message": None}), "running"),
        (fake_faults.only_fields("id", "status"), "running"),
        (fake_faults.only_fields("id"), ""),
        (fake_faults.as_text(), "running"),
        (fake_faults.with_fields(created_at="2026-11-20T08:00:00Z", result_files=None), "running"),
        (fake_faults.with_fields(trained_tokens=float("nan"), seed=10**40), "running"),
    ):
        openai_service.fail("GET", path, fault)
        state = job_state(calls.retrieve(job), openai)
        assert state.id == job
        assert state.status == status
        assert not state.ended
        assert state.error is None


def test_what_no_database_takes_is_gone_from_an_answer(openai_service, calls, job):
    odd = rb'{"id": "j", "status": "running", "x": NaN, "y": [Infinity], "z": "half \ud800 letter"}'
    fault = Fault(change=lambda _done: Answer(200, odd))
    openai_service.fail("GET", ".*", fault)
    read = calls.retrieve(job)
    assert read == {"id": "j", "status": "running", "x": None, "y": [None], "z": "half ? letter"}
    json.dumps(read, allow_nan=False).encode()


@pytest.mark.parametrize(
    "fault",
    [fake_faults.web_page(), fake_faults.truncated(), fake_faults.changed(lambda _b: [1, 2])],
    ids=["page", "truncated", "array"],
)
def test_a_job_that_is_none_is_an_error_in_words(openai_service, calls, job, fault):
    openai_service.fail("GET", ".*", fault)
    with pytest.raises(ServiceError, match="not one of the fine-tuning API") as caught:
        calls.retrieve(job)
    assert caught.value.lost_answer
    assert caught.value.detail


def test_json_too_deep_to_read(openai_service, calls, job):
    deep = b'{"id": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    openai_service.fail("GET", ".*", Fault(change=lambda _done: Answer(200, deep)))
    with pytest.raises(ServiceError):
        calls.retrieve(job)


def test_steering(openai_service, calls, job):
    place = provider_named("openai")
    assert job_state(calls.pause(job), place).status == "paused"
    assert job_state(calls.resume(job), place).status == "running"
    assert job_state(calls.cancel(job), place).ended
    with pytest.raises(ServiceError, match="already ended"):
        calls.cancel(job)


def test_deleting(openai_service, calls, job):
    openai_service.finish(job)
    state = job_state(calls.retrieve(job), provider_named("openai"))
    calls.delete_model(state.fine_tuned_model)
    calls.delete_file(state.result_files[0])
    assert state.fine_tuned_model not in openai_service.tuned
    assert state.result_files[0] not in openai_service.files
    with pytest.raises(ServiceError):
        calls.file_content(state.result_files[0])


def test_statuses_in_mistrals_spelling():
    with FakeOther() as service:
        connection = connection_to(service, "custom")
        service.files["f"] = rows(4)
        with connection.client(timeout=5) as client:
            calls = JobsClient(connection, client)
            job = calls.create({"model": "acme-1", "training_file": "f"})
            assert job["status"] == "VALIDATING"
            state = job_state(calls.retrieve(job["id"]), connection.provider)
    assert state.status == "failed"
    assert state.ended
    assert state.error.code == "invalid_n_examples"
