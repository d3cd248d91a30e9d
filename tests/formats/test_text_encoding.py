"""Encodings recognised and read."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.formats.text_encoding import (
    Encoding,
    Utf8Reader,
    decode_broken_bytes,
    detect,
    from_western,
)

ENCODINGS = ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@given(st.text(), st.sampled_from(ENCODINGS), st.integers(1, 9))
def test_every_unicode_encoding_becomes_utf8(text, name, size):
    reader = Utf8Reader(io.BytesIO(text.encode(name)), Encoding(name, False, 0))
    read = b"".join(iter(lambda: reader.read(size), b""))
    assert read.decode() == text
    assert reader.position == len(text.encode(name))


@given(st.binary())
def test_every_byte_of_a_western_text_means_something(data):
    text = from_western(data)
    assert len(text) == len(data)
    decode_broken_bytes(data.decode(errors="surrogateescape")).encode()


def test_the_letters_that_windows_adds():
    assert from_western(b"\x93sp\xe4t\x94 \x80 \x81") == "“spät” € \x81"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"", ("utf-8", False, 0)),
        (("ä" * 1000).encode()[:-1], ("utf-8", False, 0)),  # cut off within a letter
        ("{}\r\n".encode("utf-16-le"), ("utf-16-le", True, 0)),
        (b"\xff\xfe{\0", ("utf-16-le", False, 2)),
        (b"\xff\xfe\0\0{\0\0\0", ("utf-32-le", False, 4)),
        ("ä\n".encode("latin-1"), ("latin-1", True, 0)),
        ("ä\n".encode() * 3 + b"\xe4\n", ("utf-8", False, 0)),
        (bytes(range(256)), None),
    ],
)
def test_detection(head, encoding):
    assert detect(head) == encoding
