"""The file by which a running training server is found again."""

import os

import filelock
import pytest

from tunedesk.server_file import (
    ServerFile,
    find_server,
    is_locked,
    keep_running,
    kept_running,
    remove_server_file,
)


def test_what_was_written_is_found_while_somebody_holds_the_lock(tmp_path):
    written = ServerFile("http://127.0.0.1:8321/v1", os.getpid(), "one", "0.1")
    with filelock.FileLock(tmp_path / "lock"):
        assert is_locked(tmp_path)
        assert find_server(tmp_path) is None
        written.write(tmp_path)
        assert find_server(tmp_path) == written
    assert not is_locked(tmp_path)
    assert find_server(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"url": 1, "pid": "x"}', "\x00"])
def test_a_file_that_says_nothing_finds_no_server(tmp_path, text):
    (tmp_path / "server.json").write_text(text)
    assert find_server(tmp_path) is None
    remove_server_file(tmp_path)
    remove_server_file(tmp_path)
    assert find_server(tmp_path) is None


def test_a_file_without_a_lock_is_not_believed(tmp_path):
    ServerFile("http://127.0.0.1:1/v1", os.getpid(), "x", "1").write(tmp_path)
    assert find_server(tmp_path) is None


def test_how_long_a_server_is_to_stay_goes_with_its_file(tmp_path):
    assert kept_running(tmp_path) == 0
    for until in (12.5, float("inf")):
        keep_running(tmp_path, until)
        assert kept_running(tmp_path) == until
    for text in ("", "soon", "nan"):
        (tmp_path / "keep_running").write_text(text)
        assert kept_running(tmp_path) == 0
    remove_server_file(tmp_path)
    assert list(tmp_path.iterdir()) == []
