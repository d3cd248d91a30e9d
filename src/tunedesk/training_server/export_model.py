"""Writes a tuned model so that it can be taken elsewhere; a process of its own.

    python -m tunedesk.training_server.export_model FOLDER KIND OUT [--size S] [--name N]
        [--base-name B] [--card FILE] [--questions FILE]

KIND is "folder" (the adapter merged into its base), "adapter" (the adapter alone) or "gguf" (one
file, as llama.cpp, LM Studio and Ollama read it). OUT must not be there yet, and is there as a
whole or not at all. The last line of stdout is a JSON object: what was proved of the file, or, with
exit status 1, "sentence" and "advice".

A GGUF file is written for families that are proved here: the file is read back and must give the
same tokens and close logits. Tensors and keys are those of llama.cpp's convert_hf_to_gguf.py for
"llama"; its pre-tokenizer "smollm" is what SmolLM's tokenizer.json says.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import ADAPTER_NAME
from tunedesk.training_server.training.failures import JobFailedError

SIZES = {"exact": "BF16", "smaller": "Q8_0", "smallest": "Q4_1"}
"""The type of the large tensors, as GGUF names it, by the word for it."""

CLOSE = {"exact": 0.001, "smaller": 0.05, "smallest": 0.5}
"""How far the likelihoods of the next token may be from those of the folder: the mean divergence
(Kullback-Leibler, in nats a token). Measured of SmolLM2 135M: 0.003 with Q8_0, 0.08 with Q4_1;
0.4 with Q5_1, which is therefore not offered."""

_CONVERTER = "python convert_hf_to_gguf.py FOLDER --outfile model.gguf"
_QUESTIONS = ("Hello.", "What is the capital of France?", "Write 3,141 as a word: é ü 😀")


@dataclass(frozen=True)
class Proof:
    """What was seen of a GGUF file beside the folder that it was made of.

    Attributes:
        questions: How many texts were tried.
        same_tokens: In how many of them both tokenizers found the same tokens.
        same_next: In how many of them both find the same next token the likeliest.
        divergence: Of the likelihoods of all next tokens, as in `CLOSE`.
    """

    questions: int
    same_tokens: int
    same_next: int
    divergence: float


def main(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=("folder", "adapter", "gguf"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="exact")
    parser.add_argument("--name", default="")
    parser.add_argument("--base-name", default="")
    parser.add_argument("--card", type=Path)
    parser.add_argument("--questions", type=Path)
    options = parser.parse_args(arguments)
    try:
        told: dict[str, Any] = {}
        if options.kind == "adapter":
            export_adapter(options.folder, options.out, options.base_name, options.card)
        elif options.kind == "folder":
            export_folder(options.folder, options.out, options.card)
        else:
            texts = _QUESTIONS
            if options.questions is not None:
                texts = tuple(json.loads(options.questions.read_text(encoding="utf-8")))
            name = options.name or options.out.stem
            told = asdict(export_gguf(options.folder, options.out, options.size, name, texts))
    except JobFailedError as error:
        print(json.dumps({"sentence": error.message, "advice": ""}), flush=True)
        return 1
    except OSError as error:
        sentence = _("The model cannot be written: {reason}").format(
            reason=error.strerror or str(error)
        )
        advice = _("Make room on the disk.") if is_disk_full(error) else _("Take another folder.")
        print(json.dumps({"sentence": sentence, "advice": advice}), flush=True)
        return 1
    except UserError as error:
        print(json.dumps({"sentence": error.sentence, "advice": error.advice}), flush=True)
        return 1
    print(json.dumps(told), flush=True)
    return 0


def export_adapter(folder: Path, out: Path, base_name: str, card: Path | None) -> None:
    """Copy the adapter alone; its configuration names the base model as the world knows it.

    Raises:
        UserError: The model has none: all its weights were trained.
    """
    if not (folder / ADAPTER_NAME).is_file():
        raise UserError(
            _("This model has no adapter: all its weights were trained."),
            _("Take the model folder instead."),
        )
    with _Aside(out) as part:
        part.mkdir(parents=True)
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.suffix in (".json", ".jinja", ".safetensors", ".txt"):
                shutil.copyfile(file, part / file.name)
        config = json.loads((part / ADAPTER_NAME).read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = base_name or config["base_model_name_or_path"]
        (part / ADAPTER_NAME).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        _copy_card(card, part)


def export_folder(folder: Path, out: Path, card: Path | None) -> None:
    """Write a model folder, the adapter merged into its base, as bfloat16 where the base is so."""
    from tunedesk.training_server.training.base_model import disable_progress_bars

    disable_progress_bars()
    with _Aside(out) as part:
        _merged(folder).save_pretrained(part)
        _save_tokenizer(folder, part)
        for weights in part.glob("*.safetensors"):
            weights.chmod(0o644)
        _copy_card(card, part)


def export_gguf(folder: Path, out: Path, size: str, name: str, texts: tuple[str, ...]) -> Proof:
    """Write one GGUF file, and prove it against the folder.

    Args:
        folder: The tuned model.
        out: The file.
        size: A key of `SIZES`.
        name: What the model is called.
        texts: What is asked of both to compare them.

    Raises:
        UserError: The family is not one that is proved, or the file answers otherwise.
    """
    from tunedesk.training_server.training.base_model import disable_progress_bars

    disable_progress_bars()
    model, tokenizer = _merged(folder), _tokenizer(folder)
    pre = _pre_tokenizer(model, tokenizer)
    with _Aside(out) as part:
        _write_gguf(part, model, tokenizer, pre, size, name)
        proof = _proved(part, model, tokenizer, texts)
        if proof.same_tokens < proof.questions or proof.divergence > CLOSE[size]:
            raise UserError(
                _("The GGUF file does not answer as the model does, and was thrown away."),
                _converter_advice(),
            )
    return proof


class _Aside:
    """A name beside the one wanted, under which a file or folder is written; then renamed."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._part = out.with_name(f"{out.name}.part")

    def __enter__(self) -> Path:
        if self._out.exists():
            raise UserError(
                _("{path} is there already.").format(path=self._out), _("Give another name.")
            )
        self._out.parent.mkdir(parents=True, exist_ok=True)
        self._remove()
        return self._part

    def __exit__(self, kind: type[BaseException] | None, *_others: object) -> None:
        if kind is None:
            self._part.rename(self._out)
        self._remove()

    def _remove(self) -> None:
        if self._part.is_dir():
            shutil.rmtree(self._part)
        elif self._part.exists():
            self._part.unlink()


