"""Training that fails: figures that are none any more, a loss that climbs, nothing learned."""

import numpy as np

from tunedesk.fine_tuning.advice_rules.found import (
    FLAT_SHARE,
    Advice,
    Seen,
    fell_before,
    last_checkpoint_up_to,
)
from tunedesk.fine_tuning.curve_shapes import (
    flat_since,
    levels,
    median_of,
    trend,
)
from tunedesk.fine_tuning.figure_words import loss_words
from tunedesk.i18n import _


def not_a_number(seen: Seen) -> Advice | None:
    """The loss is infinite or no number any more.

    Why: once a weight is infinite or NaN every later figure is too; it never comes back. The cause
    is nearly always a learning rate that is too high (Goodfellow et al. 2016, section 11.4.1: above
    the best rate the error grows). Services leave such figures out, so three steps at the end
    without one, of a run whose steps had them, count as well.
    """
    loss = seen.curves.train_loss
    there = np.flatnonzero(np.isfinite(loss))
    if not len(there):
        return None
    rest = loss[there[-1] + 1 :]
    if not np.isinf(rest).any() and len(rest) < 3:
        return None
    last = int(seen.curves.steps[there[-1]])
    return Advice(
        "not_a_number",
        _("The loss is no number any more."),
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
        words=("training loss", "learning rate", "checkpoint"),
    )


def diverging(seen: Seen) -> Advice | None:
    """The training loss has climbed far from where it was lowest.

    Why: training minimises this very figure, so a lasting climb means that the steps overshoot. The
    level at the end must lie a third above the lowest, and have lost two fifths of what was gained,
    beyond the noise: one bad batch is none of this.
    """
    found = levels(seen.train)
    if len(found) < 3:
        return None
    best, end = min(found, key=lambda level: level.value), found[-1]
    climb, doubt = end.value - best.value, float(np.hypot(best.error, end.error))
    gained = max(found[0].value - best.value, 0.0)
    if climb < max(5 * doubt, best.value / 3, 0.4 * gained) or best is end:
        return None
    return Advice(
        "diverging",
        _("The training goes astray."),
        _(
            "Training loss was {low} around step {step} and is {now} now. It should fall. Start "
            "again with a lower learning rate."
        ).format(low=loss_words(best.value), step=f"{best.last:,}", now=loss_words(end.value)),
        _(
            "Training does nothing but lower this figure; when it climbs and stays up, the "
            "corrections overshoot. That is a learning rate too high for these examples."
        ),
        checkpoint_step=last_checkpoint_up_to(seen.checkpoints, best.last),
        tone="error",
        can_stop=True,
        words=("training loss", "learning rate"),
    )


def tiny_from_start(seen: Seen) -> Advice | None:
    """There was hardly a loss from the first step on.

    Why: 0.1 nats a token means that the model gave the right next token a probability of 90 %
    before it was trained. Then the answers stand in the questions, or the model has seen the
    examples, and there is nothing to learn.
    """
    start = median_of(seen.train.values[:5])
    if start >= TINY:
        return None
    return Advice(
        "tiny_from_start",
        _("There is little to learn."),
        _(
            "Training loss was only {loss} in the first steps: the model knew these answers "
            "before. Look whether the answers stand in the questions already, or whether the base "
            "model was trained on the same examples."
        ).format(loss=loss_words(start)),
        _(
            "A loss of 0.1 means that the model foresees nine of ten words by itself. "
            "Training it further can hardly change its answers."
        ),
        tone="warning",
    )


TINY = 0.1


def not_learning(seen: Seen) -> Advice | None:
    """Training loss has never fallen.

    Why: a model that learns anything lowers this figure, with few examples by the end of its
    first epoch. If it does not, the corrections are too small, or the examples have nothing in
    common.
    """
    since = flat_since(seen.train)
    if since is None or since > seen.curves.last_step / 4 or fell_before(seen.train, since):
        return None
    one_epoch = (seen.steps_per_epoch or 0) <= seen.curves.last_step
    if not (seen.ended or one_epoch) or not trend(seen.train).is_still(FLAT_SHARE):
        return None
    return Advice(
        "not_learning",
        _("It does not learn."),
        _(
            "Training loss has been about {loss} since the first step. Try a learning rate three "
            "times as high; if that changes nothing, the answers may not follow from the questions."
        ).format(loss=loss_words(median_of(seen.train.values))),
        _(
            "Training lowers this figure if it can. When it stays where it was, the corrections "
            "are too small to matter, or what one example teaches the next one contradicts."
        ),
        tone="warning",
        can_stop=True,
        words=("training loss", "learning rate"),
    )
