"""The fast counter gives tiktoken's number for every text."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalogue.made_models import make_model
from tokenizers import Tokenizer

from tunedesk.catalogue.token_encodings import load_encoding, model_encoding
from tunedesk.checks import token_counter
from tunedesk.checks.text_rules import HARMLESS_ASCII
from tunedesk.checks.token_counter import FastTokens, TokenCounter

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


@pytest.fixture
def counting(monkeypatch):
    """A counter with small bounds, and the list of tokenizers that it made."""
    made = []
    make = FastTokens._made

    def noted(self):
        made.append(1)
        return make(self)

    monkeypatch.setattr(FastTokens, "_made", noted)
    monkeypatch.setattr(token_counter, "_LONG_PIECES", 100)
    monkeypatch.setattr(token_counter, "_LOOK_EVERY", 1)
    monkeypatch.setattr(token_counter, "_ALL_PIECES", 10_000)
    return FastTokens(token_counter.fast_tokens("r50k_base")._make), made


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
    assert token_counter.fast_tokens("p50k_base") is None


def test_threads_count_side_by_side():
    tokens = token_counter.fast_tokens("r50k_base")
    texts = [f"Which shelf holds the number {number}? " * 300 for number in range(60)]
    expected = [tokens.count(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(tokens.count, texts * 3)) == expected * 3


@pytest.fixture(scope="module", params=[True, False], ids=["digits", "plain"])
def model_counters(request, tmp_path_factory):
    """The counter of a model on this computer, and what `tokenizers` counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        folder = make_model(digits=request.param)
        counter = TokenCounter(model_encoding("Owner/Tiny").name)
    exact = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return counter, lambda text: len(exact.encode(text, add_special_tokens=False).ids)


_model_texts = _texts | st.lists(
    _words
    | st.sampled_from(["<|im_end|>", "\x04", "7", " 2", "²", "٣", "Ⅷ", "一", "lease", " fee"]),
    max_size=12,
).map("".join)


@settings(max_examples=500)
@given(text=_model_texts)
def test_a_model_counts_as_its_own_tokenizer(model_counters, text):
    counter, exact = model_counters
    assert counter.count(text) == exact(text)


@given(texts=st.lists(_model_texts.filter(bool), min_size=1, max_size=4))
def test_texts_of_an_example_count_as_each_alone(model_counters, texts):
    counter, exact = model_counters
    rare = "".join(texts).encode().translate(None, HARMLESS_ASCII).decode()
    assert counter.count_all(texts, rare) == [exact(text) for text in texts]


def test_a_model_is_counted_the_quick_way(model_counters):
    counter, _exact = model_counters
    assert counter._fast is not None
    assert counter.count("half \ud83d") > 1


def test_a_damaged_tokenizer_leaves_the_usual_encoding():
    folder = make_model("Owner/Torn")
    file = folder / "tokenizer.json"
    file.write_bytes(file.read_bytes()[:-2000])
    encoding = model_encoding("Owner/Torn")
    text = "The lease ends on 31 March 2024."
    assert TokenCounter(encoding.name).count(text) == TokenCounter().count(text)
    assert model_encoding("Owner/Torn") is None


def test_a_model_that_was_removed_leaves_the_usual_encoding():
    text = "The lease ends on 31 March 2024."
    assert TokenCounter("Owner/Gone@12345678").count(text) == TokenCounter().count(text)