def _copy_card(card: Path | None, part: Path) -> None:
    if card is not None:
        shutil.copyfile(card, part / "README.md")


def _merged(folder: Path) -> Any:
    """The model with its adapter merged: added in 32 bits, then in the precision of its base."""
    import torch
    from peft import PeftModel

    from tunedesk.training_server.training.base_model import load_model
    from tunedesk.training_server.training.tokenizer import adapter_base

    model: Any = load_model(folder, torch.float32)
    if isinstance(model, PeftModel):
        model = model.merge_and_unload()
    stored = json.loads(((adapter_base(folder) or folder) / "config.json").read_text("utf-8"))
    is_half = "bfloat16" in (stored.get("dtype"), stored.get("torch_dtype"))
    return model.to(torch.bfloat16 if is_half else torch.float32).eval()


def _save_tokenizer(folder: Path, part: Path) -> None:
    """Save the tokenizer, without what it was loaded with here."""
    _tokenizer(folder).save_pretrained(part)
    file = part / "tokenizer_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    for name in ("is_local", "local_files_only"):
        config.pop(name, None)
    file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _tokenizer(folder: Path) -> Any:
    from tunedesk.training_server.training.tokenizer import load_tokenizer

    return load_tokenizer(folder)


def _pre_tokenizer(model: Any, tokenizer: Any) -> str:
    """llama.cpp's name for how a tokenizer cuts a text before it looks for known pieces.

    Raises:
        UserError: The model is not of a family that is proved here.
    """
    held = json.loads(tokenizer.backend_tokenizer.to_str())
    steps = held.get("pre_tokenizer") or {}
    kinds = [step.get("type") for step in steps.get("pretokenizers") or [steps]]
    is_known = (
        model.config.model_type == "llama"
        and held["model"]["type"] == "BPE"
        and kinds == ["Digits", "ByteLevel"]
        and not steps["pretokenizers"][1].get("add_prefix_space")
        and not getattr(model.config, "attention_bias", False)
        and not (getattr(model.config, "rope_scaling", None) or {}).get("factor")
    )
    if not is_known:
        raise UserError(
            _("A GGUF file of a model of this family is not written here yet."),
            _converter_advice(),
        )
    return "smollm"


