"""What "auto" means for the starter, which begins from nothing and has to learn every word."""

_PASSES = 6000
_MOST_EPOCHS = 40
_FEWEST_EPOCHS = 3
_SMALLEST_BATCH = 2
_LARGEST_BATCH = 32


def starter_hyperparameters(examples: int) -> dict[str, float]:
    """The epochs, the batch and the multiplier that "auto" stands for.

    Forty times over is enough to know a small set by heart; a large one has what it needs in
    fewer, and would otherwise take hours on a CPU.

    Args:
        examples: How many examples there are to train on.
    """
    examples = max(1, examples)
    return {
        "n_epochs": max(_FEWEST_EPOCHS, min(_MOST_EPOCHS, _PASSES // examples)),
        "batch_size": max(_SMALLEST_BATCH, min(_LARGEST_BATCH, examples // 25)),
        "learning_rate_multiplier": 1.0,
    }
