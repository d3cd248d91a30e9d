"""The work behind the server, on a disk that is full for a while."""

import io
import json
import time

import pytest

from tunedesk.training_server.server import Server
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.job_store import NewJob

AUTO = {"batch_size": "auto", "learning_rate_multiplier": "auto", "n_epochs": "auto"}


@pytest.fixture
def server(tmp_path):
    server = Server(ServerSettings(tmp_path, "sk-test"))
    yield server
    server.close()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def tell_for_ever(stores, text):
    while True:
        stores.events.add("ftjob-other", text)


def test_a_full_disk_is_one_line_in_the_log_and_the_work_goes_on_after_it(
    server, monkeypatch, caplog, twelve
):
    """SQLite is given no further page, and fills those that it has: told once then."""
    stores, attempts = server._stores, []
    validate = server._validator._validate
    monkeypatch.setattr(
        server._validator, "_validate", lambda *given: attempts.append(1) or validate(*given)
    )
    connection = stores.database._connection
    content = "".join(json.dumps(record) + "\n" for record in [*twelve[:8], {}]).encode()
    file_id = stores.files.add(io.BytesIO(content), "a.jsonl", "fine-tune").id
    new = NewJob("tunedesk-starter", "supervised", AUTO, None, 1, None, None, file_id, None)
    # Nothing is validated before the disk is full.
    with stores.database._lock:
        job = stores.jobs.add(new, "ft:test")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        for text in ("A message " * 100, "short", ""):
            with pytest.raises(OSError, match="No space left"):
                tell_for_ever(stores, text)
    assert caplog.records[-1].message.startswith("The disk that holds ")
    caplog.clear()
    until(lambda: len(attempts) >= 3)
    assert not caplog.records
    assert stores.jobs.get(job.id).status == "validating_files"
    connection.execute("PRAGMA max_page_count = 100000")
    until(lambda: stores.jobs.get(job.id).status == "failed")
    assert stores.jobs.get(job.id).error["code"] in ("invalid_training_file", "disk_full")
    (told,) = caplog.records
    assert told.message == "There is room on the disk again."
    caplog.clear()
