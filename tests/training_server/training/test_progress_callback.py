"""The integration with Weights & Biases, by the real package, offline."""

import time

import openai
import pytest
from tests.training_server.conftest import chat_lines, told, upload, wait_for

SECRET = "0123456789abcdef" * 2 + "fedcba98"
QUICK = {"n_epochs": 2, "batch_size": 5}
SETTINGS = {
    "type": "wandb",
    "wandb": {"project": "law-letters", "name": "first try", "tags": ["letters"]},
}


@pytest.fixture
def key(monkeypatch):
    """A key in the environment that servers are started with."""
    monkeypatch.setenv("WANDB_API_KEY", SECRET)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    return monkeypatch


def create(client, **options):
    return client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        validation_file=upload(client, chat_lines(2, 20), "valid.jsonl"),
        hyperparameters=QUICK,
        integrations=[SETTINGS],
        **options,
    )


def everything_kept(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_run_is_told_and_the_key_stays_where_it_was(own_server, key):
    key.setenv("WANDB_MODE", "offline")
    client = own_server.start()
    job = create(client)
    assert job.integrations[0].wandb.project == "law-letters"
    job = wait_for(client, job.id, "succeeded")
    messages = [event.message for event in told(client, job.id)]
    (said,) = [message for message in messages if "Weights & Biases" in message]
    assert said.startswith("Weights & Biases run first try in ")
    assert said.endswith(": not sent, wandb is offline")
    folder = own_server.data_dir / "jobs" / job.id
    (record,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    content = record.read_bytes()
    for word in ("law-letters", "first try", "letters", job.id, "train_loss", "full_valid_loss"):
        assert word.encode() in content, word
    # No example, no key, nothing of the computer.
    assert b"section" not in content
    assert SECRET.encode() not in everything_kept(own_server.data_dir)
    assert own_server.stop() == 0


def test_a_job_without_it_does_not_get_the_key(own_server, key):
    client = own_server.start()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        hyperparameters=QUICK | {"n_epochs": 50},
    )
    # "running" is said just before the process is there.
    end = time.monotonic() + 120
    while not (found := own_server.trainers(job.id)) and time.monotonic() < end:
        continue
    seen = [process.environ() for process in found]
    client.fine_tuning.jobs.cancel(job.id)
    assert seen
    assert all("WANDB_API_KEY" not in environment for environment in seen)


def test_a_run_that_cannot_be_made_stops_no_training(own_server, key):
    """Its server is a closed port of this computer here."""
    key.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    key.setenv("WANDB_INIT_TIMEOUT", "2")
    client = own_server.start()
    job = wait_for(client, create(client).id, "succeeded")
    warnings = [event.message for event in told(client, job.id) if event.level == "warn"]
    assert warnings[0].startswith("Weights & Biases cannot be told, and the training goes on")
    assert SECRET.encode() not in everything_kept(own_server.data_dir)


def test_without_a_key_it_is_refused_at_once(own_server, monkeypatch):
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    client = own_server.start()
    with pytest.raises(openai.BadRequestError) as refusal:
        create(client)
    assert refusal.value.code == "wandb_key_missing"
    assert refusal.value.param == "integrations"
    assert not client.fine_tuning.jobs.list().data
