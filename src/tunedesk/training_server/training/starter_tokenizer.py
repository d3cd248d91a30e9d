"""How the built-in base model reads: the tokenizer that is trained on the user's examples."""

from collections.abc import Iterable
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from tunedesk.training_server.training.chat_template import OWN_PHRASES, OWN_TEMPLATE

CONTEXT = 8192
"""How many tokens it reads; it has no place in which more of them would cost weights."""

_END = "<|im_end|>"
_SPECIAL = ("<|pad|>", "<|im_start|>", _END)
_VOCABULARY = 2048
_LONGEST_TOKEN = 24


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerBase:
    """A tokenizer whose words are those of some texts, and which can write any other text."""
    texts = list(texts)
    phrases = [phrase for phrase in OWN_PHRASES if any(phrase in text for text in texts)]
    tokenizer = Tokenizer(models.BPE())
    # A line break is a token of its own: the one before an answer would otherwise become one with
    # the spaces that the answer begins with, and whoever asks for the answer writes it alone.
    lines: Any = pre_tokenizers.Split("\n", "isolated")
    words: Any = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([lines, words])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        # Each word a token, where there is room: a small set has most of its words once.
        min_frequency=1,
        max_token_length=_LONGEST_TOKEN,
        show_progress=False,
        special_tokens=[AddedToken(text, normalized=False, special=True) for text in _SPECIAL],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(phrase, normalized=False) for phrase in phrases])
    make: Any = PreTrainedTokenizerFast
    made: PreTrainedTokenizerBase = make(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token=_END,
        chat_template=OWN_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
    return made
