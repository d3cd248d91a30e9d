"""Files and uploads when several want something of them at once, and on a full disk."""

import contextlib
import errno
import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tunedesk.training_server.store import database, file_store
from tunedesk.training_server.store.file_store import Md5Differs, NotPending, TooManyBytes
from tunedesk.training_server.store.stores import Stores


@pytest.fixture
def stores(tmp_path):
    opened = Stores.open(tmp_path)
    yield opened
    opened.database.close()


def at_once(*calls):
    """What calls answer, or raise, that begin at the same moment."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        try:
            return call()
        except (NotPending, TooManyBytes) as error:
            return type(error)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def files_on_disk(stores):
    return [path.name for path in (stores.folder / "files").iterdir()]


def upload(stores, content=b"0123456789", parts=2):
    made = stores.uploads.add("a.jsonl", "fine-tune", len(content), None)
    step = len(content) // parts
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    ids = [stores.uploads.add_part(made.id, io.BytesIO(piece))[0] for piece in pieces]
    return made, ids


def add_ten(stores, upload_id):
    return stores.uploads.add_part(upload_id, io.BytesIO(b"0123456789"))


def test_a_file_that_is_read_stays_until_it_was_read(stores):
    stored = stores.files.add(io.BytesIO(b"abc"), "a.jsonl", "fine-tune")
    for _reader in range(2):
        assert stores.files.open_for_reading(stored.id) == stored
    assert stores.files.delete(stored.id)
    assert stores.files.open_for_reading(stored.id) is None
    stores.files.close_reading(stored.id)
    assert stores.files.path(stored.id).read_bytes() == b"abc"
    stores.files.close_reading(stored.id)
    assert files_on_disk(stores) == []


def test_of_several_who_delete_a_file_one_does_it(stores):
    stored = stores.files.add(io.BytesIO(b"abc"), "a.jsonl", "fine-tune")
    found = at_once(*[lambda: stores.files.delete(stored.id)] * 8)
    assert sorted(found) == [False] * 7 + [True]


def test_a_file_can_be_deleted_on_a_full_disk(stores, monkeypatch):
    stored = stores.files.add(io.BytesIO(b"abc"), "a.jsonl", "fine-tune")
    path = stores.files.path(stored.id)
    real = stores.database.writing

    def writing():
        if path.exists():
            raise OSError(errno.ENOSPC, "full")
        return real()

    monkeypatch.setattr(stores.database, "writing", writing)
    assert stores.files.delete(stored.id)
    assert stores.files.find(stored.id) is None


def test_what_is_done_with_the_file_fails_and_nothing_is_left(stores):
    def refuse(_connection, _file_id):
        raise Md5Differs

    with pytest.raises(Md5Differs):
        stores.files.add(io.BytesIO(b"abc"), "a.jsonl", "fine-tune", None, refuse)
    assert files_on_disk(stores) == []
    assert stores.files.total_bytes() == 0


def test_an_upload_that_has_no_folder_is_not_there(stores, monkeypatch):
    """On a full disk, say: it would take away room for an hour and take no part."""

    def full(*_given, **_named):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.mkdir", full)
        with pytest.raises(OSError, match="No space"):
            stores.uploads.add("a.jsonl", "fine-tune", 1000, None)
    assert stores.uploads.pending_bytes() == 0
    upload = stores.uploads.add("a.jsonl", "fine-tune", 1, None)
    assert stores.uploads.add_part(upload.id, io.BytesIO(b"x"))


def test_parts_that_come_at_once_keep_within_the_size(stores):
    for _try in range(5):
        made = stores.uploads.add("a.jsonl", "fine-tune", 25, None)
        done = at_once(*[partial(add_ten, stores, made.id)] * 8)
        assert done.count(TooManyBytes) == 6
        assert stores.uploads.received(made.id) == 20
        assert len(list((stores.folder / "uploads" / made.id).iterdir())) == 2


def test_several_who_complete_an_upload_make_one_file(stores):
    for number in range(5):
        made, ids = upload(stores)
        done = at_once(*[partial(stores.uploads.complete, made, ids, None)] * 4)
        assert done.count(NotPending) == 3
        assert len(files_on_disk(stores)) == number + 1
        assert stores.uploads.get(made.id).status == "completed"


def test_an_upload_is_completed_or_cancelled_never_both(stores):
    for _try in range(5):
        made, ids = upload(stores)
        before = len(files_on_disk(stores))
        done = at_once(
            partial(stores.uploads.complete, made, ids, None),
            partial(stores.uploads.end, made.id, "cancelled"),
            partial(stores.uploads.end, made.id, "cancelled"),
        )
        assert done.count(NotPending) == 2
        is_complete = stores.uploads.get(made.id).status == "completed"
        assert len(files_on_disk(stores)) - before == is_complete


def test_nobody_waits_while_the_parts_are_put_together(stores, monkeypatch):
    made, ids = upload(stores)
    copying, go_on = threading.Event(), threading.Event()
    real = file_store._copy

    def slow(*given):
        copying.set()
        assert go_on.wait(20)
        return real(*given)

    monkeypatch.setattr(file_store, "_copy", slow)
    thread = threading.Thread(target=stores.uploads.complete, args=(made, ids, None))
    thread.start()
    assert copying.wait(20)
    started = time.monotonic()
    stores.events.add("ftjob-a", "Another writes meanwhile")
    assert stores.uploads.get(made.id).status == "completing"
    assert stores.uploads.pending_bytes() == made.bytes
    assert time.monotonic() - started < 5
    go_on.set()
    thread.join()
    assert stores.uploads.get(made.id).status == "completed"


def test_parts_of_an_upload_that_ended_are_refused_and_leave_nothing(stores):
    made, _ids = upload(stores)
    stores.uploads.end(made.id, "cancelled")
    with pytest.raises(NotPending):
        stores.uploads.add_part(made.id, io.BytesIO(b"0"))
    assert not (stores.folder / "uploads" / made.id).exists()


def test_a_sum_that_differs_leaves_the_upload_as_it_was(stores):
    made, ids = upload(stores)
    with pytest.raises(Md5Differs):
        stores.uploads.complete(made, ids, "0" * 32)
    assert stores.uploads.get(made.id).status == "pending"
    assert stores.files.total_bytes() == 0
    assert stores.uploads.complete(made, ids, None).bytes == 10


def test_an_upload_that_was_being_completed_goes_on_after_a_kill(stores, tmp_path):
    made, ids = upload(stores)
    with stores.database.writing() as connection:
        connection.execute("UPDATE upload SET status = 'completing'")
    with contextlib.closing(Stores.open(tmp_path).database):
        assert stores.uploads.get(made.id).status == "pending"
    assert stores.uploads.complete(made, ids, None).bytes == 10


def test_a_clock_that_is_set_lets_nothing_expire_before_its_time(stores, monkeypatch):
    wall, passed = [2_000_000_000.0], [100.0]
    monkeypatch.setattr(database, "_BEGAN", (wall[0], passed[0]))
    monkeypatch.setattr(database.time, "time", lambda: wall[0])
    monkeypatch.setattr(database.time, "monotonic", lambda: passed[0])
    kept = stores.files.add(io.BytesIO(b"a"), "a.jsonl", "fine-tune", 3600).id
    upload = stores.uploads.add("b.jsonl", "fine-tune", 1, None).id

    def tidied():
        stores.files.delete_expired()
        stores.uploads.end_expired()
        listed = [file.id for file in stores.files.page(None, 9, False, None).items]
        assert (stores.files.find(kept) is not None) == (listed == [kept])
        return listed, stores.uploads.get(upload).status

    for jump in (10 * 86_400, -20 * 86_400, 10 * 86_400):
        wall[0] += jump
        assert tidied() == ([kept], "pending")
    wall[0], passed[0] = wall[0] + 3601, passed[0] + 3601
    assert tidied() == ([], "expired")
