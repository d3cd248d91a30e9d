"""A full disk is told once, and once that it has room again."""

import errno
import logging
import shutil

from tunedesk.training_server import disk_full
from tunedesk.training_server.disk_full import DiskFullNotice, is_disk_full


def test_it_is_known_by_its_error():
    assert is_disk_full(OSError(errno.ENOSPC, "full"))
    assert not is_disk_full(OSError(errno.EACCES, "not allowed"))
    assert not is_disk_full(ValueError("No space left on device"))


def test_a_spell_is_told_once_and_ends_when_there_is_room(tmp_path, caplog, monkeypatch):
    disk = DiskFullNotice(tmp_path)
    with caplog.at_level(logging.WARNING):
        disk.on_written()
        disk.on_full()
        disk.on_full()
        # A few bytes went into what was there already: it is as full as before.
        free = shutil.disk_usage(tmp_path).free
        with monkeypatch.context() as patch:
            patch.setattr(disk_full, "_ROOM", free * 2)
            disk.on_written()
        disk.on_full()
        disk.on_written()
        disk.on_written()
        disk.on_full()
    full, engine = "The disk that holds", "There is room on the"
    assert [record.message[: len(engine) - 1] for record in caplog.records] == [
        full,
        engine[:-1],
        full,
    ]
    assert str(tmp_path) in caplog.records[0].message
    caplog.clear()
