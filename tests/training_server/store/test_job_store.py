"""Lists survive rows that cannot be read."""

import json

import pytest

from tunedesk.training_server.store import job_store
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores


@pytest.fixture
def stores(tmp_path):
    opened = Stores.open(tmp_path)
    yield opened
    opened.database.close()


def add(stores, **values):
    given = {
        "model": "tunedesk-starter",
        "method": "supervised",
        "hyperparameters": {"n_epochs": 1, "batch_size": "auto", "learning_rate_multiplier": 1},
        "suffix": None,
        "seed": 1,
        "metadata": None,
        "integrations": None,
        "training_file": "file-a",
        "validation_file": None,
    }
    name = f"ft:{len(stores.jobs.with_status('validating_files'))}"
    return stores.jobs.add(NewJob(**given | values), name)


def damage(stores, job, column, value):
    with stores.database.writing() as connection:
        connection.execute(
            f"UPDATE job SET {column} = CAST(? AS TEXT) WHERE id = ?", (value, job.id)
        )


def test_a_lone_surrogate_of_an_older_version_is_shown_as_a_replacement(stores):
    job = add(stores)
    damage(stores, job, "metadata", json.dumps({"a": "x\ud800", "b": "😀"}))
    found = stores.jobs.get(job.id)
    assert found.metadata == {"a": "x?", "b": "😀"}
    assert stores.jobs.page(None, 10, None, False).items == [found]


@pytest.mark.expects_log
def test_a_row_that_cannot_be_read_is_left_out_and_named_once(stores, caplog):
    good, bad, other = (add(stores) for _number in range(3))
    damage(stores, bad, "hyperparameters", "5")
    damage(stores, other, "metadata", "{")
    for _look in range(2):
        assert [job.id for job in stores.jobs.page(None, 10, None, False).items] == [good.id]
        assert [job.id for job in stores.jobs.with_status("validating_files")] == [good.id]
        assert stores.jobs.find(bad.id) is None
    assert len(caplog.records) == 2


def test_bytes_that_are_not_text_do_not_break_the_list(stores):
    job = add(stores)
    damage(stores, job, "suffix", b"a\xff")
    assert stores.jobs.page(None, 10, None, False).items[0].suffix == "a�"
    assert stores.jobs.get(job.id).status == "validating_files"


@pytest.mark.expects_log
def test_events_and_checkpoints_survive_one_too(stores):
    job = add(stores)
    stores.events.add(job.id, "One", data={"step": 1})
    stores.events.add(job.id, "Two", data={"step": 2})
    stores.checkpoints.add(job.id, 1, "ft:0:ckpt-step-1", {"step": 1})
    with stores.database.writing() as connection:
        connection.execute("UPDATE event SET data = '{' WHERE message = 'One'")
        connection.execute("UPDATE checkpoint SET metrics = ''")
    assert [event["message"] for event in stores.events.page(job.id, None, 9).items] == ["Two"]
    assert stores.events.metrics(job.id) == [{"step": 2}]
    assert stores.checkpoints.page(job.id, None, 9).items == []
    assert stores.checkpoints.find_by_name("ft:0:ckpt-step-1") is None


def test_a_clock_that_is_set_back_makes_no_end_before_the_beginning(stores, monkeypatch):
    clock = [2_000_000_000]
    monkeypatch.setattr(job_store, "now", lambda: clock[0])
    job = add(stores)
    stores.events.add(job.id, "One")
    clock[0] += 50
    stores.events.add(job.id, "Two")
    clock[0] -= 5_000
    stores.events.add(job.id, "Three")
    assert [event["created_at"] for event in stores.events.page(job.id, None, 9).items] == [
        2_000_000_050,
        2_000_000_050,
        2_000_000_000,
    ]
    stores.jobs.move(job.id, ("validating_files",), "queued")
    assert stores.jobs.get(job.id).finished_at is None
    stores.jobs.move(job.id, ("queued",), "failed")
    assert stores.jobs.get(job.id).finished_at == 2_000_000_050
    clock[0] += 100_000
    job = add(stores)
    stores.jobs.move(job.id, ("validating_files",), "cancelled")
    assert stores.jobs.get(job.id).finished_at == clock[0]
