"""The database on a disk that fills up."""

import errno
import os
import threading

import pytest

from tunedesk.training_server.store.stores import Stores


def fill(stores):
    for _number in range(1000):
        stores.events.add("ftjob-a", "A message " * 100)


def test_a_full_disk_is_said_and_leaves_no_transaction_open(tmp_path, caplog):
    """SQLite is given no further page: to it that is the same as a full disk."""
    stores = Stores.open(tmp_path)
    connection = stores.database._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            fill(stores)
        assert not connection.in_transaction
        told = len(stores.events.page("ftjob-a", None, 1000).items)
        connection.execute("PRAGMA max_page_count = 100000")
        stores.events.add("ftjob-a", "There is room again")
        assert len(stores.events.page("ftjob-a", None, 1000).items) == told + 1
        assert [record.message[:9] for record in caplog.records] == ["The disk ", "There is "]
        caplog.clear()
    finally:
        stores.database.close()


def test_who_reads_does_not_wait_for_who_writes(tmp_path):
    """The end of a transaction may take seconds on a busy disk."""
    stores = Stores.open(tmp_path)
    begun, go_on = threading.Event(), threading.Event()

    def write():
        with stores.database.writing():
            stores.events.add("ftjob-a", "Seen from the outside only when it is whole")
            assert len(stores.events.page("ftjob-a", None, 10).items) == 1
            begun.set()
            assert go_on.wait(20)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert begun.wait(20)
        assert stores.events.page("ftjob-a", None, 10).items == []
    finally:
        go_on.set()
        thread.join()
    assert len(stores.events.page("ftjob-a", None, 10).items) == 1
    stores.database.close()
