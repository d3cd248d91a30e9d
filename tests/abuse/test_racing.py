"""Forty races of the program of abuse for uploads; more by `python tests/abuse/run.py racing`."""

import pytest

pytest.importorskip("starlette")

from tests.abuse.racing import run


def test_of_all_who_end_an_upload_at_once_one_does():
    outcome = run(40, seed=1)
    assert outcome.failures == []
