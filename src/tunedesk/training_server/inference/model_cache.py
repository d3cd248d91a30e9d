"""The models that are loaded: a base once, whatever number of adapters is used with it."""

import contextlib
import gc
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import torch
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tunedesk.training_server.inference.inference_types import InferenceError
from tunedesk.training_server.inference.structured_output import TokenTable
from tunedesk.training_server.inference.tool_calls import CallForm, call_form
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.base_model import (
    context_of,
    disable_progress_bars,
    end_tokens,
    load_model,
)
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.failures import JobFailedError
from tunedesk.training_server.training.starter import (
    babbled_tokens,
    is_starter,
    untrained_starter,
)
from tunedesk.training_server.training.tokenizer import adapter_base, load_tokenizer

_MOST_BASES = 4
_MOST_ADAPTERS = 16
_SPARE = 1.2
_LEAST_FREE = 200_000_000
"""Bytes: with less, whoever needs memory next may be killed for it."""


@dataclass
class Base:
    """A base that is loaded, and what was made with it.

    Attributes:
        model: The model; wrapped as soon as the first adapter is added.
        tokenizer: Its tokenizer.
        speakers: By their references, the base alone and those with adapters.
        adapters: The names of the adapters by reference, the one used last at the end.
        made: How many adapters were ever added.
    """

    model: PreTrainedModel | PeftModel
    tokenizer: PreTrainedTokenizerBase
    loaded: dict[str, "LoadedModel"] = field(default_factory=dict)
    adapters: OrderedDict[str, str] = field(default_factory=OrderedDict)
    made: int = 0

    def drop_adapter(self, ref: str) -> None:
        """Take an adapter out; without any, the model is as it was before the first."""
        name = self.adapters.pop(ref)
        wrapped: Any = self.model
        if not self.adapters:
            self.model = wrapped.unload()
            return
        # Which one is in force is chosen anew for each token; PEFT warns where it has to choose.
        wrapped.set_adapter(next(reversed(self.adapters.values())))
        wrapped.delete_adapter(name)


@dataclass(frozen=True)
class LoadedModel:
    """A model that can be asked.

    Attributes:
        base: The loaded model, perhaps shared with others.
        adapter: The name of the adapter to use; None for the base alone.
        tokenizer: Its tokenizer.
        template: Its chat template.
        stops: The tokens that end an answer.
        allowed: For each token whether it may be chosen.
        context: The most tokens it reads.
        table: What its tokens write.
    """

    base: Base
    adapter: str | None
    tokenizer: PreTrainedTokenizerBase
    template: ChatTemplate
    stops: frozenset[int]
    allowed: torch.Tensor
    context: int
    table: TokenTable

    @cached_property
    def _call_form(self) -> CallForm:
        return call_form(self.template)

    def call_form(self) -> CallForm:
        """How it calls tools."""
        return self._call_form

    @property
    def is_whole(self) -> bool:
        """Whether its adapter is still there: the ones used last are kept."""
        return self.adapter is None or self.adapter in self.base.adapters.values()

    @contextlib.contextmanager
    def activated(self) -> Iterator[PreTrainedModel | PeftModel]:
        """The model with this speaker's adapter in force, and no other one."""
        # Asked anew each time: an adapter may have been put into the base meanwhile.
        model = self.base.model
        if not isinstance(model, PeftModel):
            yield model
        elif self.adapter is None:
            with model.disable_adapter():
                yield model
        else:
            if model.active_adapter != self.adapter:
                model.set_adapter(self.adapter)
            yield model


