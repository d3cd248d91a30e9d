"""A few tries of this program of abuse; more by `python tests/abuse/run.py start`."""

from tests.abuse.start import run


def test_nothing_fails():
    assert run(1, seed=1).failures == []
