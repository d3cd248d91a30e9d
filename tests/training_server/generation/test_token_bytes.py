"""The bytes of tokens, for the ways in which tokenizers write them."""

import pytest
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from tunedesk.training_server.generation.token_bytes import TokenBytes
from tunedesk.training_server.training.starter_tokenizer import train_tokenizer


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
