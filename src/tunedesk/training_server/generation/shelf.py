"""The models that are loaded: a base once, whatever number of adapters is used with it."""

import contextlib
import gc
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import torch
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tunedesk.errors import UserError
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.base_model import (
    adapter_base,
    context_of,
    load_model,
    load_tokenizer,
)
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.failures import JobFailedError
from tunedesk.training_server.training.quiet import quiet
from tunedesk.training_server.training.starter import (
    babbled_tokens,
    is_starter,
    untrained_starter,
)

_MOST_BASES = 4
_MOST_ADAPTERS = 16
_SPARE = 1.2


@dataclass
class _Base:
    model: PreTrainedModel | PeftModel
    tokenizer: PreTrainedTokenizerBase
    adapters: OrderedDict[str, str] = field(default_factory=OrderedDict)
    made: int = 0


@dataclass(frozen=True)
class Speaker:
    """A model that can be asked.

    Attributes:
        model: The loaded model, perhaps shared with others.
        adapter: The name of the adapter to use; None for the base alone.
        tokenizer: Its tokenizer.
        template: Its chat template.
        stops: The tokens that end an answer.
        allowed: For each token whether it may be chosen.
        context: The most tokens it reads.
    """

    model: PreTrainedModel | PeftModel
    adapter: str | None
    tokenizer: PreTrainedTokenizerBase
    template: ChatTemplate
    stops: frozenset[int]
    allowed: torch.Tensor
    context: int

    @contextlib.contextmanager
    def at_work(self) -> Iterator[PreTrainedModel | PeftModel]:
        """The model with this speaker's adapter in force, and no other one."""
        if not isinstance(self.model, PeftModel):
            yield self.model
        elif self.adapter is None:
            with self.model.disable_adapter():
                yield self.model
        else:
            if self.model.active_adapter != self.adapter:
                self.model.set_adapter(self.adapter)
            yield self.model


class Shelf:
    """Holds what is loaded, the models that were used last."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._bases: OrderedDict[str, _Base] = OrderedDict()
        self._speakers: dict[str, Speaker] = {}
        quiet()

    def speaker(self, ref: str) -> Speaker:
        """The model of a reference, loaded if it is not.

        Raises:
            UserError: It cannot be loaded.
        """
        try:
            base_ref, adapter_folder = _parts(ref)
            base = self._base(base_ref)
            if ref not in self._speakers or (
                adapter_folder is not None and ref not in base.adapters
            ):
                self._speakers[ref] = self._make(base, adapter_folder, ref)
        except (JobFailedError, OSError, RuntimeError, ValueError, KeyError) as error:
            if "out of memory" in str(error):
                raise UserError("The model does not fit into memory.") from error
            raise UserError(f"The model cannot be loaded: {error}") from error
        if ref in base.adapters:
            base.adapters.move_to_end(ref)
        return self._speakers[ref]

    def clear(self) -> None:
        """Let go of everything."""
        self._speakers.clear()
        self._bases.clear()
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _base(self, ref: str) -> _Base:
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
        base = _Base(model.to(self._device), tokenizer)
        self._bases[ref] = base
        return base

    def _make_room(self, ref: str) -> None:
        """Let go of the models that were not used for the longest time, if it is needed."""
        needed = 0 if ref == STARTER else int(_weights(Path(ref)) * _SPARE)
        while self._bases and (len(self._bases) >= _MOST_BASES or self._free() < needed):
            gone, _base = self._bases.popitem(last=False)
            self._speakers = {
                each: speaker for each, speaker in self._speakers.items() if _parts(each)[0] != gone
            }
            del _base
            gc.collect()
        if self._free() < needed:
            raise UserError(
                f"The model needs about {needed / 2**30:.1f} GB of memory, and "
                f"{self._free() / 2**30:.1f} GB are free."
            )

    def _free(self) -> int:
        if self._device == "cuda":
            torch.cuda.empty_cache()
            return int(torch.cuda.mem_get_info()[0])
        return int(psutil.virtual_memory().available)

    def _make(self, base: _Base, adapter_folder: Path | None, ref: str) -> Speaker:
        tokenizer = base.tokenizer
        name = None
        if adapter_folder is not None:
            tokenizer = load_tokenizer(adapter_folder)
            name = self._add_adapter(base, adapter_folder, ref)
        template = ChatTemplate(tokenizer)
        embeddings: Any = base.model.get_input_embeddings()
        size = int(embeddings.weight.shape[0])
        allowed = torch.arange(size) < len(tokenizer)
        stops = _stops(base.model, tokenizer, template)
        if ref == STARTER:
            babbled = torch.zeros_like(allowed)
            babbled[babbled_tokens(tokenizer)] = True
            allowed &= babbled
        elif is_starter(base.model.config):
            allowed[[number for number in tokenizer.all_special_ids if number not in stops]] = False
        return Speaker(
            base.model, name, tokenizer, template, stops, allowed, context_of(base.model)
        )

    def _add_adapter(self, base: _Base, folder: Path, ref: str) -> str:
        while len(base.adapters) >= _MOST_ADAPTERS:
            oldest, gone = base.adapters.popitem(last=False)
            self._speakers.pop(oldest, None)
            base.model.delete_adapter(gone)
        base.made += 1
        name = f"adapter{base.made}"
        if isinstance(base.model, PeftModel):
            base.model.load_adapter(str(folder), adapter_name=name, use_safetensors=True)
        else:
            base.model = PeftModel.from_pretrained(
                base.model, str(folder), adapter_name=name, use_safetensors=True
            )
            # The speakers made before hold the model without a place for adapters.
            self._speakers = {
                each: speaker
                for each, speaker in self._speakers.items()
                if _parts(each)[0] != _parts(ref)[0]
            }
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
        raise UserError("The model is no longer there.")
    base = adapter_base(folder)
    return (ref, None) if base is None else (str(base), folder)


def _weights(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def _stops(
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
