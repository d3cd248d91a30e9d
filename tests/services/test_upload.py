"""Files on their way: in parts where they are large, cleaned up where they break off."""

import dataclasses

import pytest
from tests.services import fake_faults
from tests.services.conftest import connection_to, rows

from tunedesk.errors import Cancelled, UserError
from tunedesk.services import upload
from tunedesk.services.service_errors import ServiceError


def small(service, file_bytes, upload_bytes):
    """A connection to a service that takes only small files."""
    connection = connection_to(service)
    place = dataclasses.replace(
        connection.provider, file_bytes=file_bytes, upload_bytes=upload_bytes
    )
    return dataclasses.replace(connection, provider=place)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tunedesk-1-training.jsonl"
    path.write_bytes(rows(200))
    return path


def no_wait(_seconds):
    pass


def test_a_large_file_goes_in_parts_and_arrives_whole(openai_service, file, monkeypatch):
    monkeypatch.setattr(upload, "PART_BYTES", 5000)
    told = []
    connection = small(openai_service, 1000, 10**9)
    file_id = upload.upload_file(connection, file, no_wait, lambda done, _all: told.append(done))
    assert openai_service.files[file_id] == file.read_bytes()
    assert len(openai_service.sent("POST", "/uploads/[^/]+/parts")) == -(-len(rows(200)) // 5000)
    assert told == sorted(told)
    assert told[-1] == file.stat().st_size


def test_an_upload_that_breaks_off_is_cancelled_there(openai_service, file, monkeypatch):
    monkeypatch.setattr(upload, "PART_BYTES", 5000)
    connection = small(openai_service, 1000, 10**9)

    def stop(done, _all):
        if done > 10_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        upload.upload_file(connection, file, no_wait, stop)
    assert openai_service.sent("POST", "/uploads/[^/]+/cancel")
    openai_service.fail("POST", "/uploads/[^/]+/parts", fake_faults.server_error())
    with pytest.raises(ServiceError):
        upload.upload_file(connection, file, no_wait)
    assert len(openai_service.sent("POST", "/uploads/[^/]+/cancel")) == 2
    assert openai_service.files == {}


def test_a_file_that_is_too_large_is_never_sent(openai_service, file):
    with pytest.raises(UserError, match="at most"):
        upload.upload_file(small(openai_service, 1000, 2000), file, no_wait)
    assert openai_service.requests == []


def test_progress_reaches_the_end_of_a_small_file(openai_service, file):
    told = []
    upload.upload_file(
        connection_to(openai_service), file, no_wait, lambda done, _all: told.append(done)
    )
    assert told[-1] == file.stat().st_size


def test_a_file_that_the_service_cannot_read_is_told(openai_service, file):
    openai_service.file_status = lambda: "error"
    with pytest.raises(UserError, match="could not read"):
        upload.upload_file(connection_to(openai_service), file, no_wait)
