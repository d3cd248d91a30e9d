"""Writes a model as one GGUF file, as llama.cpp, LM Studio and Ollama read it, and proves the file.

Tensors and keys are those of llama.cpp's convert_hf_to_gguf.py. A family is written if files of it
are proved: what is read back must find the same tokens and close likelihoods, and it is counted how
many questions it answers as the model does here, word for word to the end of the answer.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.training.chat_template import ChatTemplate

SIZES = {"exact": "BF16", "smaller": "Q8_0", "smallest": "Q4_1"}
"""The type of the large tensors, as GGUF names it, by the word for it. "exact" is F32 where the
model has 32 bits; of "smallest" the embeddings have Q8_0, as in llama.cpp's own mixtures."""

CLOSE = {"exact": 0.005, "smaller": 0.05, "smallest": 0.5}
"""How far the likelihoods of the next token may be from those of the model: the mean divergence
(Kullback-Leibler, in nats a token). Measured of SmolLM2 135M: 0.003 with Q8_0, 0.08 with Q4_1;
0.4 with Q5_1, which is therefore not offered."""

_ARCHITECTURES = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3",
}
"""llama.cpp's name of a family by that of Transformers."""
_WITH_HEAD_SIZE = ("qwen3", "gemma2", "gemma3")
_NORM_LESS_ONE = ("gemma2", "gemma3")
"""These store what their norms multiply with less one; a GGUF file holds the whole."""
_SLIDING_OF_SIX = 6
"""Of so many layers of Gemma 3 the last one reads the whole context."""

_QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3_SPLIT = _QWEN_SPLIT.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
_SPLITS = {_QWEN_SPLIT: "qwen2", _LLAMA3_SPLIT: "llama-bpe"}
"""llama.cpp's name for how a tokenizer cuts a text before it looks for known pieces."""

CONVERTER = "python convert_hf_to_gguf.py FOLDER --outfile model.gguf"
_SAMPLES = ("Hello.", "Write 3,141 as a word: é ü 😀", "  Two\n\nlines\tand  blanks ", "中文 ไทย")
"""Texts in which the same tokens must be found, beside the questions."""
MOST_TOKENS = 128
"""An answer is followed for so many tokens."""
_AT_ONCE = 4
_MOST_POSITIONS = 32
"""Of each question the likelihoods after so many tokens are compared."""


@dataclass(frozen=True)
class Proof:
    """What was seen of a GGUF file beside the model that it was made of.

    Attributes:
        texts: How many texts were cut into tokens.
        same_tokens: In how many of them both tokenizers found the same tokens.
        questions: How many questions were asked.
        same_answers: To how many of them both give the same answer, word for word to its end, or
            for `MOST_TOKENS` tokens; each time the likeliest token is taken.
        divergence: Of the likelihoods of the next token, as in `CLOSE`.
    """

    texts: int
    same_tokens: int
    questions: int
    same_answers: int
    divergence: float


@dataclass(frozen=True)
class Answered:
    """What a model answers, to be compared with another one.

    Attributes:
        text: The question as the model reads it.
        tokens: The question and the answer.
        asked: How many of the tokens are the question.
        positions: After which tokens the likelihoods were kept.
        likelihoods: Their logarithms; a row for each of the positions.
        next_tokens: The likeliest token after each token from the question's last one.
    """

    text: str
    tokens: list[int]
    asked: int
    positions: list[int]
    likelihoods: torch.Tensor
    next_tokens: list[int]


def answers(
    model: Any, tokenizer: Any, texts: Sequence[str], ends: Sequence[int]
) -> list[Answered]:
    """What a model answers to questions, the likeliest token each time.

    Args:
        model: The model, in 32 bits.
        tokenizer: Its tokenizer.
        texts: The questions as the model reads them.
        ends: The tokens that end an answer.
    """
    asked = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    found = []
    for at in range(0, len(texts), _AT_ONCE):
        for text, ids, said in zip(
            texts[at : at + _AT_ONCE],
            asked[at : at + _AT_ONCE],
            _generated(model, asked[at : at + _AT_ONCE], ends),
            strict=True,
        ):
            found.append(_looked_at(model, text, [*ids, *said], len(ids)))
    return found


