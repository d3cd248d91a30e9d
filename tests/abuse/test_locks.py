"""A few tries of this program of abuse; more by `python tests/abuse/run.py locks`."""

from tests.abuse.locks import run


def test_nothing_fails():
    assert run(40, seed=1).failures == []
