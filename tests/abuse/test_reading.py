"""Ten thousand inputs of the program of abuse for files; more by `python tests/abuse/run.py`."""

from tests.abuse.reading import run


def test_any_bytes_get_an_answer():
    outcome = run(10_000, seed=1)
    assert outcome.failures == []
