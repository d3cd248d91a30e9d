"""A few tries of this program of abuse; more by `python tests/abuse/run.py full_disk`."""

from tests.abuse.full_disk import run


def test_nothing_fails():
    assert run(15, seed=1).failures == []
