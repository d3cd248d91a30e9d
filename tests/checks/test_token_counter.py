"""The fast counter gives tiktoken's number for every text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.checks.encodings import load_encoding
from tunedesk.checks.token_counter import TokenCounter

_words = st.sampled_from(
    [
        "the",
        " The",
        "'s",
        "'LL",
        "DON'T",
        " ",
        "\n",
        "\r\n",
        "\t",
        "123",
        "1234567",
        "é",
        "ı",
        "İ",
        "ß",
        "ſ",
        "K",
        "你好",
        "ใจ",
        "नमस्ते",
        "שלום",
        "😀",
        "👩‍👩‍👧",
        "\u200d",
        "\u00a0",
        "\u2028",
        "\u0301",
        "{}",
        "//",
        "...",
        "<|endoftext|>",
        "<|im_start|>",
        "\x00",
        "\ufffd",
        "ǅ",
        "ʰ",
        "\U0001fae8",
    ]
)
_texts = st.lists(_words, max_size=12).map("".join) | st.text(max_size=30)


@pytest.fixture(scope="module", params=["o200k_base", "cl100k_base", "r50k_base", "p50k_base"])
def counters(request):
    encoding = load_encoding(request.param)
    return TokenCounter(request.param), lambda text: len(encoding.encode_ordinary(text))


@settings(max_examples=500)
@given(text=_texts)
def test_it_counts_as_tiktoken_does(counters, text):
    fast, exact = counters
    assert fast.count(text) == exact(text)


def test_every_character_counts_as_in_tiktoken(counters):
    fast, exact = counters
    for start in range(0, 0x110000, 0x400):
        if not 0xD800 <= start < 0xE000 and not 0x20000 <= start < 0xE0000:
            letters = "".join(map(chr, range(start, start + 0x400, 3)))
            assert fast.count(letters) == exact(letters), hex(start)


def test_special_tokens_are_plain_text(counters):
    fast, _exact = counters
    assert fast.count("<|endoftext|>") > 1


def test_half_a_pair_is_counted(counters):
    fast, exact = counters
    assert fast.count("half \ud83d") == exact("half \ud83d")


def test_long_runs_without_a_break(counters):
    fast, exact = counters
    for letter in ("a", " ", "\n", "^"):
        assert fast.count(letter * 3000) == exact(letter * 3000)
