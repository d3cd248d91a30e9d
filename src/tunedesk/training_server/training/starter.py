"""The built-in base model: some two million weights that know nothing but the user's examples.

Before any training it is a model over bytes with a fixed seed, which babbles. When it is trained,
its tokenizer is trained first, on the same examples: with words as tokens it learns far faster. So
a job begins from a model of the same build, but not from the one that babbles, whose tokens are
others.

Its tokenizer is made without torch, which the dry run of a job does not load.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from tunedesk.training_server.training.chat_template import OWN_PHRASES, OWN_TEMPLATE

if TYPE_CHECKING:
    from transformers import Qwen3ForCausalLM

_MARK = "tunedesk_starter"
# Two wide layers learn by heart in half the passes that four narrow ones of as many weights need.
_WIDTH = 256
_LAYERS = 2
_HEADS = 4
_INNER = 768
# Larger than those of big models (0.02): at this width, what is read would be lost beside what the
# layers add, and the first hundred steps would go into making it larger.
_SPREAD = 0.04
_SPREAD_OF_WORDS = 0.07
_UNTRAINED_SEED = 20261120

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


def untrained_starter() -> tuple["Qwen3ForCausalLM", PreTrainedTokenizerBase]:
    """The model that has learnt nothing, the same one each time.

    What it says has weights apart from those of what it reads. Were they the same, as in a model
    that is to learn, it would repeat the last character of the question for ever.
    """
    tokenizer = train_tokenizer(())
    return new_model(tokenizer, _UNTRAINED_SEED, says_as_it_reads=False), tokenizer


def babbled_tokens(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens that the untrained model may say: the end, and bytes that can be read alone."""
    texts = ((token, str(tokenizer.decode([token]))) for token in range(len(tokenizer)))
    readable = [token for token, text in texts if len(text) == 1 and " " <= text <= "~"]
    return [*readable, int(tokenizer.eos_token_id)]


def new_model(
    tokenizer: PreTrainedTokenizerBase, seed: int, says_as_it_reads: bool = True
) -> "Qwen3ForCausalLM":
    """A model with random weights for the tokens of a tokenizer.

    Of Qwen3's build, whose queries and keys have a fixed length: so steps as large as a training
    in seconds needs do not throw it off its way.

    Args:
        tokenizer: Knows the tokens.
        seed: Of the weights.
        says_as_it_reads: Whether the tokens have the same weights when they are read and said.
    """
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    mark: dict[str, Any] = {_MARK: True}
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        intermediate_size=_INNER,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        head_dim=_WIDTH // _HEADS,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=says_as_it_reads,
        initializer_range=_SPREAD,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **mark,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.startswith(("model.embed_tokens", "lm_head")):
                weights.mul_(_SPREAD_OF_WORDS / _SPREAD)
    return model


def is_starter(config: object) -> bool:
    """Whether a configuration is that of a starter, trained or not."""
    return getattr(config, _MARK, False) is True
