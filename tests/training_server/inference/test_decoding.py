"""The text of an answer in pieces: sampling, texts to stop at, bytes of tokens."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from tunedesk.training_server.inference.decoding import (
    Sampler,
    StopTexts,
    TextPieces,
    TokenBytes,
)
from tunedesk.training_server.inference.inference_types import InferenceError, SamplingParams
from tunedesk.training_server.training.starter import train_tokenizer


@pytest.mark.parametrize("temperature", [1e-39, 5e-324, 1e-6, 1e-5, 2.0])
@pytest.mark.parametrize("top_p", [0.0, 1e-39, 1.0])
def test_every_temperature_gives_a_token(temperature, top_p):
    logits = torch.tensor([-3.0, 40.0, 39.0, 2.0])
    allowed = torch.tensor([True, True, True, False])
    parameters = SamplingParams(temperature=temperature, top_p=top_p, seed=1)
    token = Sampler(parameters, allowed).choose(logits).token
    assert token == 1 if temperature < 1 or top_p < 1 else token in (0, 1, 2)


def test_log_probabilities_are_numbers_also_of_tokens_that_cannot_be():
    logits = torch.tensor([1.0, 2.0, float("-inf"), 0.5])
    allowed = torch.tensor([True, True, True, False])
    only_the_last = np.array([False, False, False, True])
    choice = Sampler(SamplingParams(top_logprobs=4), allowed).choose(logits, only_the_last)
    assert choice.token == 3
    assert choice.logprob == -9999.0
    assert [token for token, _value in choice.likeliest[:2]] == [1, 0]
    assert [value for _token, value in choice.likeliest[2:]] == [-9999.0, -9999.0]


def test_logits_beyond_the_numbers_give_the_likeliest_token_or_a_sentence():
    allowed = torch.ones(3, dtype=torch.bool)
    endless = torch.tensor([1.0, float("inf"), float("-inf")])
    for parameters in (SamplingParams(), SamplingParams(temperature=0, top_logprobs=2)):
        assert Sampler(parameters, allowed).choose(endless).token == 1
    with pytest.raises(InferenceError, match="weights are damaged"):
        Sampler(SamplingParams(), allowed).choose(torch.tensor([1.0, float("nan"), 0.0]))


@given(st.lists(st.text("abc", max_size=4)), st.lists(st.text("abc", min_size=1, max_size=3)))
def test_a_stop_text_ends_the_text_wherever_it_is_cut(pieces, stops):
    watch = StopTexts(stops)
    told, ended = "", False
    for piece in pieces:
        text, ended = watch.add(piece)
        told += text
        if ended:
            break
    if not ended:
        told += watch.flush()
    whole = "".join(pieces)
    places = [whole.find(stop) for stop in stops if stop in whole]
    assert told == (whole[: min(places)] if places else whole) or ended
    assert all(stop not in told for stop in stops)


@given(st.text().filter(lambda text: "<|" not in text))
def test_letters_come_whole(text):
    tokenizer = train_tokenizer(())
    pieces = TextPieces(tokenizer)
    told = [pieces.add(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]
    assert "".join(told) + pieces.flush() == text


def test_penalties_by_the_formula():
    """logit - count * frequency_penalty - (count > 0) * presence_penalty."""
    logits = torch.tensor([3.0, 2.0, 0.5])
    allowed = torch.ones(3, dtype=torch.bool)

    def chosen(**options):
        sampler = Sampler(SamplingParams(temperature=0, **options), allowed)
        return [sampler.choose(logits).token for _step in range(6)]

    assert chosen() == [0] * 6
    assert chosen(frequency_penalty=0.6) == [0, 0, 1, 0, 1, 0]
    assert chosen(presence_penalty=1.2) == [0, 1, 0, 0, 0, 0]
    assert chosen(presence_penalty=-2.0, frequency_penalty=-0.1) == [0] * 6
    assert chosen(frequency_penalty=2.0, presence_penalty=2.0) == [0, 1, 2, 0, 1, 0]


def test_a_bias_forbids_and_forces():
    logits, allowed = torch.tensor([3.0, 2.0, 0.5]), torch.ones(3, dtype=torch.bool)
    for bias, expected in ((((0, -100.0),), 1), (((2, 100.0),), 2), (((0, -1.5),), 1)):
        parameters = SamplingParams(temperature=0, logit_bias=bias, top_logprobs=1)
        choice = Sampler(parameters, allowed).choose(logits)
        assert choice.token == expected
        assert choice.likeliest[0][0] == 0
    with pytest.raises(InferenceError, match="no token 3; it has 3") as refusal:
        Sampler(SamplingParams(logit_bias=((3, 1.0),)), allowed)
    assert refusal.value.param == "logit_bias"


def test_a_mask_is_kept_to_even_against_what_is_allowed():
    logits, allowed = torch.tensor([3.0, 2.0, 0.5]), torch.tensor([True, False, False])
    for mask, expected in (([True, True, True], 0), ([False, True, True], 1)):
        choice = Sampler(SamplingParams(temperature=0), allowed).choose(logits, np.array(mask))
        assert choice.token == expected


def test_of_a_tokenizer_over_bytes():
    tokenizer = train_tokenizer(())
    bytes_of = TokenBytes(tokenizer)
    for text in ("Grüße — 日本", " a\n", "\U0001f600"):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert b"".join(map(bytes_of.of, ids)) == text.encode()
    assert len(ids) == 4
    assert bytes_of.of(tokenizer.eos_token_id) == tokenizer.eos_token.encode()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("▁word", b" word"),
        ("word", b"word"),
        ("<0xE2>", b"\xe2"),
        ("<s>", b"<s>"),
        ("é", b"\xc3\xa9"),
    ],
)
def test_of_a_tokenizer_that_marks_blanks(written, expected):
    """As those of Llama 2, Mistral and Gemma."""
    words = ["<s>", "▁word", "word", "<0xE2>", "é"]
    core = Tokenizer(models.BPE({word: place for place, word in enumerate(words)}, []))
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    core.decoder = decoders.Sequence(parts)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="<s>")
    assert TokenBytes(tokenizer).of(words.index(written)) == expected
