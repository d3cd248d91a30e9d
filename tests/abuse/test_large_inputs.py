"""The shapes of large inputs, in the suite: each gets an answer. `run.py` takes the time."""

import contextlib

import pytest
from tests.abuse.large_inputs import SHAPES

from tunedesk.errors import UserError
from tunedesk.formats.check_file import check_file


@pytest.mark.parametrize("name", SHAPES)
def test_anything_gets_an_answer(name, tmp_path):
    file = tmp_path / "input.jsonl"
    file.write_bytes(SHAPES[name](100_000).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(UserError):
        report = check_file(file, "openai", None)
        assert report.records or report.problems or not report.info.can_be_imported