def _converter_advice() -> str:
    return _("Take the model folder, and let llama.cpp's own converter make it: {command}").format(
        command=_CONVERTER
    )


def _write_gguf(path: Path, model: Any, tokenizer: Any, pre: str, size: str, name: str) -> None:
    import gguf

    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_dimension_count(_head_size(config))
    writer.add_rope_freq_base(_rope_base(config))
    kind = gguf.GGMLQuantizationType[SIZES[size]]
    writer.add_file_type(int(gguf.LlamaFileType[f"MOSTLY_{SIZES[size]}"]))
    _add_vocabulary(writer, tokenizer, config.vocab_size, pre)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = tensor.float().numpy()
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        for part, count in heads.items():
            if f".{part}." in key:
                # llama.cpp turns pairs of neighbours, Transformers pairs of halves.
                shape = values.shape
                turned = values.reshape(count, 2, shape[0] // count // 2, *shape[1:])
                values = turned.swapaxes(1, 2).reshape(shape)
        target = names.get_name(key, try_suffixes=(".weight", ".bias"))
        fits = values.ndim > 1 and values.shape[-1] % 32 == 0
        as_stored = kind if fits else gguf.GGMLQuantizationType.F32
        packed = gguf.quants.quantize(values, as_stored)
        assert target is not None  # every tensor of the family has a name
        writer.add_tensor(target, packed, raw_dtype=as_stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _head_size(config: Any) -> int:
    return int(
        getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    )


def _rope_base(config: Any) -> float:
    held: dict[str, Any] = getattr(config, "rope_parameters", None) or {}
    found: Any = held.get("rope_theta") or getattr(config, "rope_theta", 10_000.0)
    return float(found)


def _add_vocabulary(writer: Any, tokenizer: Any, size: int, pre: str) -> None:
    import gguf

    held = json.loads(tokenizer.backend_tokenizer.to_str())
    by_number = {number: token for token, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens, kinds = [], []
    for number in range(size):
        known = added.get(number)
        if number not in by_number:
            tokens.append(f"[PAD{number}]")
            kinds.append(gguf.TokenType.UNUSED)
        elif known is None:
            tokens.append(by_number[number])
            kinds.append(gguf.TokenType.NORMAL)
        else:
            tokens.append(known.content)
            kinds.append(gguf.TokenType.CONTROL if known.special else gguf.TokenType.USER_DEFINED)
    merges = [each if isinstance(each, str) else " ".join(each) for each in held["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(False)
    for number, add in (
        (tokenizer.bos_token_id, writer.add_bos_token_id),
        (tokenizer.eos_token_id, writer.add_eos_token_id),
        (tokenizer.unk_token_id, writer.add_unk_token_id),
        (tokenizer.pad_token_id, writer.add_pad_token_id),
    ):
        if number is not None:
            add(number)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def _proved(path: Path, model: Any, tokenizer: Any, texts: tuple[str, ...]) -> Proof:
    """Read the file back by Transformers' own reader, and compare."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tunedesk.training_server.make_model_folder import mend_tokenizer

    where: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True}
    other: Any = AutoModelForCausalLM.from_pretrained(
        str(path.parent), dtype=torch.float32, **where
    )
    other.eval()
    reader: Any = AutoTokenizer.from_pretrained(str(path.parent), **where)
    mend_tokenizer(reader, path)
    model = model.float()
    tokens = likely = 0
    divergences = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        tokens += ids == reader(text, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            ours = model(torch.tensor([ids])).logits[0]
            theirs = other(torch.tensor([ids])).logits[0]
        likely += bool(ours[-1].argmax() == theirs[-1].argmax())
        found = torch.nn.functional.kl_div(
            theirs.log_softmax(-1), ours.log_softmax(-1), log_target=True, reduction="batchmean"
        )
        divergences.append(float(found))
    return Proof(len(texts), tokens, likely, sum(divergences) / len(divergences))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
