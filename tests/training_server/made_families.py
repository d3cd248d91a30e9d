"""Tiny language models of random weights, of each family that a GGUF file is written for."""

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from tunedesk.training_server import gguf_file
from tunedesk.training_server.training.base_model import disable_progress_bars

TEXT = "Hello there, the room has 12 beds for 3 nights; it's 1,234 m away.\n\n  Übernachten? "
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% set lead = namespace(text='') %}{% for m in messages %}"
    "{% if m.role == 'system' %}{% set lead.text = m.content + '\n\n' %}{% else %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ lead.text if m.role == 'user' else '' }}{{ m.content | trim }}<end_of_turn>\n"
    "{% if m.role == 'user' %}{% set lead.text = '' %}{% endif %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
FAMILIES = {
    "smollm": (LlamaConfig, {"tie_word_embeddings": True, "rope_theta": 100_000.0}),
    "llama": (LlamaConfig, {}),
    "llama3": (LlamaConfig, {"rope_parameters": LLAMA3_ROPE}),
    "mistral": (MistralConfig, {"sliding_window": None}),
    "qwen2": (Qwen2Config, {"tie_word_embeddings": True}),
    "qwen3": (Qwen3Config, {"head_dim": 32, "tie_word_embeddings": True}),
    "gemma2": (Gemma2Config, {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 16}),
    "gemma3": (
        Gemma3TextConfig,
        {
            "head_dim": 32,
            "query_pre_attn_scalar": 32,
            "sliding_window": 16,
            "num_hidden_layers": 7,
        },
    ),
}
"""The configuration of each, and how it differs from the common shape."""
_SPLITS = {"qwen2": "qwen2", "qwen3": "qwen2", "llama": "llama-bpe", "llama3": "llama-bpe"}


def byte_level_tokenizer(family):
    """One that cuts texts as the family's does before it looks for known pieces."""
    core = Tokenizer(models.BPE())
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False)
    split = next((k for k, v in gguf_file._SPLITS.items() if v == _SPLITS.get(family)), None)
    if family == "smollm":
        steps = [pre_tokenizers.Digits(individual_digits=True), plain]
        core.pre_tokenizer = pre_tokenizers.Sequence(steps)
    elif split:
        steps = [
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
        core.pre_tokenizer = pre_tokenizers.Sequence(steps)
    else:
        core.pre_tokenizer = plain
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(
        [TEXT] * 3,
        trainers.BpeTrainer(
            vocab_size=330,
            show_progress=False,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|im_start|>" if family == "smollm" else None,
        eos_token="<|im_end|>" if family == "smollm" else "<|endoftext|>",
        pad_token="<|im_end|>",
        extra_special_tokens=["<|im_end|>", "<|im_start|>"],
        chat_template=CHATML,
    )


def piece_tokenizer():
    """One of pieces with "▁" for blanks and bytes for what is not known, as Gemma's."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    pieces = special + [f"<0x{number:02X}>" for number in range(256)]
    letters = sorted(set(TEXT.replace(" ", "▁")) | set("abcdefghijklmnopqrstuvwxyz▁"))
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    words = ("th", "the", "he", "er", "ther", "ro", "om", "room", "▁▁", "▁the", "▁ro")
    for piece in [*words, *letters]:
        vocabulary.setdefault(piece, len(vocabulary))
    # SentencePiece knows no merges: any two pieces that make a known one go together.
    merges = [
        (word[:at], word[at:])
        for word in words
        for at in range(1, len(word))
        if word[:at] in vocabulary and word[at:] in vocabulary
    ]
    core = Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    core.normalizer = normalizers.Replace(" ", "▁")
    core.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<bos>",
        eos_token="<eos>",
        unk_token="<unk>",
        pad_token="<pad>",
        extra_special_tokens=["<start_of_turn>", "<end_of_turn>"],
        chat_template=GEMMA,
    )


def make_family(family, folder):
    """Write the folder of a model of a family; returns it."""
    disable_progress_bars()
    words = piece_tokenizer() if family.startswith("gemma") else byte_level_tokenizer(family)
    kind, more = FAMILIES[family]
    shape = {
        "vocab_size": len(words),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
        "initializer_range": 0.3,
    }
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(kind(**{**shape, **more}))
    for name, weights in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weights, std=0.3)
        elif "norm" in name:
            torch.nn.init.normal_(weights, mean=weights.detach().mean(), std=0.1)
    model.to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
