"""The fast counting is made anew before it remembers too much, and counts on as before."""

from concurrent.futures import ThreadPoolExecutor

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
    monkeypatch.setattr(fast_tokens, "_LOOK_EVERY", 1)
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
        tokens.count_all(["a few words of prose"] * 10)
    assert len(made) == 1
    for _ in range(12):
        tokens.count_all(["a few words of prose"] * 10)
    assert len(made) == 2


def test_there_is_none_for_an_encoding_that_gigatoken_does_not_know():
    assert fast_tokens.fast_tokens("p50k_base") is None


def test_threads_count_side_by_side():
    tokens = FastTokens("r50k_base", "r50k")
    texts = [f"Which shelf holds the number {number}? " * 300 for number in range(60)]
    expected = [tokens.count(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(tokens.count, texts * 3)) == expected * 3
