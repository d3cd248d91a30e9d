"""The built-in base model: some two million weights that know nothing but the user's examples.

Before any training it is a model over bytes with a fixed seed, which babbles. When it is trained,
its tokenizer is trained first, on the same examples: with words as tokens it learns far faster.
"""

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from tunedesk.training_server.training.starter_tokenizer import CONTEXT, train_tokenizer

LEARNING_RATE = 1.5e-3
"""Of a multiplier of 1."""

_MARK = "tunedesk_starter"
_WIDTH = 192
_LAYERS = 4
_HEADS = 4
_INNER = 512
_UNTRAINED_SEED = 20261120


def untrained_starter() -> tuple[LlamaForCausalLM, PreTrainedTokenizerBase]:
    """The model that has learnt nothing, the same one each time."""
    tokenizer = train_tokenizer(())
    return new_model(tokenizer, _UNTRAINED_SEED), tokenizer


def new_model(tokenizer: PreTrainedTokenizerBase, seed: int) -> LlamaForCausalLM:
    """A model with random weights for the tokens of a tokenizer."""
    mark: dict[str, Any] = {_MARK: True}
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        intermediate_size=_INNER,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **mark,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def is_starter(config: object) -> bool:
    """Whether a configuration is that of a starter, trained or not."""
    return getattr(config, _MARK, False) is True