def _generated(
    model: Any, asked: Sequence[Sequence[int]], ends: Sequence[int]
) -> Iterator[list[int]]:
    """The tokens of each answer, its end included."""
    longest = max(map(len, asked))
    given = torch.tensor([[ends[0]] * (longest - len(ids)) + [*ids] for ids in asked])
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in asked])
    with torch.inference_mode():
        made = model.generate(
            input_ids=given,
            attention_mask=mask,
            max_new_tokens=MOST_TOKENS,
            do_sample=False,
            repetition_penalty=1.0,
            eos_token_id=list(ends),
            pad_token_id=ends[0],
        )
    for row in made[:, longest:].tolist():
        end = next((number for number, token in enumerate(row) if token in ends), len(row) - 1)
        yield row[: end + 1]


def _looked_at(model: Any, text: str, tokens: list[int], asked: int) -> Answered:
    with torch.inference_mode():
        logits = model(torch.tensor([tokens])).logits[0].float()
    step = max(1, len(tokens) // _MOST_POSITIONS)
    positions = list(range(len(tokens) - 1, -1, -step))[:_MOST_POSITIONS]
    return Answered(
        text,
        tokens,
        asked,
        positions,
        logits[positions].log_softmax(-1),
        logits[asked - 1 : -1].argmax(-1).tolist(),
    )


def check_family(model: Any, tokenizer: Any) -> None:
    """Say at once where no file could be written.

    Raises:
        UserError: No files of this family, or with this tokenizer, are proved here.
    """
    _architecture_name(model.config)
    _pre_tokenizer(tokenizer)


def _architecture_name(config: Any) -> str:
    """llama.cpp's name of a family."""
    name = _ARCHITECTURES.get(config.model_type)
    if name is None or not _is_written(config, name):
        raise UserError(
            _("A GGUF file of a model of this family is not written here yet."),
            converter_advice(),
        )
    return name


def _is_written(config: Any, name: str) -> bool:
    """Whether llama.cpp computes a model of a known family as its configuration says."""
    head = _head_size(config)
    if name in ("llama", "qwen2", "qwen3"):
        return not (getattr(config, "use_sliding_window", True) and _slides(config))
    if name == "gemma3" and list(config.layer_types) != [
        "sliding_attention" if (layer + 1) % _SLIDING_OF_SIX else "full_attention"
        for layer in range(config.num_hidden_layers)
    ]:
        return False
    return bool(config.query_pre_attn_scalar == head)


def _slides(config: Any) -> bool:
    window = getattr(config, "sliding_window", None)
    return window is not None and window < config.max_position_embeddings


def converter_advice() -> str:
    """How else a GGUF file can be had."""
    return _("Take the model folder, and let llama.cpp's own converter make it: {command}").format(
        command=CONVERTER
    )


def _pre_tokenizer(tokenizer: Any) -> str:
    """llama.cpp's name for how a tokenizer cuts a text before it looks for known pieces."""
    held = json.loads(tokenizer.backend_tokenizer.to_str())
    steps = held.get("pre_tokenizer") or {}
    steps = steps.get("pretokenizers") or [steps]
    kinds = [step.get("type") for step in steps]
    last = steps[-1]
    found = None
    if held["model"]["type"] != "BPE" or last.get("add_prefix_space"):
        pass
    elif kinds == ["Digits", "ByteLevel"] and steps[0].get("individual_digits"):
        found = "smollm"
    elif kinds == ["Split", "ByteLevel"] and not last.get("use_regex", True):
        found = _SPLITS.get(steps[0]["pattern"].get("Regex"))
    elif kinds == ["ByteLevel"] and last.get("use_regex", True):
        found = "gpt-2"
    elif held["model"].get("byte_fallback") and _writes_blanks_only(held):
        found = "default"
    if found is None:
        raise UserError(
            _("A GGUF file of a model with this tokenizer is not written here yet."),
            converter_advice(),
        )
    return found


def _writes_blanks_only(held: dict[str, Any]) -> bool:
    """Whether all that a tokenizer does to a text is to write its blanks as "▁", as Gemma's."""
    return held.get("normalizer") == {
        "type": "Replace",
        "pattern": {"String": " "},
        "content": "▁",
    }


def write_gguf(
    path: Path,
    model: Any,
    tokenizer: Any,
    template: ChatTemplate,
    size: str,
    facts: dict[str, str],
    ends: Sequence[int],
) -> None:
    """Write a model; what it is called stands in its facts.

    Args:
        path: The file.
        model: The model, adapters merged.
        tokenizer: Its tokenizer.
        template: Its chat template.
        size: A key of `SIZES`.
        facts: "name", "license" and "base_model"; those not known are empty.
        ends: The tokens that end an answer.

    Raises:
        UserError: No files of this family, or with this tokenizer, are proved here.
    """
    import gguf

    config = model.config
    architecture, pre = _architecture_name(config), _pre_tokenizer(tokenizer)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(facts["name"])
    if facts.get("license"):
        writer.add_license(facts["license"])
    if facts.get("base_model"):
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, facts["base_model"])
    _add_shape(writer, config, architecture)
    is_whole = size == "exact" and model.dtype == torch.float32
    type_name = "F32" if is_whole else SIZES[size]
    kind = gguf.GGMLQuantizationType[type_name]
    file_type = "ALL_F32" if is_whole else f"MOSTLY_{type_name}"
    writer.add_file_type(int(gguf.LlamaFileType[file_type]))
    _add_vocabulary(writer, tokenizer, template, config.vocab_size, pre, ends)
    factors = _rope_factors(model, config) if architecture == "llama" else None
    if factors is not None:
        writer.add_tensor("rope_freqs.weight", factors)
    names = gguf.get_tensor_name_map(_architecture_of(architecture), config.num_hidden_layers)
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        target = names.get_name(key, try_suffixes=(".weight", ".bias"))
        assert target is not None, key  # every tensor of the families has a name
        values = _as_written(key, tensor.float().numpy(), config, architecture)
        fits = values.ndim > 1 and values.shape[-1] % 32 == 0
        as_stored = kind if fits else gguf.GGMLQuantizationType.F32
        if fits and size == "smallest" and target in ("token_embd.weight", "output.weight"):
            as_stored = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(target, gguf.quants.quantize(values, as_stored), raw_dtype=as_stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _architecture_of(name: str) -> Any:
    import gguf

    return next(each for each, known in gguf.MODEL_ARCH_NAMES.items() if known == name)


def _add_shape(writer: Any, config: Any, architecture: str) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_freq_base(_rope_base(config))
    if architecture in _WITH_HEAD_SIZE or getattr(config, "head_dim", None):
        writer.add_key_length(_head_size(config))
        writer.add_value_length(_head_size(config))
    if architecture == "llama":
        writer.add_rope_dimension_count(_head_size(config))
    if architecture in ("gemma2", "gemma3"):
        writer.add_sliding_window(config.sliding_window)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)


