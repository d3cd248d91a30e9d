"""Jobs that wait, pause, are cancelled, fail and die; the list and its filter."""

import json
import re
import time

import openai
import psutil
import pytest
from tests.training_server.conftest import chat_lines, told, upload, wait_for

LONG = {"n_epochs": 50, "batch_size": 1}
TOO_LONG = (
    json.dumps(
        {
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "word " * 9000},
            ]
        }
    ).encode()
    + b"\n"
)


def create(client, train=None, **options):
    options.setdefault("model", "tunedesk-starter")
    file_id = train or upload(client, chat_lines(10))
    return client.fine_tuning.jobs.create(training_file=file_id, **options)


def wait_for_step(client, job_id, step, seconds=180):
    """Wait until a job has told of a step."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        events = client.fine_tuning.jobs.list_events(job_id, limit=3).data
        if any(event.type == "metrics" and event.data["step"] >= step for event in events):
            return
        time.sleep(0.05)
    raise AssertionError(client.fine_tuning.jobs.retrieve(job_id))


def steps(client, job_id):
    return [event.data["step"] for event in told(client, job_id) if event.type == "metrics"]


def test_too_few_examples_fail_the_job_in_openais_words(client):
    job = create(client, upload(client, chat_lines(7)))
    assert job.status == "validating_files"
    assert job.hyperparameters.n_epochs == "auto"
    job = wait_for(client, job.id, "failed")
    assert job.error.code == "invalid_n_examples"
    assert job.error.param == "training_file"
    assert job.error.message == (
        "Training file has 7 example(s), but must have at least 10 examples"
    )
    assert job.fine_tuned_model is None
    assert told(client, job.id)[-1].level == "error"
    for wish in (client.fine_tuning.jobs.cancel, client.fine_tuning.jobs.pause):
        with pytest.raises(openai.BadRequestError, match="failed"):
            wish(job.id)
    with pytest.raises(openai.BadRequestError, match="resumed"):
        client.fine_tuning.jobs.resume(job.id)


def test_every_bad_line_is_named_in_the_events(client):
    content = chat_lines(10) + b"{}\n[]\n" + chat_lines(1) + b"nonsense\n"
    job = wait_for(client, create(client, upload(client, content)).id, "failed")
    assert job.error.code == "invalid_training_file"
    named = [re.split("[,:]", event.message)[0] for event in told(client, job.id)[2:-1]]
    assert named == ["Line 11", "Line 12", "Line 14"]


def test_what_is_left_out_on_request_is_named_alike_whoever_leaves_it_out(client):
    """Line 11 by the checks of the file, line 12 when its tokens are counted."""
    file = upload(client, chat_lines(10) + b"[]\n" + TOO_LONG)
    options = {"metadata": {"tunedesk_skip_bad": "true"}}
    quick = {"n_epochs": 1, "batch_size": 10}
    job = create(client, file, hyperparameters=quick, **options)
    wait_for(client, job.id, "succeeded", seconds=300)
    warnings = [event.message for event in told(client, job.id) if event.level == "warn"]
    assert [text.split(":")[0] for text in warnings] == [
        "Left out line 11 of the training file",
        "Left out line 12 of the training file",
    ]


@pytest.mark.parametrize("key", ["rank", "alpha", "dropout"])
def test_settings_of_an_adapter_are_refused_where_none_is_made(client, trained, key):
    wish = {"n_epochs": 1, key: 0.5 if key == "dropout" else 4}
    for model in ("tunedesk-starter", trained.fine_tuned_model):
        with pytest.raises(openai.BadRequestError, match="always trained whole") as refusal:
            create(client, model=model, hyperparameters=wish)
        assert refusal.value.param == f"hyperparameters.{key}"


def test_a_bad_validation_file_is_said_to_be_one(client):
    job = create(client, validation_file=upload(client, b"{}\n"))
    job = wait_for(client, job.id, "failed")
    assert job.error.param == "validation_file"
    assert job.error.code == "invalid_validation_file"


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"train": "file-none"}, "training_file"),
        ({"validation_file": "file-none"}, "validation_file"),
        ({"model": "gpt-4.1-mini"}, "model"),
        ({"model": "../data"}, "model"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"method": {"type": "reinforcement"}}, "method.type"),
        ({"hyperparameters": {"n_epochs": 51}}, "hyperparameters.n_epochs"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(client, options, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        create(client, **options)
    assert refusal.value.param == param
    assert refusal.value.type == "invalid_request_error"


def test_files_of_other_kinds_are_not_trained_on(client):
    for name, purpose in (("a.jsonl", "user_data"), ("a.csv", "fine-tune")):
        with pytest.raises(openai.BadRequestError) as refusal:
            create(client, upload(client, chat_lines(10), name, purpose))
        assert refusal.value.param == "training_file"


def test_unknown_jobs_are_not_found(client):
    jobs = client.fine_tuning.jobs
    for wish in (jobs.retrieve, jobs.cancel, jobs.pause, jobs.resume, jobs.list_events):
        with pytest.raises(openai.NotFoundError):
            wish("ftjob-none")
    with pytest.raises(openai.NotFoundError):
        jobs.checkpoints.list("ftjob-none")


def test_the_list_is_filtered_by_metadata(own_server):
    client = own_server.start()
    bad = upload(client, b"{}\n")
    red = create(client, bad, metadata={"team": "red", "run": "1"})
    both = create(client, bad, metadata={"team": "red", "run": "2"})
    plain = create(client, bad)
    jobs = client.fine_tuning.jobs
    assert [job.id for job in jobs.list()] == [plain.id, both.id, red.id]
    assert [job.id for job in jobs.list(limit=1)] == [plain.id, both.id, red.id]
    assert [job.id for job in jobs.list(metadata={"team": "red"})] == [both.id, red.id]
    assert [job.id for job in jobs.list(metadata={"team": "red", "run": "1"})] == [red.id]
    assert jobs.list(metadata={"team": "blue"}).data == []
    assert [job.id for job in jobs.list(extra_query={"metadata": "null"})] == [plain.id]
    assert jobs.list(limit=3).has_more is False
    assert jobs.list(limit=2).has_more is True


def test_jobs_run_one_after_another_and_can_be_paused_and_cancelled(own_server):
    client = own_server.start()
    jobs = client.fine_tuning.jobs
    train = upload(client, chat_lines(10))
    first = create(client, train, hyperparameters=LONG)
    second = create(client, train, hyperparameters={"n_epochs": 1, "batch_size": 10})
    wait_for(client, second.id, "queued")
    wait_for_step(client, first.id, 2)
    running = jobs.retrieve(first.id)
    assert running.status == "running"
    assert running.estimated_finish > running.created_at
    assert jobs.retrieve(second.id).status == "queued"
    # What the base model cannot take is said at once, not when its turn has come.
    late = create(client, upload(client, chat_lines(10) + TOO_LONG))
    late = wait_for(client, late.id, "failed")
    assert "Line 11: It is" in late.error.message
    assert jobs.retrieve(first.id).status == "running"
    # OpenAI's own pause answers a status that its document lacks.
    paused = jobs.with_raw_response.pause(first.id)
    assert '"status":"paused"' in paused.text.replace(" ", "")
    wait_for(client, second.id, "succeeded", seconds=180)
    before = steps(client, first.id)
    kept = jobs.checkpoints.list(first.id).data
    assert kept[0].step_number == before[-1]
    assert jobs.resume(first.id).status == "queued"
    wait_for_step(client, first.id, before[-1] + 1)
    assert jobs.cancel(first.id).status == "cancelled"
    end = time.monotonic() + 60
    while own_server.trainers() and time.monotonic() < end:
        time.sleep(0.05)
    assert not own_server.trainers()
    after = steps(client, first.id)
    assert after == list(range(1, len(after) + 1))
    cancelled = jobs.retrieve(first.id)
    assert cancelled.status == "cancelled"
    assert cancelled.fine_tuned_model is None
    messages = [event.message for event in told(client, first.id)]
    assert messages.count("Fine-tuning job started") == 1
    assert messages[-1] == "Fine-tuning job cancelled"


def kill_trainers(server, seconds=60):
    """Kill the processes of a training, once there are any."""
    end = time.monotonic() + seconds
    while not (found := server.trainers()):
        assert time.monotonic() < end
        time.sleep(0.02)
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=10)


def test_a_killed_training_goes_on_from_its_last_checkpoint(own_server):
    client = own_server.start()
    job = create(client, hyperparameters={"n_epochs": 8, "batch_size": 5})
    wait_for_step(client, job.id, 3)
    kill_trainers(own_server)
    job = wait_for(client, job.id, "succeeded", seconds=180)
    assert steps(client, job.id) == list(range(1, 17))
    (said,) = [event for event in told(client, job.id) if event.level == "warn"]
    assert "killed from outside" in said.message
    assert re.search(r"goes on from the checkpoint of step \d+ \(attempt 1 of 2\)", said.message)


def test_a_training_that_is_killed_again_and_again_fails_with_a_reason(own_server):
    client = own_server.start()
    job = create(client, hyperparameters=LONG)
    wait_for(client, job.id, "running")
    for _attempt in range(3):
        kill_trainers(own_server)
    job = wait_for(client, job.id, "failed")
    assert job.error.code == "process_killed"
    assert "killed" in job.error.message
    assert job.fine_tuned_model is None
    assert job.result_files == []
    said = [event.message for event in told(client, job.id) if event.level == "warn"]
    assert [text.rpartition(" It ")[2] for text in said] == [
        f"goes on from the beginning (attempt {number} of 2)." for number in (1, 2)
    ]
