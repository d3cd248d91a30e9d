"""Replaces "auto" by numbers, as OpenAI does."""

from typing import Any

from tunedesk.checks.cost import default_epochs
from tunedesk.training_server.training.starter_hyperparameters import starter_hyperparameters

_BETA = 0.1
_BATCH_SHARE = 0.002
_LARGEST_BATCH = 256


def resolve(
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
