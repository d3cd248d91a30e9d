"""The settings of a launch: what "auto" means, and which numbers and notes may be given.

The defaults are OpenAI's numbers, those of the built-in starter, and those of small models here.
The window says them before a launch, the training server uses them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.i18n import _

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

_SMALL_PASSES = 3000
_SMALL_MOST_EPOCHS = 10
_SMALL_BATCHES = ((1, 64), (2, 500), (4, 2000), (8, math.inf))
"""A batch, and the most examples that it is for."""
_SMALL_RATE = 2.5

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


Learner = Literal["service", "starter", "small"]
"""Who learns, as far as "auto" depends on it: a model of a service, or a large one here; the
starter; a small model here, by an adapter."""

_MOST_OF_SMALL = 1_000_000_000


def learner_here(base_model: str, method: str, full: bool) -> Learner:
    """Who learns when a base model of this computer is trained.

    Args:
        base_model: Its name; that of a tuned model means what it was tuned from.
        method: "supervised" or "dpo".
        full: Whether all its weights learn.
    """
    if base_model == STARTER_ID:
        return "starter"
    model = Catalogue.load().find_local(base_model)
    is_small = (
        model is not None and not model.is_built_in and model.size.parameters < _MOST_OF_SMALL
    )
    return "small" if is_small and method == "supervised" and not full else "service"


def resolve_auto(
    hyperparameters: dict[str, Any], examples: int, learner: Learner = "service"
) -> dict[str, Any]:
    """The hyperparameters with numbers only.

    The epochs are those of OpenAI's cookbook, the batch is about 0.2 % of the examples as in
    OpenAI's guide: 1 up to some 700 examples, which real jobs show. The starter, which knows
    nothing yet, needs more epochs than a model that can already speak; a small model that can
    speak learns in larger steps than a large one.
    """
    resolved = dict(hyperparameters)
    automatic: dict[str, float] = {
        "n_epochs": max(1, default_epochs(examples)),
        "batch_size": min(_LARGEST_BATCH, max(1, round(examples * _BATCH_SHARE))),
        "learning_rate_multiplier": 1.0,
        "beta": _BETA,
    }
    if learner == "starter":
        automatic |= starter_hyperparameters(examples)
    elif learner == "small":
        automatic |= small_model_hyperparameters(examples)
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


def small_model_hyperparameters(examples: int) -> dict[str, float]:
    """The epochs, the batch and the multiplier that "auto" stands for with a small model here.

    They were chosen by measuring SmolLM2 135M (tests/benchmarks/README.md, "Settings of training"):
    on the sample 2.5 and 5 times the rate of a large model reach the same validation loss, mostly
    in the second epoch; of short answers, 30 examples did better in three epochs than in six, and
    10 better in ten than in three. The best of the checkpoints is kept, so that an epoch too many
    costs time alone. The larger sets are gone through less often, in larger batches, for the sake
    of time; that was not measured.

    Args:
        examples: How many examples there are to train on.
    """
    examples = max(1, examples)
    return {
        "n_epochs": max(
            1, min(_SMALL_MOST_EPOCHS, default_epochs(examples), _SMALL_PASSES // examples)
        ),
        "batch_size": next(size for size, most in _SMALL_BATCHES if examples <= most),
        "learning_rate_multiplier": _SMALL_RATE,
    }


MOST_NOTES = 15
"""Of the 16 pairs of metadata that a job may have (OpenAI's document) one is Tunedesk's own."""
NAME_LENGTH, VALUE_LENGTH = 64, 512
"""The most letters of the name and of the value of such a pair (OpenAI's document)."""

TITLES = {
    "epochs": _("Epochs"),
    "batch_size": _("Batch size"),
    "learning_rate": _("Learning rate"),
    "beta": _("Beta"),
    "lora_rank": _("LoRA rank"),
    "seed": _("Seed"),
}
"""What the settings with limits are called on the screen, by their names."""


@dataclass(frozen=True)
class Limit:
    """Which numbers a setting takes.

    Attributes:
        whole: Whether only whole ones.
        least: The smallest; None: `above` is given.
        above: What it must be larger than, where there is no smallest.
        most: The largest; None: none is known.
    """

    whole: bool = False
    least: float | None = None
    above: float | None = None
    most: float | None = None

    def allows(self, value: float) -> bool:
        """Whether it takes this number."""
        return (
            math.isfinite(value)
            and (not self.whole or float(value).is_integer())
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
        )


def limit_problem(name: str, limit: Limit) -> str:
    """What to say where a setting holds what its limit does not take, in a sentence."""
    return _limit_sentence(limit).format(
        setting=TITLES[name], above=_n(limit.above), least=_n(limit.least), most=_n(limit.most)
    )


def _limit_sentence(limit: Limit) -> str:
    if limit.above is not None:
        if limit.most is None:
            return (
                _("{setting} must be a whole number above {above}.")
                if limit.whole
                else _("{setting} must be a number above {above}.")
            )
        return (
            _("{setting} must be a whole number above {above}, at most {most}.")
            if limit.whole
            else _("{setting} must be a number above {above}, at most {most}.")
        )
    if limit.least is not None and limit.most is not None:
        return (
            _("{setting} must be a whole number from {least} to {most}.")
            if limit.whole
            else _("{setting} must be a number from {least} to {most}.")
        )
    if limit.least is not None:
        return (
            _("{setting} must be a whole number from {least} on.")
            if limit.whole
            else _("{setting} must be a number from {least} on.")
        )
    if limit.most is not None:
        return (
            _("{setting} must be a whole number, at most {most}.")
            if limit.whole
            else _("{setting} must be a number, at most {most}.")
        )
    return (
        _("{setting} must be a whole number.") if limit.whole else _("{setting} must be a number.")
    )


def setting_problems(
    values: Mapping[str, float | None], metadata: Mapping[str, Any], limits: Mapping[str, Limit]
) -> list[str]:
    """What is wrong with the settings of a launch, a sentence each.

    Args:
        values: The numbers that were chosen, by their names; None: automatic.
        metadata: The notes that stay with the job.
        limits: What the provider takes.
    """
    problems = [
        limit_problem(name, limits[name])
        for name, value in values.items()
        if value is not None and name in limits and not limits[name].allows(value)
    ]
    if len(metadata) > MOST_NOTES:
        problems.append(_("Metadata takes at most {n} lines.").format(n=MOST_NOTES))
    for name, value in metadata.items():
        if len(name) > NAME_LENGTH or len(str(value)) > VALUE_LENGTH:
            problems.append(
                _(
                    "“{name}” of the metadata is too long: a name has at most {most} letters, "
                    "what it says at most {more}."
                ).format(name=name[:20], most=NAME_LENGTH, more=VALUE_LENGTH)
            )
    return problems


def _n(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:g}"
