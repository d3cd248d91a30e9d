"""The database on a disk that fills up."""

import errno
import os

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
