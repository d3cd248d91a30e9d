"""Loads the model that a job begins with, and says how it is to learn; keeps libraries quiet."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import tqdm
from peft import LoraConfig, PeftModel
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from tunedesk.catalogue.hyperparameters import LEARNING_RATES, TrainedPart
from tunedesk.training_server.job_folder import STARTER, JobSpec
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.failures import is_out_of_memory
from tunedesk.training_server.training.starter import (
    is_starter,
    new_model,
    train_tokenizer,
)
from tunedesk.training_server.training.tokenizer import (
    ExampleTokenizer,
    adapter_base,
    context_in,
    load_tokenizer,
    unusable,
)


def disable_progress_bars() -> None:
    """Let only errors through, and no bars of progress."""
    untyped: Any = logging
    untyped.set_verbosity_error()
    untyped.disable_progress_bar()
    # Others make bars all the same, and a thread that looks after them.
    bars: Any = tqdm.tqdm
    bars.monitor_interval = 0


_RANK = 16
_DROPOUT = 0.0
"""PEFT's own. 0.05 of it took a seventh more time on a processor, for a validation loss that was
0.004 lower (tests/benchmarks/README.md, "Settings of training")."""


@dataclass
class TrainableModel(ExampleTokenizer):
    """A model that is to learn.

    Attributes:
        model: The model.
        kind: Which of its weights learn.
        adapter: How the adapter is made; None where all weights learn, or one is there already.
        rate: The learning rate of a multiplier of 1.
    """

    model: PreTrainedModel | PeftModel
    kind: TrainedPart
    adapter: LoraConfig | None
    rate: float


def load_trainable_model(
    spec: JobSpec,
    texts: Callable[[], Iterable[str]],
    own_tokenizer: Path | None,
    precision: torch.dtype | None = None,
) -> TrainableModel:
    """The model of a job; the weights of a checkpoint are read later, by the trainer.

    Args:
        spec: What to do.
        texts: The texts that the tokenizer of a new starter is trained on.
        own_tokenizer: A folder in which it lies, as it was trained before; None: nowhere.
        precision: That of the weights; None: what is usual on the device.
    """
    if spec.base_model == STARTER:
        tokenizer = load_tokenizer(own_tokenizer) if own_tokenizer else train_tokenizer(texts())
        model = new_model(tokenizer, spec.seed)
        return _learner(spec, model, tokenizer, "starter", None)
    folder = Path(spec.base_model)
    wants_full = bool(spec.hyperparameters.get("full"))
    tokenizer = load_tokenizer(folder)
    precision = precision or usual_precision(spec)
    loaded = load_model(folder, precision, is_trainable=True)
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
    except SafetensorError as error:
        reason = "cannot be loaded: a file of its weights is damaged. Fetch it again."
        raise unusable(folder, reason) from error
    except Exception as error:  # a stranger's folder ends its loader in every way
        if is_out_of_memory(error):
            raise
        raise unusable(folder, error) from error


def context_of(model: PreTrainedModel | PeftModel) -> int:
    """The most tokens that a model reads."""
    return context_in(model.config)


def end_tokens(
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    template: ChatTemplate,
) -> frozenset[int]:
    """All that may end an answer: what the model, its tokenizer and its template say."""
    settings = getattr(model, "generation_config", None)
    named = [
        getattr(settings, "eos_token_id", None),
        tokenizer.eos_token_id,
        template.end_of_answer(),
    ]
    numbers: set[int] = set()
    for value in named:
        numbers.update(value if isinstance(value, list) else [value] if value is not None else [])
    return frozenset(numbers)


def _learner(
    spec: JobSpec,
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    kind: TrainedPart,
    adapter: LoraConfig | None,
) -> TrainableModel:
    template = ChatTemplate(tokenizer)
    if not template.is_shipped:
        # Saved with the model, so that whoever talks to it uses the same one.
        tokenizer.chat_template = template.text
    context = context_of(model)
    if spec.max_tokens is not None:
        context = min(context, spec.max_tokens)
    rate = LEARNING_RATES[kind, spec.method]
    return TrainableModel(tokenizer, template, context, model, kind, adapter, rate)


_TRIAL_SHAPES = ((192, 576, 1536), (192, 2048, 2048))
_TRIAL_TIMES = 6
_FEWEST_TIMES_FASTER = 1.2


def choose_precision(spec: JobSpec) -> torch.dtype:
    """The precision of the frozen weights that is faster on this computer.

    A processor that multiplies numbers of 16 bits by itself takes half the time, another one many
    times as long: some products of matrices show which, in a tenth of a second. All that learns
    has 32 bits either way, and so has whatever else is trained than an adapter on answers.
    """
    wants_full = bool(spec.hyperparameters.get("full"))
    usual = usual_precision(spec)
    if spec.device != "cpu" or spec.method == "dpo" or spec.base_model == STARTER or wants_full:
        return usual
    return torch.bfloat16 if _is_faster_in_16_bits() else usual


@cache
def _is_faster_in_16_bits() -> bool:
    halves, wholes = map(_product_seconds, (torch.bfloat16, torch.float32))
    return halves * _FEWEST_TIMES_FASTER < wholes


def _product_seconds(precision: torch.dtype) -> float:
    """How long some products of matrices take at best, in seconds."""
    total = 0.0
    for rows, inner, columns in _TRIAL_SHAPES:
        left = torch.ones(rows, inner, dtype=precision)
        right = torch.ones(columns, inner, dtype=precision)
        times = []
        for _time in range(_TRIAL_TIMES):
            began = time.perf_counter()
            torch.nn.functional.linear(left, right)
            times.append(time.perf_counter() - began)
        total += min(times)
    return total


def usual_precision(spec: JobSpec) -> torch.dtype:
    """The precision of the weights, as long as nothing was tried."""
    wants_full = bool(spec.hyperparameters.get("full"))
    # All weights learn by steps too small for 16 bits; the frozen ones of LoRA take no steps.
    if spec.device == "cuda" and not wants_full:
        return torch.bfloat16
    return torch.float32
