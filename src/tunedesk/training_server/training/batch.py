"""Shares a batch among processes, so that the result does not depend on how many there are."""

from dataclasses import dataclass

from tunedesk.catalogue.memory_estimate import Device

_TOKENS_AT_ONCE: dict[Device, int] = {"cpu": 2048, "mps": 4096, "cuda": 16_384}
"""A processor is no faster with more, and all that they leave behind in each layer is kept."""

_EXAMPLES_AT_ONCE = 8


@dataclass(frozen=True)
class BatchShare:
    """What each process does in a step.

    Attributes:
        at_once: How many examples it computes at once.
        times: How often it does so before a step is taken.
        size: The examples of a step, of all processes together.
    """

    at_once: int
    times: int
    size: int


def fitting_examples(longest: int, device: Device, most: int = _EXAMPLES_AT_ONCE) -> int:
    """How many examples are computed at once: `most`, where the longest is short."""
    return max(1, min(most, _TOKENS_AT_ONCE[device] // max(1, longest)))


def share_batch(size: int, processes: int, longest: int, device: Device) -> BatchShare:
    """The share of each process.

    Args:
        size: The batch that was asked for.
        processes: How many processes there are.
        longest: The tokens of the longest example, which decides what fits at once.
        device: Where is trained.
    """
    each = max(1, round(size / processes))
    most = fitting_examples(longest, device)
    at_once = max(number for number in range(1, min(each, most) + 1) if each % number == 0)
    return BatchShare(at_once, each // at_once, each * processes)
