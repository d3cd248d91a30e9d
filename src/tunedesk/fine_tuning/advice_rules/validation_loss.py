"""Rules on validation loss: overfitting, enough, more epochs, all well, or nothing."""

from collections.abc import Sequence

import numpy as np

from tunedesk.fine_tuning.advice_rules.context import (
    FEWEST_POINTS,
    MOST_VALID_LEVELS,
    Advice,
    AdviceContext,
    falls_now,
    valid_falls,
    valid_fell,
)
from tunedesk.fine_tuning.curve_analysis import (
    LEAST_CHANGE,
    flat_since,
    median_of,
    trend,
    value_near,
)
from tunedesk.fine_tuning.curves import Points, format_loss
from tunedesk.i18n import _


def overfitting(seen: AdviceContext) -> Advice | None:
    """Validation loss rises while training loss does not.

    Why: the textbook sign of overfitting, and the lowest validation loss is where to stop
    (Goodfellow et al. 2016, sections 5.2 and 7.8; Prechelt 1998, "Early stopping, but when?"). A
    rise counts beyond the noise only, and from 2.5 % on (4 % where one figure says it).
    """
    rise = seen.rise
    if rise is None or not len(seen.train):
        return None
    then = value_near(seen.train, rise.since)
    now = value_near(seen.train, float(seen.train.steps[-1]))
    if now > then * (1 + LEAST_CHANGE):
        return None
    best = best_checkpoint(seen.checkpoints, seen.valid, rise.since)
    falls = now < then * (1 - LEAST_CHANGE)
    if seen.ended:
        finding = (
            _(
                "Validation loss rose from {low} to {now} after step {step} while training loss "
                "went on falling."
            )
            if falls
            else _(
                "Validation loss rose from {low} to {now} after step {step} while training loss "
                "stood still."
            )
        )
    else:
        finding = (
            _(
                "Validation loss has risen from {low} to {now} since step {step} while training "
                "loss still falls."
            )
            if falls
            else _(
                "Validation loss has risen from {low} to {now} since step {step} while training "
                "loss stands still."
            )
        )
    parts = [
        finding.format(
            low=format_loss(rise.lowest), now=format_loss(rise.now), step=f"{rise.since:,}"
        )
    ]
    if best is not None:
        text = (
            _("The checkpoint at step {step} is the best.")
            if seen.ended
            else _("The checkpoint at step {step} is the best so far.")
        )
        parts.append(text.format(step=f"{best:,}"))
    elif seen.ended:
        parts.append(_("No checkpoint from before the rise is left; fewer epochs would do."))
    parts.append(_("More varied examples would help more than more epochs."))
    if seen.ended:
        title = _("It learned by heart.")
    elif rise.share < 0.1:
        title = _("It begins to learn by heart.")
    else:
        title = _("It learns by heart.")
    return Advice(
        "overfitting",
        title,
        " ".join(parts),
        _(
            "A model that still gets better with the examples it is trained on, but worse with "
            "those that were held back, keeps the examples instead of what they have in common. "
            "Where validation loss was lowest it did best with what it had never seen."
        ),
        checkpoint_step=best,
        tone="warning",
        can_stop=True,
        terms=("training loss", "validation loss", "checkpoint"),
    )


def best_checkpoint(checkpoints: Sequence[int], valid: Points, lowest: int) -> int | None:
    """The checkpoint to take when validation loss was lowest at a step.

    The nearest before it: what comes later may be learned by heart already. One after it only where
    validation loss was clearly (1 %) lower there, and none that is no better than the end.
    """

    def loss(step: int) -> float:
        return value_near(valid, step)

    end = int(valid.steps[-1])
    before = [step for step in checkpoints if step <= lowest][-1:]
    after = [step for step in checkpoints if lowest < step < end][:1]
    if before and after and loss(after[0]) * 1.01 < loss(before[0]):
        before = []
    chosen = [step for step in (before or after) if loss(step) * 1.01 < loss(end)]
    return chosen[0] if chosen else None