def _as_written(key: str, values: Any, config: Any, architecture: str) -> Any:
    """A tensor as llama.cpp has it: heads turned, norms whole."""
    if architecture == "llama":
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        for part, count in heads.items():
            if f".{part}." in key:
                # llama.cpp turns pairs of neighbours, Transformers pairs of halves.
                shape = values.shape
                turned = values.reshape(count, 2, shape[0] // count // 2, *shape[1:])
                return turned.swapaxes(1, 2).reshape(shape)
    if architecture in _NORM_LESS_ONE and key.endswith("norm.weight"):
        return values + 1
    return values


def _head_size(config: Any) -> int:
    """The width of one head of attention."""
    return int(
        getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    )


def _rope_base(config: Any) -> float:
    held: dict[str, Any] = getattr(config, "rope_parameters", None) or {}
    # Gemma 3 has one for the layers that read the whole context, and one for the others.
    held = held.get("full_attention", held)
    found: Any = held.get("rope_theta") or getattr(config, "rope_theta", 10_000.0)
    return float(found)


def _plain_rope(config: Any) -> torch.Tensor:
    size = _head_size(config)
    return 1.0 / _rope_base(config) ** (torch.arange(0, size, 2, dtype=torch.float32) / size)


def _rope_factors(model: Any, config: Any) -> Any:
    """By what llama.cpp divides the frequencies of positions, as for Llama 3's; None: by nothing.

    Raises:
        UserError: The model does more to them than that.
    """
    # A new one: that of a model in 16 bits is rounded.
    rotary = type(model.model.rotary_emb)(config=config)
    if float(getattr(rotary, "attention_scaling", 1.0)) != 1.0:
        raise UserError(
            _("A GGUF file of a model of this family is not written here yet."),
            converter_advice(),
        )
    factors = _plain_rope(config) / rotary.inv_freq.float()
    return None if torch.allclose(factors, torch.ones_like(factors)) else factors.numpy()


def begins_with_bos(tokenizer: Any, template: ChatTemplate) -> bool:
    """Whether texts are to begin with the mark of a text's beginning."""
    bos = tokenizer.bos_token
    if bos is None:
        return False
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    text = template.plain(turns)
    # Where that mark begins each turn, as in SmolLM2's template, it is a part of the turns.
    is_lead = text.startswith(bos) and text.count(bos) == 1
    return is_lead or tokenizer("A").input_ids[:1] == [tokenizer.bos_token_id]


def _add_vocabulary(
    writer: Any,
    tokenizer: Any,
    template: ChatTemplate,
    size: int,
    pre: str,
    ends: Sequence[int],
) -> None:
    import gguf

    held = json.loads(tokenizer.backend_tokenizer.to_str())
    is_pieces = pre == "default"
    by_number = {number: token for token, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens, kinds = [], []
    for number in range(size):
        known, token = added.get(number), by_number.get(number)
        kind = gguf.TokenType.NORMAL
        if token is None:
            token, kind = f"[PAD{number}]", gguf.TokenType.UNUSED
        elif known is not None:
            token = known.content
            kind = gguf.TokenType.CONTROL if known.special else gguf.TokenType.USER_DEFINED
            if is_pieces and number == tokenizer.unk_token_id:
                kind = gguf.TokenType.UNKNOWN
            elif is_pieces and not known.special:
                token = token.replace("▁", " ")
        elif is_pieces and len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            kind = gguf.TokenType.BYTE
        tokens.append(token)
        kinds.append(kind)
    writer.add_tokenizer_model("llama" if is_pieces else "gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    if is_pieces:
        # Pieces are put together in their order, as those of SentencePiece are numbered.
        writer.add_token_scores([-float(number) for number in range(size)])
    writer.add_token_types(kinds)
    if not is_pieces:
        merges = held["model"]["merges"]
        writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(begins_with_bos(tokenizer, template))
    turn_end: int | None = next((each for each in ends if each != tokenizer.eos_token_id), None)
    for mark, add in (
        (tokenizer.bos_token_id, writer.add_bos_token_id),
        (tokenizer.eos_token_id, writer.add_eos_token_id),
        (turn_end, writer.add_eot_token_id),
        (tokenizer.unk_token_id, writer.add_unk_token_id),
        (tokenizer.pad_token_id, writer.add_pad_token_id),
    ):
        if mark is not None:
            add(mark)
    writer.add_chat_template(template.text)


def prove(path: Path, tokenizer: Any, expected: Sequence[Answered]) -> Proof:
    """Read a file back by Transformers' own reader, and compare it with the model.

    Args:
        path: The file.
        tokenizer: The tokenizer of the model.
        expected: What the model answers.
    """
    other, reader = _read_back(path)
    texts = [*_SAMPLES, *(each.text for each in expected)]
    same_tokens = sum(
        tokenizer(text, add_special_tokens=False)["input_ids"]
        == reader(text, add_special_tokens=False)["input_ids"]
        for text in texts
    )
    same_answers, divergences = 0, []
    for each in expected:
        found = _looked_at(other, each.text, each.tokens, each.asked)
        # Where the likeliest token is the same after each of them, so is the whole answer.
        same_answers += found.next_tokens == each.next_tokens
        divergence = torch.nn.functional.kl_div(
            found.likelihoods, each.likelihoods, log_target=True, reduction="batchmean"
        )
        divergences.append(float(divergence))
    mean = sum(divergences) / max(1, len(divergences))
    return Proof(len(texts), same_tokens, len(expected), same_answers, mean)


def _read_back(path: Path) -> tuple[Any, Any]:
    """The model and the tokenizer that a file holds.

    Transformers' reader leaves out some of what llama.cpp reads; that is set from the file's keys.
    """
    import gguf
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    from tunedesk.training_server.make_model_folder import mend_tokenizer

    where: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True}
    fields = gguf.GGUFReader(path).fields
    architecture = fields["general.architecture"].contents()
    config: Any = AutoConfig.from_pretrained(str(path.parent), **where)
    for key, name in (
        ("attention.key_length", "head_dim"),
        ("attn_logit_softcapping", "attn_logit_softcapping"),
        ("final_logit_softcapping", "final_logit_softcapping"),
    ):
        field = fields.get(f"{architecture}.{key}")
        if field is not None:
            setattr(config, name, field.contents())
    if hasattr(config, "query_pre_attn_scalar"):
        config.query_pre_attn_scalar = _head_size(config)
    other: Any = AutoModelForCausalLM.from_pretrained(
        str(path.parent), config=config, dtype=torch.float32, **where
    )
    for tensor in gguf.GGUFReader(path).tensors:
        if tensor.name == "rope_freqs.weight":
            rotary = other.model.rotary_emb
            rotary.inv_freq = rotary.inv_freq / torch.from_numpy(tensor.data.copy())
    reader: Any = AutoTokenizer.from_pretrained(str(path.parent), **where)
    mend_tokenizer(reader, path)
    return other.eval(), reader
