"""The job that runs: the memory it is still going to take, and why a process died."""

import shutil
import time

import pytest

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.jobs.runner import Runner, exit_reason
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores


@pytest.fixture
def stores(tmp_path):
    stores = Stores.open(tmp_path)
    yield stores
    stores.database.close()


def queued(stores, tmp_path, make_job, records, **options):
    """A job that waits for its turn."""
    hyperparameters = {"n_epochs": 50, "batch_size": 1, "learning_rate_multiplier": 1.0}
    model = str(options.pop("model", STARTER))
    new = NewJob(model, "supervised", hyperparameters, None, 1, None, None, "file-a", None)
    job = stores.jobs.add(new, "ft:test")
    made = make_job(tmp_path / "made", records, epochs=50, batch=1, **options)
    shutil.copytree(made.path, stores.job_folder(job.id).path)
    stores.jobs.enqueue(job.id, ("validating_files",))
    return job


def test_the_memory_that_a_job_is_about_to_take_shrinks_as_it_takes_it(
    stores, tmp_path, make_job, twelve
):
    job = queued(stores, tmp_path, make_job, twelve)
    runner = Runner(stores, Launcher(None), lambda: None)
    assert runner.memory_to_come() == 0
    try:
        runner.step()
        assert runner.busy_with == job.id
        first = runner.memory_to_come()
        assert 0.5e9 < first < 3e9
        end = time.monotonic() + 60
        while runner.memory_to_come() > first - 200e6:
            assert time.monotonic() < end
            runner.step()
    finally:
        runner.stop()
    assert runner.memory_to_come() == 0


def test_a_base_model_that_was_deleted_while_its_job_waited_is_said(
    stores, tmp_path, make_job, twelve
):
    name = "ft:base:local::abcdefgh"
    job = queued(stores, tmp_path, make_job, twelve, model=name, base_model=tmp_path / "gone")
    runner = Runner(stores, Launcher(None), lambda: None)
    runner.step()
    assert runner.busy_with is None
    assert stores.jobs.get(job.id).error == {
        "code": "model_not_found",
        "message": f"The base model {name} is gone: it was deleted after this job was made.",
        "param": "model",
    }


def test_what_a_job_left_half_written_goes_when_it_has_failed(stores, tmp_path, make_job, twelve):
    job = queued(stores, tmp_path, make_job, twelve)
    folder = stores.job_folder(job.id)
    runner = Runner(stores, Launcher(None), lambda: None)
    for _attempt in range(3):
        runner.step()
        runner._running.process.kill()
        runner._running.process.wait(timeout=30)
        folder.work.mkdir(exist_ok=True)
        (folder.work / "half.safetensors").write_bytes(b"half")
    runner.step()
    assert stores.jobs.get(job.id).error["code"] == "process_killed"
    assert not folder.work.exists()
    assert folder.training_file.exists()


@pytest.mark.parametrize(
    ("status", "log", "code"),
    [
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "out_of_memory"),
        (1, "RuntimeError: DefaultCPUAllocator: can't allocate memory", "out_of_memory"),
        (1, "OSError: [Errno 28] No space left on device", "disk_full"),
        (-9, "", "process_killed"),
        (137, "", "process_killed"),
        (1, "exitcode: -9 (pid: 7) of binary", "process_killed"),
        (1, "Traceback\nValueError: a bad thing\n", "process_ended"),
        (3, "", "process_ended"),
    ],
)
def test_each_death_has_its_reason(tmp_path, status, log, code):
    file = tmp_path / "log.txt"
    file.write_text(log)
    given, sentence = exit_reason(status, file, 10**9)
    assert given == code
    assert sentence.endswith((".", "thing"))


def test_a_log_that_is_not_there_is_no_trouble(tmp_path):
    assert exit_reason(1, tmp_path / "none", 10**9)[0] == "process_ended"


def test_on_a_full_disk_nothing_can_be_printed(tmp_path):
    assert exit_reason(1, tmp_path / "none", 4096)[0] == "disk_full"
