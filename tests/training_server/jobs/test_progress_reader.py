"""What a training process tells becomes events, checkpoints and results, each once."""

import time

import pytest

from tunedesk.training_server.api.jobs import estimated_finish
from tunedesk.training_server.job_folder import ProgressWriter, read_progress
from tunedesk.training_server.jobs.progress_reader import ProgressReader
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores


@pytest.fixture
def stores(tmp_path):
    opened = Stores.open(tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def job(stores):
    hyperparameters = {"batch_size": 1, "learning_rate_multiplier": 1.0, "n_epochs": 2}
    new = NewJob("base", "supervised", hyperparameters, None, 1, None, None, "file-a", None)
    made = stores.jobs.add(new, "ft:base:local::abcdefgh")
    stores.jobs.enqueue(made.id, ("validating_files",))
    stores.jobs.move(made.id, ("queued",), "running")
    stores.job_folder(made.id).path.mkdir(parents=True)
    return made


def messages(stores, job):
    page = stores.events.page(job.id, None, 1000)
    return [event["message"] for event in page.items][::-1]


def test_steps_are_told_once_over_deaths_and_new_starts(stores, job):
    folder = stores.job_folder(job.id)
    reader = ProgressReader(stores)
    with ProgressWriter(folder) as writer:
        writer.write("started", step=0, total_steps=4, device="cpu", processes=1)
        for step in (1, 2, 3):
            writer.write("metrics", step=step, total_steps=4, train_loss=4.0 - step)
    reader.read(job.id)
    with folder.progress_file.open("ab") as file:
        file.write(b'{"kind": "metrics", "st')  # killed in the middle of a line
    reader.read(job.id)
    with ProgressWriter(folder) as writer:
        writer.write("started", step=2, total_steps=4, device="cpu", processes=1)
        writer.write("metrics", step=3, total_steps=4, train_loss=9.0)
        writer.write("metrics", step=4, total_steps=4, train_loss=0.0, full_valid_loss=0.25)
    for _time in range(2):
        ProgressReader(stores).read(job.id)
    assert messages(stores, job) == [
        "Fine-tuning job started",
        "Step 1/4: training loss=3.00",
        "Step 2/4: training loss=2.00",
        "Step 3/4: training loss=1.00",
        "Going on from the checkpoint of step 2",
        "Step 4/4: training loss=0.00, full validation loss=0.25",
    ]
    assert stores.jobs.get(job.id).last_step == 4


def test_done_makes_a_model_only_if_it_is_there(stores, job):
    with ProgressWriter(stores.job_folder(job.id)) as writer:
        writer.write("done", step=1, trained_tokens=10)
    ProgressReader(stores).read(job.id)
    ended = stores.jobs.get(job.id)
    assert ended.status == "failed"
    assert not ended.has_model


def test_the_results_have_openais_columns(stores, job):
    folder = stores.job_folder(job.id)
    folder.model.mkdir()
    with ProgressWriter(folder) as writer:
        writer.write("metrics", step=1, train_loss=1.5, train_mean_token_accuracy=0.5)
        writer.write("metrics", step=2, train_loss=0.5, valid_loss=0.25)
        writer.write("done", step=2, trained_tokens=10)
    ProgressReader(stores).read(job.id)
    ended = stores.jobs.get(job.id)
    assert ended.status == "succeeded"
    assert ended.trained_tokens == 10
    text = stores.files.path(ended.result_file).read_text()
    assert text.splitlines() == [
        "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy",
        "1,1.5,0.5,,",
        "2,0.5,,0.25,",
    ]
    assert messages(stores, job)[-2:] == [
        f"New fine-tuned model created: {job.model_name}",
        "Fine tuning job successfully completed",
    ]


def test_a_failure_names_its_lines_and_a_cancelled_job_hears_nothing(stores, job):
    with ProgressWriter(stores.job_folder(job.id)) as writer:
        writer.write(
            "failed",
            code="invalid_training_file",
            message="Line 3 is too long",
            param="training_file",
            lines=[{"line": 3, "message": "too long"}],
        )
    ProgressReader(stores).read(job.id)
    ended = stores.jobs.get(job.id)
    assert ended.error == {
        "code": "invalid_training_file",
        "message": "Line 3 is too long",
        "param": "training_file",
    }
    assert messages(stores, job) == ["Line 3: too long", "Line 3 is too long"]
    stores.jobs.set(job.id, status="cancelled")
    with ProgressWriter(stores.job_folder(job.id)) as writer:
        writer.write("metrics", step=9, train_loss=1.0)
    ProgressReader(stores).read(job.id)
    assert len(messages(stores, job)) == 2


def test_a_line_that_is_not_finished_is_left_for_later(tmp_path):
    path = tmp_path / "progress.jsonl"
    path.write_bytes(b'{"kind": "epoch", "step": 1}\n{"kind": "ep')
    (_line, end), *rest = read_progress(path)
    assert not rest
    with path.open("ab") as file:
        file.write(b'och", "step": 2}\n')
    assert [line["step"] for line, _end in read_progress(path, end)] == [2]


def test_a_loss_that_is_no_number_is_left_out(stores, job):
    with ProgressWriter(stores.job_folder(job.id)) as writer:
        writer.write("metrics", step=1, total_steps=1, train_loss=float("nan"), valid_loss=1.0)
        writer.write("checkpoint", step=1, metrics={"train_loss": float("inf")})
    ProgressReader(stores).read(job.id)
    assert messages(stores, job)[0] == "Step 1/1: validation loss=1.00"
    assert stores.events.metrics(job.id) == [{"step": 1, "valid_loss": 1.0, "total_steps": 1}]


def test_the_rewards_of_preferences_are_told_in_the_events(stores, job):
    folder = stores.job_folder(job.id)
    rewards = {"train_reward_margin": 0.25, "full_valid_reward_accuracy": 1.0}
    with ProgressWriter(folder) as writer:
        writer.write("metrics", step=1, total_steps=1, train_loss=0.5, **rewards)
    ProgressReader(stores).read(job.id)
    (event,) = stores.events.page(job.id, None, 10).items
    assert event["data"] == {"step": 1, "total_steps": 1, "train_loss": 0.5, **rewards}


def test_the_end_is_estimated_by_the_seconds_of_the_training_and_not_by_the_clock(
    stores, job, monkeypatch
):
    clock = [2_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    reader = ProgressReader(stores)
    with ProgressWriter(stores.job_folder(job.id)) as writer:
        writer.write("started", step=0, total_steps=10, device="cpu", processes=1)
        reader.read(job.id)
        for change in (0, -100_000, 500_000_000):
            clock[0] += change
            step = 1 + len(stores.events.metrics(job.id))
            writer.write("metrics", step=step, total_steps=10, seconds=2.0 * step, train_loss=1.0)
            reader.read(job.id)
            left = 2.0 * (10 - step)
            expected = max(stores.jobs.get(job.id).created_at, int(clock[0] + left) + 1)
            assert estimated_finish(stores.jobs.get(job.id), clock[0]) == expected
        assert estimated_finish(stores.jobs.get(job.id), clock[0] - 1_000) is None
        # One that goes on does again what was told before.
        writer.write("started", step=2, total_steps=10, device="cpu", processes=1)
    reader.read(job.id)
    assert estimated_finish(stores.jobs.get(job.id), clock[0] + 5) is None
