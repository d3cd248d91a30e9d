"""The shapes of large inputs, in the suite: an answer for each, by work in line with its size.

Work is counted, not timed: calls of functions, and the characters that JSON's scanner passes over.
`run.py` takes the time.
"""

import contextlib
import sys

import pytest
from tests.abuse.large_inputs import SHAPES

from tunedesk.errors import UserError
from tunedesk.formats.check_file import check_file
from tunedesk.formats.readers import json_values


@pytest.mark.parametrize("name", SHAPES)
def test_anything_gets_an_answer(name, tmp_path):
    file = tmp_path / "input.jsonl"
    file.write_bytes(SHAPES[name](100_000).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(UserError):
        report = check_file(file, "openai", None)
        assert report.records or report.problems or not report.info.can_be_imported


@pytest.mark.parametrize("name", SHAPES)
def test_four_times_the_bytes_are_four_times_the_work(name, tmp_path, monkeypatch):
    file = tmp_path / "input.jsonl"
    scanned = 0

    def count_scanned(decoder):
        decode = decoder.raw_decode

        def counted(text, at=0):
            nonlocal scanned
            try:
                value, end = decode(text, at)
            except json_values.JSONDecodeError as error:
                scanned += error.pos  # it also counts the lines before it
                raise
            scanned += end - at
            return value, end

        monkeypatch.setattr(decoder, "raw_decode", counted)

    count_scanned(json_values._STRICT)
    count_scanned(json_values._TOLERANT)

    def work(size):
        nonlocal scanned
        file.write_bytes(SHAPES[name](size).encode("utf-8", "surrogatepass"))
        calls = scanned = 0

        def count(_frame, event, _argument):
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            with contextlib.suppress(UserError):
                check_file(file, "openai", None)
        finally:
            sys.setprofile(None)
        return calls + scanned / 50

    work(1_000)  # what is loaded and kept once
    once, twice, four = work(6_000), work(12_000), work(24_000)
    assert twice < 2.6 * once + 500
    assert four < 5.2 * once + 1_000