class ModelCache:
    """Holds what is loaded, the models that were used last."""

    def __init__(self, device: str, promised: Callable[[], int]) -> None:
        """Make it.

        Args:
            device: Where the models run.
            promised: How many bytes of the free memory others are about to take.
        """
        self._device = device
        self._promised = promised
        self._bases: OrderedDict[str, Base] = OrderedDict()
        disable_progress_bars()

    def load(self, ref: str) -> LoadedModel:
        """The model of a reference, loaded if it is not.

        Raises:
            InferenceError: It cannot be loaded.
        """
        try:
            base_ref, adapter_folder = _parts(ref)
            base = self._base(base_ref)
            if ref not in base.loaded:
                base.loaded[ref] = self._make(base, adapter_folder, ref)
        except InferenceError:
            raise
        except Exception as error:  # a stranger's folder ends its loader in every way
            if "out of memory" in str(error):
                raise InferenceError(
                    "The model does not fit into memory.", "out_of_memory", is_passing=True
                ) from error
            said = str(error)
            if not isinstance(error, JobFailedError):
                said = f"The model cannot be loaded: {said}"
            raise InferenceError(said, "model_error") from error
        if ref in base.adapters:
            base.adapters.move_to_end(ref)
        return base.loaded[ref]

    def drop(self, ref: str) -> None:
        """Let go of one model; a base stays while adapters are used with it."""
        for base_ref, base in list(self._bases.items()):
            if base.loaded.pop(ref, None) is None:
                continue
            if ref in base.adapters:
                base.drop_adapter(ref)
            elif not base.adapters:
                del self._bases[base_ref]
        self._collect()

    def clear(self) -> None:
        """Let go of everything."""
        self._bases.clear()
        self._collect()

    def _base(self, ref: str) -> Base:
        if ref in self._bases:
            self._bases.move_to_end(ref)
            return self._bases[ref]
        self._make_room(ref)
        model: Any
        if ref == STARTER:
            model, tokenizer = untrained_starter()
        else:
            folder = Path(ref)
            tokenizer = load_tokenizer(folder)
            precision = torch.bfloat16 if self._device == "cuda" else torch.float32
            model = load_model(folder, precision)
        model.eval()
        model.requires_grad_(False)
        base = Base(model.to(self._device), tokenizer)
        self._bases[ref] = base
        return base

    def _make_room(self, ref: str) -> None:
        """Let go of the models that were not used for the longest time, if it is needed."""
        needed = 0 if ref == STARTER else int(_weights(Path(ref)) * _SPARE)
        self._collect()
        while self._bases and (len(self._bases) >= _MOST_BASES or self._free() < needed):
            self._bases.popitem(last=False)
            self._collect()
        free = self._free()
        if free < needed:
            taken = self._promised()
            more = (
                f" beside the fine-tuning job that runs, which needs {taken / 1e9:.1f} GB more. "
                "Ask again when it has ended, or pause it."
            )
            raise InferenceError(
                f"The model needs about {needed / 1e9:.1f} GB of memory, and "
                f"{max(0, free) / 1e9:.1f} GB are free{more if taken else '.'}",
                "device_busy" if taken else "out_of_memory",
                is_passing=True,
            )

    def _collect(self) -> None:
        """Give back the memory of what was let go of."""
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def is_short(self) -> bool:
        """Whether models are loaded while memory is short."""
        return bool(self._bases) and self._free() < _LEAST_FREE

    def _free(self) -> int:
        """The free memory that nobody is about to take, in bytes."""
        if self._device == "cuda":
            return int(torch.cuda.mem_get_info()[0])
        return int(psutil.virtual_memory().available) - self._promised()

    def _make(self, base: Base, adapter_folder: Path | None, ref: str) -> LoadedModel:
        tokenizer = base.tokenizer
        name = None
        if adapter_folder is not None:
            tokenizer = load_tokenizer(adapter_folder)
            name = self._add_adapter(base, adapter_folder, ref)
        template = ChatTemplate(tokenizer)
        embeddings: Any = base.model.get_input_embeddings()
        size = int(embeddings.weight.shape[0])
        allowed = torch.arange(size) < len(tokenizer)
        stops = end_tokens(base.model, tokenizer, template)
        if ref == STARTER:
            babbled = torch.zeros_like(allowed)
            babbled[babbled_tokens(tokenizer)] = True
            allowed &= babbled
        elif is_starter(base.model.config):
            allowed[[number for number in tokenizer.all_special_ids if number not in stops]] = False
        table = TokenTable(tokenizer, size, stops)
        context = context_of(base.model)
        return LoadedModel(base, name, tokenizer, template, stops, allowed, context, table)

    def _add_adapter(self, base: Base, folder: Path, ref: str) -> str:
        while len(base.adapters) >= _MOST_ADAPTERS:
            oldest = next(iter(base.adapters))
            base.loaded.pop(oldest, None)
            base.drop_adapter(oldest)
        base.made += 1
        name = f"adapter{base.made}"
        if isinstance(base.model, PeftModel):
            base.model.load_adapter(str(folder), adapter_name=name, use_safetensors=True)
        else:
            base.model = PeftModel.from_pretrained(
                base.model, str(folder), adapter_name=name, use_safetensors=True
            )
        base.model.eval()
        base.model.requires_grad_(False)
        base.adapters[ref] = name
        return name


def _parts(ref: str) -> tuple[str, Path | None]:
    """The base of a reference, and the folder of its adapter if it has one."""
    if ref == STARTER:
        return ref, None
    folder = Path(ref)
    if not folder.is_dir():
        raise InferenceError("The model is no longer there.", "model_gone")
    base = adapter_base(folder)
    return (ref, None) if base is None else (str(base), folder)


def _weights(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))
