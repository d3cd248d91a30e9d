"""Rules on figures that are no usual loss: not numbers, zeros, leaps, other scales."""

import numpy as np

from tunedesk.fine_tuning.advice_rules.context import (
    Advice,
    AdviceContext,
    last_checkpoint_up_to,
)
from tunedesk.fine_tuning.curve_analysis import median_of, value_near
from tunedesk.fine_tuning.curves import format_loss
from tunedesk.i18n import _


def not_a_loss(seen: AdviceContext) -> Advice | None:
    """Some figures are below zero, so that they are not a loss of words.

    Why: a cross-entropy is the negative logarithm of a probability, and so is a preference loss
    (Rafailov et al. 2023, equation 7): neither can be below zero. What reinforcement logs as its
    loss moves around zero and says nothing of how far the training is (Shao et al. 2024, GRPO).
    """
    if not (seen.train.values < 0).any():
        return None
    return Advice(
        "not_a_loss",
        _("These figures cannot be judged as a loss."),
        _(
            "They lie around {middle}, and some below zero, as in training by rewards "
            "(reinforcement). Follow the reward there, and judge the model by trying it."
        ).format(middle=format_loss(median_of(seen.train.values))),
        _(
            "The loss of a model that learns answers word by word is never below zero. A figure "
            "that is comes from another method, where it says little of how far the training is."
        ),
    )


def not_a_number(seen: AdviceContext) -> Advice | None:
    """The loss is infinite or not a number any more.

    Why: once a weight is infinite or NaN every later figure is too; it never comes back. The cause
    is nearly always a learning rate that is too high (Goodfellow et al. 2016, section 11.4.1: above
    the best rate the error grows). Services leave such figures out, so a gap counts as well: of
    more than twice the usual distance between two figures, since many log training loss seldom and
    validation loss in between.
    """
    loss, steps = seen.curves.train_loss, seen.curves.steps
    there = np.flatnonzero(np.isfinite(loss))
    if not len(there):
        return None
    rest = loss[there[-1] + 1 :]
    last = int(steps[there[-1]])
    usual = float(np.median(np.diff(steps[there], prepend=0)))
    if not np.isinf(rest).any() and seen.curves.last_step - last <= 2 * usual:
        return None
    return Advice(
        "not_a_number",
        _("The loss is not a number any more."),
        _(
            "After step {step} the training loss is infinite: the model is spoilt from there on. "
            "Start again with a learning rate a third as high or lower."
        ).format(step=f"{last:,}"),
        _(
            "Once figures in the model have become infinite, everything computed with them is too. "
            "Corrections that are too large are nearly always the cause."
        ),
        checkpoint_step=last_checkpoint_up_to(seen.checkpoints, last),
        tone="error",
        can_stop=True,
        terms=("training loss", "learning rate", "checkpoint"),
    )


_FEWEST_ZEROS = 3


def zero_loss(seen: AdviceContext) -> Advice | None:
    """Training loss is exactly zero.

    Why: a probability of exactly one is never reached by learning. No token counted, or the
    trainer wrote zero for a loss that was not a number (the filter `logging_nan_inf_filter` of
    transformers, on by default).
    """
    values = seen.train.values
    others = np.flatnonzero(values != 0)
    first = int(others[-1]) + 1 if len(others) else 0
    if len(values) - first < _FEWEST_ZEROS:
        return None
    return Advice(
        "zero_loss",
        _("Nothing is trained on."),
        _(
            "Training loss is exactly 0 from step {step} on. Either no word of the answers counts "
            "(all are left out of training, or cut off as too long), or the loss was not a number "
            "and 0 was written in its place: then start again with a lower learning rate."
        ).format(step=f"{seen.train.steps[first]:,}"),
        _(
            "A loss of exactly 0 would mean that the model is perfectly sure of every word, which "
            "does not happen. Some training programs write 0 where the loss is not a number."
        ),
        checkpoint_step=last_checkpoint_up_to(
            seen.checkpoints, int(seen.train.steps[first - 1]) if first else 0
        ),
        tone="error",
        can_stop=True,
        terms=("training loss", "learning rate"),
    )


