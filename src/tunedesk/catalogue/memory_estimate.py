"""Whether a model can be trained on a computer: memory and disk, as arithmetic and as a sentence.

Pure: the window reckons with it before anything is fetched, the training server before it starts
a job. All figures are estimates. They count

- the weights: 4 bytes each, 2 for frozen ones on an NVIDIA GPU, where LoRA keeps them in 16 bits;
- what learns: a gradient and AdamW's two figures, 4 bytes each, and with LoRA the adapter itself,
  about a hundredth of the weights;
- what a step keeps for the way back: for every token, in each layer, so many figures as some
  multiples of its width and inner width; on a GPU of one layer only, for the others are reckoned
  again; and the logits;
- what the libraries take.

The multiples were found by training models of 70 to 600 million random weights by this server on
a processor, at 64 to 2048 tokens, and looking at the most memory each process had (2026-11-24):
the estimates lie within 10 % of it, but for tiny models. Those for GPUs are reckoned, not measured.
"""

from dataclasses import dataclass
from typing import Literal

from tunedesk.i18n import _

Device = Literal["cpu", "cuda", "mps"]
"""Where is trained: the processor, an NVIDIA GPU, an Apple GPU."""

_MEASURED_LOGITS = 2**25
"""So many probabilities of tokens are computed at once without gradients, at most."""

USUAL_TOKENS = 512
"""The tokens of the longest example where nothing is known of the data."""

_GIGABYTE = 1e9
_ADAPTER = 0.012
_LIBRARIES = 0.9e9
_LEARNING = 16
_OF_WIDTH = {"lora": 42.0, "full": 21.0}
_OF_INNER_WIDTH = {"lora": 6.0, "full": 4.5}
_OF_LOGITS = 1.1
_CHECKPOINTS = 3
_SPARE_DISK = 200e6


@dataclass(frozen=True)
class ModelSize:
    """How large a model is.

    Attributes:
        parameters: Its weights, shared ones counted once.
        layers: Its layers.
        width: The width of a layer (hidden size).
        inner_width: The width inside a layer (intermediate size).
        vocabulary: The tokens that it knows.
    """

    parameters: int
    layers: int
    width: int
    inner_width: int
    vocabulary: int


@dataclass(frozen=True)
class Machine:
    """What a computer has to train with.

    Attributes:
        device: Where is trained.
        device_name: What the device is called, for people.
        memory_total: The memory of the device, in bytes; for a processor, the computer's.
        memory_free: What of it is free.
        disk_free: The free bytes of the disk on which the models are kept.
    """

    device: Device
    device_name: str
    memory_total: int
    memory_free: int
    disk_free: int


@dataclass(frozen=True)
class Need:
    """What a training needs, in bytes. An estimate.

    Attributes:
        memory: The memory of the device.
        disk: The disk, for what is downloaded and for the checkpoints and the tuned model.
    """

    memory: int
    disk: int


def training_need(
    size: ModelSize,
    device: Device,
    *,
    full: bool = False,
    pairs: bool = False,
    tokens: int = USUAL_TOKENS,
    measured: int = 0,
    download: int = 0,
) -> Need:
    """What training a model needs.

    Args:
        size: The model.
        device: Where it is trained.
        full: Whether all weights learn; otherwise a LoRA adapter.
        pairs: Whether it learns from preferences (DPO): two answers are read at once, and
            measured against the model that the training began with.
        tokens: The tokens that are computed at once: of the longest example, or of several.
        measured: The tokens of the longest example of the validation, of which what one layer makes
            is there at a time, and not what all make.
        download: The bytes that have to be fetched first.
    """
    kind = "full" if full else "lora"
    on_cuda = device == "cuda"
    figure = 2 if on_cuda else 4
    learning = size.parameters if full else size.parameters * _ADAPTER
    # On CUDA the weights that learn are there in 16 bits, too, while a step is reckoned.
    frozen = size.parameters * figure if not full or pairs or on_cuda else 0
    layer = _OF_WIDTH[kind] * size.width + _OF_INNER_WIDTH[kind] * size.inner_width
    kept = layer + size.layers * size.width if on_cuda else layer * size.layers
    kept = figure * kept + 4 * _OF_LOGITS * size.vocabulary
    times = 2 if pairs else 1
    logits = min(measured * times * size.vocabulary, _MEASURED_LOGITS)
    of_measuring = measured * times * figure * 2 * layer + 4 * _OF_LOGITS * logits
    at_once = max(tokens * times * kept, of_measuring)
    saved = learning * (4 + 12 * _CHECKPOINTS)
    return Need(
        memory=round(learning * _LEARNING + frozen + at_once + _LIBRARIES),
        disk=round(download + saved + _SPARE_DISK),
    )


def why_it_does_not_fit(need: Need, machine: Machine, *, full: bool) -> str | None:
    """What stands against a training, in a sentence for the user; None if nothing does."""
    if need.disk > machine.disk_free:
        return _(
            "The disk has {free} left, and this training needs about {needed}. Make room on it, "
            "or take a smaller base model."
        ).format(free=_gigabytes(machine.disk_free), needed=_gigabytes(need.disk))
    if need.memory <= machine.memory_free:
        return None
    values = {
        "device": machine.device_name,
        "free": _gigabytes(machine.memory_free),
        "total": _gigabytes(machine.memory_total),
        "needed": _gigabytes(need.memory),
    }
    if need.memory <= machine.memory_total:
        text = _(
            "This training needs about {needed} of memory, and {device} has {free} free at the "
            "moment (of {total}). Close other programs, or take a smaller base model."
        )
    elif full:
        text = _(
            "This training needs about {needed} of memory, and {device} has {total}. Take a "
            "smaller base model, or LoRA instead of all weights."
        )
    else:
        text = _(
            "This training needs about {needed} of memory, and {device} has {total}. Take a "
            "smaller base model, or make the longest examples shorter."
        )
    return text.format(**values)


def _gigabytes(count: int) -> str:
    return _("{number} GB").format(number=f"{count / _GIGABYTE:.1f}")
