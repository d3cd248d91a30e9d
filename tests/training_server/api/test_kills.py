"""`kill -9` at random moments, on the server and on the process that trains.

The suite does it a few times; TUNEDESK_TEST_KILLS names another number, for a long run by hand:

    TUNEDESK_TEST_KILLS=50 python -m pytest tests/training_server/api/test_kills.py
"""

import os
import random
import time
from collections import Counter

import psutil
import pytest
from safetensors import safe_open
from tests.training_server.conftest import chat_lines, told, upload, wait_for

KILLS = int(os.environ.get("TUNEDESK_TEST_KILLS", "4"))
STEPS = 16
ENDED = ("succeeded", "failed")
EVERY = ("validating_files", "queued", "running", *ENDED)


def create(client, train):
    return client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=train,
        hyperparameters={"n_epochs": 8, "batch_size": 5},
    ).id


def check_whole(server, client, ids, killed):
    """No job lost, no wrong status, no half model, nothing told twice."""
    jobs = list(client.fine_tuning.jobs.list(limit=100))
    assert Counter(job.id for job in jobs) == Counter(ids)
    offered = {model.id for model in client.models.list()} - {"tunedesk-starter"}
    for job in jobs:
        assert job.status in EVERY
        if job.status == "failed":
            assert job.id in killed
            assert job.error.code == "process_killed"
        assert (job.fine_tuned_model in offered) == (job.status == "succeeded")
        check_told(client, job)
        folder = server.data_dir / "jobs" / job.id
        kept = list(client.fine_tuning.jobs.checkpoints.list(job.id))
        for checkpoint in kept:
            place = folder / "checkpoints" / f"step-{checkpoint.step_number}"
            try:
                check_weights(place)
            except FileNotFoundError:
                # A newer one took its place since the list was asked for: it is gone as a whole.
                assert job.status not in ENDED
                assert not place.exists()
        if job.status == "succeeded":
            check_weights(folder / "model")
            assert [checkpoint.step_number for checkpoint in kept] == [16, 14, 12]
            lines = client.files.content(job.result_files[0]).text.splitlines()
            assert [line.split(",")[0] for line in lines] == ["step", *map(str, range(1, 17))]
    assert len(offered) == sum(job.status == "succeeded" for job in jobs)


def check_told(client, job):
    """Every event once, every step once and in its order."""
    events = told(client, job.id)
    assert len({event.id for event in events}) == len(events)
    steps = [event.data["step"] for event in events if event.type == "metrics"]
    assert steps == list(range(1, len(steps) + 1))
    messages = Counter(event.message for event in events)
    assert set(messages.values()) == {1}, messages.most_common(3)
    if job.status == "succeeded":
        assert len(steps) == STEPS
        assert messages[f"New fine-tuned model created: {job.fine_tuned_model}"] == 1


def check_weights(folder):
    """A model is there as a whole: every weight in it can be read."""
    with safe_open(folder / "model.safetensors", "numpy") as weights:
        assert sum(weights.get_tensor(name).size for name in weights.keys()) > 10**6  # noqa: SIM118


@pytest.mark.parametrize("seed", [4])
def test_whatever_is_killed_whenever_nothing_is_lost_and_nothing_told_twice(own_server, seed):
    chance = random.Random(seed)
    client = own_server.start()
    train = upload(client, chat_lines(10))
    ids, killed = [], set()
    for number in range(KILLS):
        while sum(job.status not in ENDED for job in client.fine_tuning.jobs.list()) < 2:
            ids.append(create(client, train))
        # Long enough to get from a start into the training, or short enough to hit the start.
        time.sleep(chance.uniform(0.0, 12.0))
        if number % 2:
            for process in own_server.trainers():
                try:
                    killed.add(os.path.basename(process.environ()["TUNEDESK_JOB_FOLDER"]))
                    process.kill()
                except (psutil.Error, OSError, KeyError):
                    continue
        else:
            own_server.kill()
            client = own_server.start()
        check_whole(own_server, client, ids, killed)
    for job_id in ids:
        wait_for(client, job_id, *ENDED, seconds=300)
    check_whole(own_server, client, ids, killed)
    assert own_server.stop() == 0
    assert not own_server.trainers()
