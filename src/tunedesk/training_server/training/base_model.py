"""Loads the model that a job begins with, and says how it is to learn."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from peft import LoraConfig, PeftModel
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tunedesk.training_server.base_models import ADAPTER_NAME
from tunedesk.training_server.job_folder import STARTER, JobSpec
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.failures import JobFailedError
from tunedesk.training_server.training.starter import (
    LEARNING_RATE,
    is_starter,
    new_model,
    train_tokenizer,
)

Kind = Literal["starter", "lora", "full"]
_RATES: dict[tuple[Kind, str], float] = {
    ("starter", "supervised"): LEARNING_RATE,
    ("lora", "supervised"): 2e-4,
    ("full", "supervised"): 2e-5,
    ("starter", "dpo"): 5e-5,
    ("lora", "dpo"): 1e-5,
    ("full", "dpo"): 1e-6,
}
_RANK = 16
_DROPOUT = 0.05
_TOKENIZER = "tokenizer.json"


@dataclass
class Learner:
    """A model that is to learn.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer, with a chat template.
        template: That template.
        kind: Which of its weights learn.
        adapter: How the adapter is made; None where all weights learn, or one is there already.
        context: The most tokens that it reads.
        rate: The learning rate of a multiplier of 1.
    """

    model: PreTrainedModel | PeftModel
    tokenizer: PreTrainedTokenizerBase
    template: ChatTemplate
    kind: Kind
    adapter: LoraConfig | None
    context: int
    rate: float


def load_learner(
    spec: JobSpec, texts: Callable[[], Iterable[str]], checkpoint: Path | None
) -> Learner:
    """The model of a job.

    Args:
        spec: What to do.
        texts: The texts that the tokenizer of a new starter is trained on.
        checkpoint: Where the job goes on from; its weights are read later, by the trainer.
    """
    if spec.base_model == STARTER:
        tokenizer = load_tokenizer(checkpoint) if checkpoint else train_tokenizer(texts())
        model = new_model(tokenizer, spec.seed)
        return _learner(spec, model, tokenizer, "starter", None)
    folder = Path(spec.base_model)
    wants_full = bool(spec.hyperparameters.get("full"))
    tokenizer = load_tokenizer(folder)
    loaded = load_model(folder, _precision(spec, wants_full), is_trainable=True)
    if is_starter(loaded.config):
        return _learner(spec, loaded, tokenizer, "starter", None)
    if isinstance(loaded, PeftModel):
        if wants_full:
            # Under an adapter the weights were frozen.
            merged = loaded.merge_and_unload().requires_grad_(True)
            return _learner(spec, merged, tokenizer, "full", None)
        return _learner(spec, loaded, tokenizer, "lora", None)
    if wants_full:
        return _learner(spec, loaded, tokenizer, "full", None)
    rank = int(spec.hyperparameters.get("rank", _RANK))
    adapter = LoraConfig(
        r=rank,
        lora_alpha=spec.hyperparameters.get("alpha", 2 * rank),
        lora_dropout=float(spec.hyperparameters.get("dropout", _DROPOUT)),
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return _learner(spec, loaded, tokenizer, "lora", adapter)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder; what runs is our code alone."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError) as error:
        if not (folder / _TOKENIZER).is_file():
            raise _no_tokenizer(folder) from error
        raise JobFailedError(
            "invalid_base_model",
            f"The tokenizer of the base model {folder.name} cannot be read: {_short(error)}",
            "model",
        ) from error
    # Lengths are checked here, example by example; its own warning would say it once only.
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    if not tokenizer.is_fast:
        raise _no_tokenizer(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise JobFailedError(
            "invalid_base_model",
            f"The tokenizer of the base model {folder.name} names no token for the end of a text.",
            "model",
        )
    return tokenizer


def load_model(
    folder: Path, precision: torch.dtype, is_trainable: bool = False
) -> PreTrainedModel | PeftModel:
    """The model of a folder, with its adapter if it has one; only safetensors are read."""
    base = adapter_base(folder)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base or folder,
            dtype=precision,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
        if base is None:
            return model
        return PeftModel.from_pretrained(
            model, str(folder), is_trainable=is_trainable, use_safetensors=True
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = f"cannot be loaded: {_short(error)}"
        if "trust_remote_code" in str(error):
            reason = (
                "brings code of its own, which this server does not run. Take a model of a kind "
                "that Transformers knows."
            )
        elif isinstance(error, SafetensorError):
            reason = "cannot be loaded: a file of its weights is damaged. Fetch it again."
        raise JobFailedError(
            "invalid_base_model", f"The base model {folder.name} {reason}", "model"
        ) from error


def adapter_base(folder: Path) -> Path | None:
    """The folder of the model that an adapter belongs to; None if a folder holds no adapter."""
    try:
        text = (folder / ADAPTER_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    values: dict[str, Any] = json.loads(text)
    return Path(values["base_model_name_or_path"])


def context_of(model: PreTrainedModel | PeftModel) -> int:
    """The most tokens that a model reads."""
    config = model.config.get_text_config()
    return int(getattr(config, "max_position_embeddings", None) or 2048)


def _learner(
    spec: JobSpec,
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    kind: Kind,
    adapter: LoraConfig | None,
) -> Learner:
    template = ChatTemplate(tokenizer)
    if template.is_own:
        # Saved with the model, so that whoever talks to it uses the same one.
        tokenizer.chat_template = template.text
    context = context_of(model)
    if spec.max_tokens is not None:
        context = min(context, spec.max_tokens)
    rate = _RATES[kind, spec.method]
    return Learner(model, tokenizer, template, kind, adapter, context, rate)


def _no_tokenizer(folder: Path) -> JobFailedError:
    return JobFailedError(
        "invalid_base_model",
        f"The base model {folder.name} has no {_TOKENIZER}, which this server needs.",
        "model",
    )


def _precision(spec: JobSpec, wants_full: bool) -> torch.dtype:
    # All weights learn by steps too small for 16 bits; the frozen ones of LoRA take no steps.
    if spec.device == "cuda" and not wants_full:
        return torch.bfloat16
    return torch.float32


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
