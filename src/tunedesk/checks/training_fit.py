"""Whether a model can be trained on a computer: memory and disk, as arithmetic and as a sentence.

Pure: the window reckons with it before anything is fetched, the training server before it starts
a job. All figures are estimates. They count

- the weights: 4 bytes each, 2 for frozen ones on an NVIDIA GPU, where LoRA keeps them in 16 bits;
- what learns: a gradient and AdamW's two figures, 4 bytes each, and with LoRA the adapter itself,
  about a hundredth of the weights;
- what a step keeps for the way back: in each layer some multiples of its width and inner width for
  every token, one layer only where it is reckoned again (GPU), and the logits, a figure for every
  token and word of the vocabulary, a few times over;
- what the libraries take.
"""

from dataclasses import dataclass
from typing import Literal

from tunedesk.i18n import _

Device = Literal["cpu", "cuda", "mps"]
"""Where is trained: the processor, an NVIDIA GPU, an Apple GPU."""

USUAL_TOKENS = 1024
"""The tokens of an example where nothing is known of the data."""

_GIGABYTE = 1e9
_ADAPTER = 0.012
_LIBRARIES = 900e6
_OF_WIDTH = 14
_OF_INNER_WIDTH = 6
_OF_LOGITS = 4
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
    full: bool,
    tokens: int = USUAL_TOKENS,
    download: int = 0,
) -> Need:
    """What training a model needs.

    Args:
        size: The model.
        device: Where it is trained.
        full: Whether all weights learn; otherwise a LoRA adapter.
        tokens: The tokens that are computed at once: of the longest example, or of several.
        download: The bytes that have to be fetched first.
    """
    frozen = 2 if device == "cuda" else 4
    learning = size.parameters if full else size.parameters * _ADAPTER
    weights = learning * 16 + (0 if full else size.parameters * frozen)
    figure = 2 if device == "cuda" else 4
    layers = 1 if device == "cuda" else size.layers
    kept = figure * layers * (_OF_WIDTH * size.width + _OF_INNER_WIDTH * size.inner_width)
    kept += figure * size.layers * size.width
    kept += 4 * _OF_LOGITS * size.vocabulary
    saved = learning * (4 + 12 * _CHECKPOINTS)
    return Need(
        memory=round(weights + tokens * kept + _LIBRARIES),
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
