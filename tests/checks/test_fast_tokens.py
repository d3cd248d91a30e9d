"""The fast counting is made anew before it remembers too much, and counts on as before."""

import pytest

from tunedesk.checks import fast_tokens
from tunedesk.checks.fast_tokens import FastTokens


@pytest.fixture
def counting(monkeypatch):
    """A counter with small bounds, and the list of tokenizers that it made."""
    made = []
    make = FastTokens._made

    def noted(self):
        made.append(1)
        return make(self)

    monkeypatch.setattr(FastTokens, "_made", noted)
    monkeypatch.setattr(fast_tokens, "_LONG_PIECES", 100)
    monkeypatch.setattr(fast_tokens, "_ALL_PIECES", 10_000)
    return FastTokens("r50k_base", "r50k"), made


def test_long_pieces_make_it_anew_soon(counting):
    tokens, made = counting
    first = tokens.count("x" * 99)
    assert len(made) == 1
    assert tokens.count("x" * 99) == first
    assert len(made) == 2


def test_prose_makes_it_anew_late(counting):
    tokens, made = counting
    for _ in range(40):
        tokens.count_all(["a few words of prose"] * 10, "a few words of prose " * 10)
    assert len(made) == 1
    for _ in range(10):
        tokens.count_all(["a few words of prose"] * 10, "a few words of prose " * 10)
    assert len(made) == 2


def test_there_is_none_for_an_encoding_that_gigatoken_does_not_know():
    assert fast_tokens.fast_tokens("p50k_base") is None
