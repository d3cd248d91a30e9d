"""What "auto" means for a training: OpenAI's numbers, and those of the built-in starter.

The window says them before a launch, the training server uses them.
"""

from typing import Any, Literal

TrainedPart = Literal["starter", "lora", "full"]
"""What of a model learns: the starter, which is trained whole from nothing; an adapter; all
weights."""

LEARNING_RATES: dict[tuple[TrainedPart, str], float] = {
    ("starter", "supervised"): 1.5e-3,
    ("lora", "supervised"): 2e-4,
    ("full", "supervised"): 2e-5,
    ("starter", "dpo"): 5e-5,
    ("lora", "dpo"): 1e-5,
    ("full", "dpo"): 1e-6,
}
"""The learning rates of this computer's server, by what learns and by the method; the multiplier
of a job is applied to them."""

_TARGET_EPOCHS = 3
_LEAST_EXAMPLES = 100
_MOST_EXAMPLES = 25_000
_MOST_EPOCHS = 25

_BETA = 0.1
_BATCH_SHARE = 0.002
_LARGEST_BATCH = 256

_STARTER_PASSES = 6000
_STARTER_MOST_EPOCHS = 28
_STARTER_FEWEST_EPOCHS = 3
_STARTER_BATCHES = (8, 4, 2)
_STARTER_STEPS = 8


def default_epochs(examples: int) -> int:
    """The epochs that OpenAI chooses by itself for so many examples (its cookbook); 0 for none."""
    if examples <= 0:
        return 0
    if examples * _TARGET_EPOCHS < _LEAST_EXAMPLES:
        return min(_MOST_EPOCHS, _LEAST_EXAMPLES // examples)
    if examples * _TARGET_EPOCHS > _MOST_EXAMPLES:
        return max(1, _MOST_EXAMPLES // examples)
    return _TARGET_EPOCHS


def resolve_auto(
    hyperparameters: dict[str, Any], examples: int, is_starter: bool = False
) -> dict[str, Any]:
    """The hyperparameters with numbers only.

    The epochs are those of OpenAI's cookbook, the batch is about 0.2 % of the examples as in
    OpenAI's guide: 1 up to some 700 examples, which real jobs show. The starter, which knows
    nothing yet, needs more epochs than a model that can already speak.
    """
    resolved = dict(hyperparameters)
    automatic: dict[str, float] = {
        "n_epochs": max(1, default_epochs(examples)),
        "batch_size": min(_LARGEST_BATCH, max(1, round(examples * _BATCH_SHARE))),
        "learning_rate_multiplier": 1.0,
        "beta": _BETA,
    }
    if is_starter:
        automatic |= starter_hyperparameters(examples)
    for name, value in resolved.items():
        if value == "auto":
            resolved[name] = automatic[name]
    return resolved


def starter_hyperparameters(examples: int) -> dict[str, float]:
    """The epochs, the batch and the multiplier that "auto" stands for with the starter.

    It begins from nothing and has to learn every word. Twenty-eight times over is enough to know a
    small set by heart; a large one has what it needs in fewer, and would otherwise take hours on a
    CPU. The batch is the largest, up to what a CPU computes at once, that leaves some steps to an
    epoch.

    Args:
        examples: How many examples there are to train on.
    """
    examples = max(1, examples)
    return {
        "n_epochs": max(
            _STARTER_FEWEST_EPOCHS, min(_STARTER_MOST_EPOCHS, _STARTER_PASSES // examples)
        ),
        "batch_size": next(
            (size for size in _STARTER_BATCHES if size * _STARTER_STEPS <= examples),
            _STARTER_BATCHES[-1],
        ),
        "learning_rate_multiplier": 1.0,
    }
