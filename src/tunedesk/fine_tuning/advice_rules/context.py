"""What the rules of the advice look at, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tunedesk.fine_tuning.curve_analysis import (
    FEWEST_IN_LEVEL,
    LEAST_CHANGE,
    SURE,
    Rise,
    last_part,
    levels,
    median_of,
    rise_of_measurements,
    rise_of_noisy,
    trend,
    value_at,
    value_near,
)
from tunedesk.fine_tuning.curves import Points, RunCurves, format_loss, spread
from tunedesk.i18n import _

Tone = Literal["good", "neutral", "warning", "error"]

FEWEST_POINTS = 20
"""Of fewer figures no direction can be told: two or three batches of luck look like a trend."""
FEWEST_STEPS = 20
"""After fewer steps than this nothing can be told. Steps count, not figures: many trainers log
every tenth or hundredth step, and the figure is then the mean of all steps between."""
FEWEST_MEASUREMENTS = 4
"""From so many measurements of all held-back examples on, the run is judged by them."""
LAST_PART = 0.4
"""The part at the end of a run in which it is looked for what the curve does now."""
LONGER_PART = 0.6
"""The part in which a slow fall shows."""
SEEN_SHARE = 0.15
"""A curve jumps too much where a change of this share of its level could not be seen."""
FLAT_SHARE = 0.25
"""A curve is called flat where it surely changed by less than this share of its level."""
SEEN_BEFORE_SHARE = 0.75
"""Examples were seen before where training loss is less than this share of validation loss."""
MOST_VALID_LEVELS = 8
"""Validation loss of batches is averaged over so many stretches."""


@dataclass(frozen=True)
class Advice:
    """One thing to be said of a run.

    Attributes:
        code: Its stable name.
        title: The finding in a few words.
        sentence: What is seen, with its figures, and what to do.
        why: The reason of the rule, for those who ask.
        checkpoint_step: The checkpoint to take; None if there is none to name.
        tone: How good or bad it is.
        can_stop: Whether a run that is under way may as well be stopped.
        terms: The terms in it that `term_explanations` explains.
    """

    code: str
    title: str
    sentence: str
    why: str
    checkpoint_step: int | None = None
    tone: Tone = "neutral"
    can_stop: bool = False
    terms: tuple[str, ...] = ("training loss",)

    def explained(self) -> list[str]:
        """Each of its terms in one line."""
        explanations = term_explanations()
        return [explanations[term] for term in self.terms]


def term_explanations() -> dict[str, str]:
    """The terms of the field, each explained in one line."""
    return {
        "training loss": _(
            "Training loss: how far the model's answers are from those it is trained on; lower is "
            "better."
        ),
        "validation loss": _(
            "Validation loss: the same for examples that were held back, so that it shows what "
            "the model does with what it has never seen."
        ),
        "checkpoint": _(
            "Checkpoint: the model as it was after a certain step; it can be used like the "
            "finished one."
        ),
        "epoch": _("Epoch: one pass through all examples."),
        "step": _(
            "Step: one small correction of the model, after looking at one batch of examples."
        ),
        "learning rate": _("Learning rate: how large each correction of the model is."),
        "batch size": _("Batch size: how many examples are looked at before each correction."),
    }


@dataclass(frozen=True, eq=False)
class AdviceContext:
    """What the rules look at.

    Attributes:
        curves: All figures.
        train: The training loss.
        valid: The validation loss that can be judged by.
        exact: Whether each figure of it is of all held-back examples.
        checkpoints: The steps of the checkpoints that exist, rising.
        total_steps: How many steps there will be.
        epochs: How many times it goes through the examples.
        ended: Whether no more figures come.
        validates: Whether examples are held back; None if that is not known.
        from_nothing: Whether the base model knew nothing before.
        method: How it learns ("supervised", "dpo", ...); None if that is not known.
    """

    curves: RunCurves
    train: Points
    valid: Points
    exact: bool
    checkpoints: tuple[int, ...]
    total_steps: int | None
    epochs: int | None
    ended: bool
    validates: bool | None
    from_nothing: bool
    method: str | None = None

    @property
    def finished(self) -> bool:
        """Whether it ran to its last step; of trainers that log every tenth, to the last logged."""
        total, steps = self.total_steps, self.train.steps
        stride = float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0
        return self.ended and bool(total) and (total or 0) < self.curves.last_step + stride

    @property
    def steps_per_epoch(self) -> float | None:
        """How many steps an epoch has; None if that is not known."""
        return self.total_steps / self.epochs if self.total_steps and self.epochs else None

    @property
    def past_first_epoch(self) -> bool:
        """Whether examples have come again.

        Within the first epoch every example is new, so nothing can be known by heart. Where it is
        not known how many steps make an epoch, the figures tell: new examples are answered as badly
        as those that are held back, so training loss that has come to lie far below validation loss
        is that of examples that came before. Losses of pairs differ too much from batch to batch
        for that.
        """
        if self.steps_per_epoch is not None:
            return self.curves.last_step > self.steps_per_epoch
        if self.epochs == 1 or self.learns_preferences or not len(self.valid):
            return False
        end = last_part(self.train, 0.1).values if len(self.train) >= 50 else self.train.values[-5:]
        held_back = self.validation_at(float(self.valid.steps[-1]))
        return bool(len(end)) and median_of(end) < SEEN_BEFORE_SHARE * held_back

    @property
    def learns_preferences(self) -> bool:
        """Whether it learns from pairs of answers: its loss starts at ln 2 and may come near 0.

        Rafailov et al. 2023, equation 7, at equal rewards. A run that was brought in does not tell
        its method; its first figure does, to a hundredth.
        """
        if self.method is not None:
            return self.method != "supervised"
        return bool(len(self.train)) and abs(float(self.train.values[0]) - np.log(2)) < 0.007

    def validation_at(self, step: float) -> float:
        """The validation loss at a step: as measured where it is exact, smoothed elsewhere."""
        return value_at(self.valid, step) if self.exact else value_near(self.valid, step)

    @property
    def first_validation(self) -> float:
        """The validation loss at first: the same however many figures have come since."""
        return float(self.valid.values[0]) if self.exact else median_of(self.valid.values[:5])

    @property
    def lowest_validation(self) -> tuple[int, float] | None:
        """The step at which exact validation loss was lowest, and how low; None without any."""
        if not self.exact:
            return None
        index = int(np.argmin(self.valid.values))
        return int(self.valid.steps[index]), float(self.valid.values[index])

    @property
    def rise(self) -> Rise | None:
        """Where the validation loss has turned upwards, if it has."""
        return rise_of_measurements(self.valid) if self.exact else rise_of_noisy(self.valid)


def falls_now(train: Points) -> bool:
    """Whether the training loss falls at the end.

    A slow fall is hidden by the noise of so short a part; then it counts where the curve has surely
    fallen over a longer one, and has not stopped since.
    """
    end, longer = trend(last_part(train, LAST_PART)), trend(last_part(train, LONGER_PART))
    slowly = longer.falls_by(0.05) and longer.change < -4 * longer.error
    return end.falls or (slowly and end.change < -LEAST_CHANGE * abs(end.level))


def valid_falls(seen: AdviceContext) -> bool:
    """Whether validation loss falls at the end."""
    if seen.exact:
        if len(seen.valid) < 2:
            return False
        earlier, now = seen.valid.values[:-1], seen.valid.values[-1]
        # A new low: a curve that goes up and down also falls every other time.
        return bool(now < earlier[-1] * (1 - LEAST_CHANGE) and now < earlier.min())
    return len(seen.valid) >= FEWEST_POINTS and trend(last_part(seen.valid, 0.5)).falls


def valid_fell(seen: AdviceContext) -> bool:
    """Whether validation loss is lower than it was at first, beyond its noise."""
    if seen.exact:
        return bool(seen.valid.values[-1] < seen.valid.values[0] * (1 - LEAST_CHANGE))
    found = levels(seen.valid, MOST_VALID_LEVELS)
    if len(found) < 2:
        return False
    first, last = found[0], found[-1]
    doubt = float(np.hypot(first.error, last.error))
    return first.value - last.value > max(3 * doubt, LEAST_CHANGE * abs(first.value))


def fell_before(train: Points, since: int) -> bool:
    """Whether the training loss was clearly higher before a step from which on it is flat.

    Also within the first few steps, or between the first figure and the second, where an easy
    format is often learned at once.
    """
    rest = train.between(since, None).values
    middle, noise = median_of(rest), spread(rest)
    start = train.values[:FEWEST_IN_LEVEL]
    before = train.between(0, since - 1).values
    for part in (start[:1], start[: FEWEST_IN_LEVEL // 2], start, before):
        doubt = 1.2533 * noise / max(len(part), 1) ** 0.5
        if len(part) and median_of(part) - middle > max(SURE * doubt, 0.05 * abs(middle)):
            return True
    return False


def last_checkpoint_up_to(checkpoints: Sequence[int], step: int) -> int | None:
    """The last checkpoint at a step or before it."""
    return max((point for point in checkpoints if point <= step), default=None)


def told_apart(first: float, second: float) -> tuple[str, str]:
    """Two losses with as many digits as tell them apart, at most six: "0.4912" and "0.4870"."""
    texts = format_loss(first), format_loss(second)
    for digits in range(3, 7):
        if texts[0] != texts[1]:
            break
        texts = f"{first:.{digits}f}", f"{second:.{digits}f}"
    return texts


def best_checkpoint(checkpoints: Sequence[int], valid: Points, lowest: int) -> int | None:
    """The checkpoint to take when validation loss was lowest at a step.

    The nearest before it: what comes later may be learned by heart already. One after it only where
    validation loss was clearly (1 %) lower there, and none that is no better than the end.
    """

    def loss(step: int) -> float:
        return value_at(valid, step)

    end = int(valid.steps[-1])
    before = [step for step in checkpoints if step <= lowest][-1:]
    after = [step for step in checkpoints if lowest < step < end][:1]
    if before and after and loss(after[0]) * 1.01 < loss(before[0]):
        before = []
    chosen = [step for step in (before or after) if loss(step) * 1.01 < loss(end)]
    return chosen[0] if chosen else None