_LEAP = 2.0
_LEAP_OF_FEW = 3.0
"""After one or two figures the leap must be higher: the first may have been an easy batch."""


def lost_at_once(seen: AdviceContext) -> Advice | None:
    """Within a few steps the loss has leapt up, and has stayed there.

    Why: three figures in a row that are all twice as high as any before are not luck, even where a
    curve is too short for a trend (a real run went from 1.64 to 10 in its second step).
    """
    values = seen.train.values
    if len(values) < 4:
        return None
    highest_before = np.maximum.accumulate(values)[:-3]
    lowest_after = np.minimum.accumulate(values[::-1])[::-1][1:-2]
    few = np.arange(1, len(highest_before) + 1) <= 2
    leaps = (highest_before > 0) & (
        lowest_after > np.where(few, _LEAP_OF_FEW, _LEAP) * highest_before
    )
    if not leaps.any():
        return None
    last = int(np.flatnonzero(leaps)[0])
    step = int(seen.train.steps[last])
    return Advice(
        "lost_at_once",
        _("The training has gone wrong."),
        _(
            "Training loss leapt from {before} to {after} after step {step} and has not come back. "
            "Start again with a much lower learning rate, a tenth of this one."
        ).format(
            before=format_loss(float(values[last])),
            after=format_loss(float(values[last + 1])),
            step=f"{step:,}",
        ),
        _(
            "Corrections that are too large throw away in a few steps what the base model knew. "
            "Training on from there hardly ever brings it back."
        ),
        checkpoint_step=last_checkpoint_up_to(seen.checkpoints, step),
        tone="error",
        can_stop=True,
        terms=("training loss", "learning rate"),
    )


GUESSING = 7.0
"""Above this loss a model does hardly better than guessing among its tens of thousands of tokens:
the logarithm of 50,000 is 10.8, and real base models begin between 0.5 and 4."""


def high_start(seen: AdviceContext) -> Advice | None:
    """The loss began as high as that of a model that guesses.

    Why: a base model knows its language. Either it does not fit what it is given (another chat
    template, another tokenizer), or the tool reports sums instead of means.
    """
    if not len(seen.train):
        return None
    start = float(seen.train.values[:3].min())
    if start <= GUESSING or seen.from_nothing:
        return None
    return Advice(
        "high_start",
        _("It began like a model that guesses."),
        _(
            "Training loss was {loss} at first; a base model that knows the language begins "
            "between 0.5 and 4. Either the base model does not know this kind of text (look at its "
            "chat template and its language), or the figures are sums and not means."
        ).format(loss=format_loss(start)),
        _(
            "A model that guesses among 50,000 tokens has a loss of 10.8. Some training programs "
            "add the losses of several batches up instead of taking their mean."
        ),
        tone="warning",
    )


_OTHER_SCALE = 3.0


def different_scales(seen: AdviceContext) -> Advice | None:
    """Training and validation loss are not measured alike.

    Why: training loss far above validation loss, from the first measurement to the last, is not
    learning of any kind: before version 4.46 transformers' trainer added up what it should have
    averaged over accumulated batches. The other way round it is said within the first epoch only:
    later that may be learning by heart.
    """
    if not len(seen.valid) or not len(seen.train):
        return None
    first, last = float(seen.valid.steps[0]), float(seen.valid.steps[-1])
    begin = value_near(seen.train, first), seen.validation_at(first)
    end = value_near(seen.train, last), seen.validation_at(last)
    above = all(train > _OTHER_SCALE * valid for train, valid in (begin, end))
    new = first <= (seen.steps_per_epoch or 0)
    if not above and not (new and begin[1] > _OTHER_SCALE * begin[0]):
        return None
    return Advice(
        "different_scales",
        _("The two losses are not measured alike."),
        _(
            "Training loss is {train} where validation loss is {valid}. Compare each with itself "
            "only; their distance means nothing."
        ).format(train=format_loss(begin[0]), valid=format_loss(begin[1])),
        _(
            "Both are of the same kind of examples and should begin near one another. Some "
            "training programs report sums for the one and means for the other."
        ),
        terms=("training loss", "validation loss"),
    )
