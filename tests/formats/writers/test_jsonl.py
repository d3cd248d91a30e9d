"""Chat files in and out."""

import os
import threading

import pytest

from tunedesk.errors import UserError
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.writers.jsonl import RecordWriter


def test_records_are_written_a_line_each(tmp_path):
    path = tmp_path / "out.jsonl"
    with RecordWriter(path) as writer:
        writer.write('{"a": "ä"}'.encode())
        writer.write_all([b'{"a":\r\n 1}', b"{}"])
        writer.write_all([])
    assert path.read_bytes() == '{"a": "ä"}\n{"a": 1}\n{}\n'.encode()
    assert writer.records == 3
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_a_mark_is_written_where_it_is_asked_for(tmp_path):
    with RecordWriter(tmp_path / "a", byte_order_mark=True) as writer:
        writer.write(b"{}")
    assert (tmp_path / "a").read_bytes() == b"\xef\xbb\xbf{}\n"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), RecordWriter(path) as writer:
        writer.write_all(b"{}" for _ in [1 / 0])
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.jsonl"]
    with pytest.raises(ValueError, match="with block"):
        writer.write(b"{}")


def test_an_old_file_is_replaced_and_a_link_followed(tmp_path):
    path = tmp_path / "real.jsonl"
    path.write_text("old")
    link = tmp_path / "link.jsonl"
    try:
        link.symlink_to(path)
    except OSError:
        link = path  # not every system lets everyone make links
    with RecordWriter(link) as writer:
        writer.write(b"{}")
    assert path.read_bytes() == b"{}\n"
    assert link.is_symlink() == (link != path)


def test_what_cannot_be_written_is_said(tmp_path):
    writer = RecordWriter(tmp_path / "no such folder" / "out.jsonl")
    with pytest.raises(UserError, match=r"out\.jsonl.*cannot be written"), writer:
        raise AssertionError("it opened")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="cannot be written"), RecordWriter(tmp_path / "folder"):
        pass
    assert os.listdir(tmp_path) == ["folder"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    if not hasattr(os, "mkfifo"):
        return  # Windows has no named pipes
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with RecordWriter(pipe) as writer:
        writer.write(b"{}")
    reader.join()
    assert (read, writer.records, writer.is_stream) == ([b"{}\n"], 1, True)
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_pipe_is_not_read_as_a_file_and_nobody_waits_for_it(tmp_path):
    pipe = tmp_path / "pipe"
    if not hasattr(os, "mkfifo"):
        return  # Windows has no named pipes
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="a device or a pipe"):
        inspect_file(pipe)
