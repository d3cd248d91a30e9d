"""A few tries of this program of abuse; more by `python tests/abuse/run.py kill`."""

from tests.abuse.kill import run


def test_nothing_fails():
    assert run(4, seed=1).failures == []