def enough(seen: AdviceContext) -> Advice | None:
    """Validation loss has stopped falling while training loss goes on.

    Why: it comes before learning by heart. What is gained from here on is gained on the examples
    alone (Goodfellow et al. 2016, figure 5.3).
    """
    if len(seen.valid) < 3 or (not seen.exact and len(seen.valid) < FEWEST_POINTS):
        return None
    most = MOST_VALID_LEVELS
    since = _still_since(seen.valid) if seen.exact else flat_since(seen.valid, most)
    if since is None or since == int(seen.valid.steps[0]):
        return None
    if not seen.exact and not _surely_still(seen, since):
        return None
    then, now = value_near(seen.train, since), value_near(seen.train, float(seen.train.steps[-1]))
    if now > then * (1 - 2 * LEAST_CHANGE):
        return None
    text = (
        _(
            "Validation loss has stayed at about {loss} since step {step} while training loss went "
            "on falling: fewer epochs would have done as well."
        )
        if seen.ended
        else _(
            "Validation loss has stayed at about {loss} since step {step} while training loss "
            "still falls: it gains little from here on, and may begin to learn by heart."
        )
    )
    return Advice(
        "enough",
        _("It has learned what it can from these examples."),
        text.format(
            loss=format_loss(median_of(seen.valid.between(since, None).values)), step=f"{since:,}"
        ),
        _(
            "Only validation loss shows whether the model gets better with what it has not seen. "
            "When it stands still, further training makes the model surer of the examples, not "
            "better. New and different examples would move it."
        ),
        tone="good",
        can_stop=True,
        terms=("training loss", "validation loss", "epoch"),
    )


def _surely_still(seen: AdviceContext, since: int) -> bool:
    """Whether noisy figures have been still for a third of them, and surely."""
    rest = seen.valid.between(since, None)
    return len(rest) >= len(seen.valid) / 3 and trend(rest).is_still(STILL_SHARE)


STILL_SHARE = 0.12
"""Validation loss of batches counts as still where it surely changed by less than this share."""


def _still_since(valid: Points) -> int | None:
    """The step since which exact figures, two at least, have changed by less than 1 %."""
    now = float(valid.values[-1])
    near = np.abs(valid.values - now) <= 0.01 * abs(now)
    index = len(valid) - 1
    while index > 0 and near[index - 1]:
        index -= 1
    return int(valid.steps[index]) if index < len(valid) - 1 else None


def more_epochs(seen: AdviceContext) -> Advice | None:
    """The run is over and was still getting better.

    Why: a curve that falls to its last step has not found its end; where validation loss falls as
    well, going on is safe.
    """
    if not seen.finished or not falls_now(seen.train):
        return None
    if len(seen.valid) and not valid_falls(seen):
        return None
    more = (seen.epochs or 0) + max(1, (seen.epochs or 0) // 2)
    advised = (
        _("Try {more} epochs instead of {n}.").format(more=more, n=seen.epochs)
        if seen.epochs
        else _("Try more epochs.")
    )
    if len(seen.valid):
        text = _("Training and validation loss were still falling when it ended.")
    else:
        text = _(
            "Training loss was still falling when it ended. Without held-back examples it cannot "
            "be seen whether that is more than learning by heart."
        )
    return Advice(
        "more_epochs",
        _("It could have learned more."),
        f"{text} {advised}",
        _(
            "A curve that still falls at the end has not come to its end. As long as validation "
            "loss falls too, the model gets better with what it has not seen."
        ),
        tone="neutral",
        terms=("training loss", "validation loss", "epoch"),
    )


def good(seen: AdviceContext) -> Advice | None:
    """Validation loss follows training loss.

    Why: what is learned holds for examples that were never seen, which is what training is for.
    """
    if len(seen.valid) < 2 or seen.rise is not None or not valid_fell(seen):
        return None
    text = (
        _("Validation loss followed training loss down, from {first} to {last}.")
        if seen.ended
        else _("Validation loss follows training loss down, from {first} to {last} so far.")
    )
    first = value_near(seen.valid, float(seen.valid.steps[0]))
    last = value_near(seen.valid, float(seen.valid.steps[-1]))
    return Advice(
        "good",
        _("It went well.") if seen.ended else _("It goes well."),
        text.format(first=format_loss(first), last=format_loss(last)),
        _(
            "The model gets better with examples it has never seen, as much as with those it is "
            "trained on: it learns what they have in common."
        ),
        tone="good",
        terms=("training loss", "validation loss"),
    )


def no_validation(seen: AdviceContext) -> Advice | None:
    """No examples are held back.

    Why: learning and learning by heart look the same in the training loss alone (Goodfellow et al.
    2016, section 5.2).
    """
    if seen.validates is not False and not (seen.validates is None and seen.ended):
        return None
    return Advice(
        "no_validation",
        _("It cannot be seen whether it learns by heart."),
        _("No examples were held back. With a tenth to a fifth of them held back it can be seen."),
        _(
            "Training loss falls as well when the model learns the examples by heart. Only "
            "examples that it is not trained on show the difference."
        ),
        terms=("training loss", "validation loss"),
    )
