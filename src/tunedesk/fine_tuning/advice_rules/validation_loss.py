"""Rules on validation loss: overfitting, enough, more epochs, all well, or nothing."""

import numpy as np

from tunedesk.fine_tuning.advice_rules.context import (
    FEWEST_POINTS,
    MOST_VALID_LEVELS,
    Advice,
    AdviceContext,
    Tone,
    best_checkpoint,
    falls_now,
    told_apart,
    valid_falls,
    valid_fell,
)
from tunedesk.fine_tuning.curve_analysis import (
    LEAST_CHANGE,
    flat_since,
    median_of,
    trend,
    value_near,
    wobble,
)
from tunedesk.fine_tuning.curves import Points, format_loss
from tunedesk.i18n import _


def overfitting(seen: AdviceContext) -> Advice | None:
    """Validation loss rises while training loss does not.

    Why: the textbook sign of overfitting, and the lowest validation loss is where to stop
    (Goodfellow et al. 2016, sections 5.2 and 7.8; Prechelt 1998, "Early stopping, but when?"). A
    rise counts beyond the noise only, and from 2.5 % on (6 % where one figure says it). Within the
    first epoch no example has come twice, so nothing can be known by heart.
    """
    rise = seen.rise
    if rise is None or not len(seen.train) or not seen.past_first_epoch:
        return None
    then = value_near(seen.train, rise.since)
    now = value_near(seen.train, float(seen.train.steps[-1]))
    if now > then * (1 + LEAST_CHANGE):
        return None
    best = _best(seen, rise.since)
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
    if rise.since == int(seen.valid.steps[0]):
        parts.append(
            _(
                "It was lowest at the first measurement: try a lower learning rate, and measure "
                "more often."
            )
        )
    else:
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


def _best(seen: AdviceContext, lowest: int) -> int | None:
    valid = seen.valid if seen.exact else seen.valid.smoothed()
    return best_checkpoint(seen.checkpoints, valid, lowest)


def both_rise(seen: AdviceContext) -> Advice | None:
    """Training and validation loss both rise.

    Why: that is not learning by heart, which lowers the one. The model gets worse at everything,
    most often since the learning rate is too high.
    """
    rise = seen.rise
    if rise is None:
        return None
    since = seen.train.between(rise.since, None)
    if len(since) < 3 or not trend(since).rises:
        return None
    return Advice(
        "both_rise",
        _("It gets worse."),
        _(
            "Training loss and validation loss both rise since step {step}, validation loss from "
            "{low} to {now}. Start again with a lower learning rate."
        ).format(step=f"{rise.since:,}", low=format_loss(rise.lowest), now=format_loss(rise.now)),
        _(
            "Where it learns by heart, training loss goes on falling. When both rise, the "
            "corrections lead away from what was good already."
        ),
        checkpoint_step=_best(seen, rise.since),
        tone="error",
        can_stop=True,
        terms=("training loss", "validation loss", "learning rate"),
    )


PAST_BEST = 0.05
"""The end counts as past the best where validation loss is this much above its lowest."""
TURNING = 0.01
"""Under way it may have turned where it is this much above its lowest."""


def past_best(seen: AdviceContext) -> Advice | None:
    """Exact validation loss was clearly lower before than it is now, though no clear rise shows.

    Why: whatever the curve is doing, the lowest validation loss is where the model did best with
    what it had never seen (Goodfellow et al. 2016, section 7.8).
    """
    found = seen.lowest_validation
    if found is None or not len(seen.train):
        return None
    step, lowest = found
    now = float(seen.valid.values[-1])
    share = (now - lowest) / abs(lowest) if lowest else 0.0
    best = _best(seen, step)
    low, at_end = told_apart(lowest, now)
    figures = {"low": low, "now": at_end, "step": f"{step:,}"}
    if seen.ended and share > PAST_BEST:
        title = _("It was better before.")
        text = _("Validation loss was lowest at step {step} with {low}, and was {now} at the end.")
        advised = (
            _("Take the checkpoint at step {step}.").format(step=f"{best:,}")
            if best is not None
            else _("No checkpoint from then is left; next time let it end there.")
        )
        tone: Tone = "warning"
    elif not seen.ended and seen.past_first_epoch and _may_have_turned(seen, share):
        title = _("It may have turned.")
        text = _("Validation loss was lowest at step {step} with {low}, and is {now} now.")
        advised = (
            _(
                "Unless it falls below that again, the checkpoint at step {step} is the best."
            ).format(step=f"{best:,}")
            if best is not None
            else _("Unless it falls below that again, it is learning by heart from there on.")
        )
        tone = "neutral"
    else:
        return None
    return Advice(
        "past_best",
        title,
        f"{text.format(**figures)} {advised}",
        _(
            "Where validation loss was lowest the model did best with what it had never seen, "
            "whatever training loss does after it."
        ),
        checkpoint_step=best,
        tone=tone,
        can_stop=tone == "warning",
        terms=("validation loss", "checkpoint"),
    )


def _may_have_turned(seen: AdviceContext, share: float) -> bool:
    noise = wobble(seen.valid.values) / abs(float(seen.valid.values.min()) or 1.0)
    values, index = seen.valid.values, int(np.argmin(seen.valid.values))
    # Of a curve that has gone up and down before, one figure says nothing.
    rose_before = bool(np.any(np.diff(values[:index]) > TURNING * abs(values[index])))
    return len(values) - index > 1 + rose_before and share > max(TURNING, noise)


def enough(seen: AdviceContext) -> Advice | None:
    """Validation loss has stopped falling while training loss goes on.

    Why: it comes before learning by heart. What is gained from here on is gained on the examples
    alone (Goodfellow et al. 2016, figure 5.3). It must have stood still for a quarter of the steps
    so far, and under way for a fifth of all and beyond the first epoch: of 21 real runs of which it
    was said after two close measurements, 11 fell by another 2 to 18 %.
    """
    if len(seen.valid) < 3 or (not seen.exact and len(seen.valid) < FEWEST_POINTS):
        return None
    most = MOST_VALID_LEVELS
    since = _still_since(seen.valid) if seen.exact else flat_since(seen.valid, most)
    if since is None or since == int(seen.valid.steps[0]) or not _still_for_long(seen, since):
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
    text = text.format(
        loss=format_loss(median_of(seen.valid.between(since, None).values)), step=f"{since:,}"
    )
    best = _best(seen, found[0]) if (found := seen.lowest_validation) else None
    if best is not None:
        text = f"{text} {_('The checkpoint at step {step} is the best.').format(step=f'{best:,}')}"
    return Advice(
        "enough",
        _("It has learned what it can from these examples."),
        text,
        _(
            "Only validation loss shows whether the model gets better with what it has not seen. "
            "When it stands still, further training makes the model surer of the examples, not "
            "better. New and different examples would move it."
        ),
        checkpoint_step=best,
        tone="good",
        can_stop=True,
        terms=("training loss", "validation loss", "epoch"),
    )


def _still_for_long(seen: AdviceContext, since: int) -> bool:
    """Whether it is long enough since a step, and beyond the first epoch."""
    if not seen.past_first_epoch or seen.epochs == 1:
        return False
    span = seen.valid.steps[-1] - since
    under_way = 0.0 if seen.ended else 0.2 * (seen.total_steps or 0)
    return bool(span >= max(0.25 * seen.curves.last_step, under_way))


def _surely_still(seen: AdviceContext, since: int) -> bool:
    """Whether noisy figures have been still for a third of them, and surely."""
    rest = seen.valid.between(since, None)
    return len(rest) >= len(seen.valid) / 3 and trend(rest).is_still(STILL_SHARE)


STILL_SHARE = 0.12
"""Validation loss of batches counts as still where it surely changed by less than this share."""


def _still_since(valid: Points) -> int | None:
    """The step since which exact figures, three at least, have changed by less than 1 %."""
    now = float(valid.values[-1])
    near = np.abs(valid.values - now) <= 0.01 * abs(now)
    index = len(valid) - 1
    while index > 0 and near[index - 1]:
        index -= 1
    return int(valid.steps[index]) if index < len(valid) - 2 else None


def more_epochs(seen: AdviceContext) -> Advice | None:
    """The run is over and was still getting better.

    Why: a curve that falls to its last step has not found its end; where validation loss falls as
    well, going on is safe. Without it, only where training loss has not fallen far below what it
    was while every example was new: 65 % of that, and no less than 0.1 (see `known_by_heart`).
    """
    if not seen.finished or not falls_now(seen.train):
        return None
    if len(seen.valid):
        if not valid_falls(seen):
            return None
    elif not _examples_are_still_new(seen):
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


NEW_SHARE = 0.65
LEAST_TO_LEARN = 0.1


def _examples_are_still_new(seen: AdviceContext) -> bool:
    """Whether training loss is near what it was in the second half of the first epoch."""
    per_epoch = seen.steps_per_epoch
    if per_epoch is None:
        return False
    now = value_near(seen.train, float(seen.train.steps[-1]))
    was = median_of(seen.train.between(per_epoch / 2, per_epoch).values)
    return seen.epochs == 1 or now >= max(NEW_SHARE * was, LEAST_TO_LEARN)


def good(seen: AdviceContext) -> Advice | None:
    """Validation loss follows training loss.

    Why: what is learned holds for examples that were never seen, which is what training is for. It
    must still be within 5 % of its lowest.
    """
    if len(seen.valid) < 2 or seen.rise is not None or not valid_fell(seen):
        return None
    first = seen.first_validation
    last = seen.validation_at(float(seen.valid.steps[-1]))
    text = (
        _("Validation loss followed training loss down, from {first} to {last}.")
        if seen.ended
        else _("Validation loss follows training loss down, from {first} to {last} so far.")
    )
    begun, ended = told_apart(first, last)
    text = text.format(first=begun, last=ended)
    lowest, best = seen.lowest_validation, None
    if lowest is not None and last > lowest[1]:
        if last > lowest[1] * (1 + PAST_BEST):
            return None
        best = _best(seen, lowest[0])
        was = _("It was lowest at step {step}, with {low}.").format(
            step=f"{lowest[0]:,}", low=format_loss(lowest[1])
        )
        text = f"{text} {was}" if format_loss(lowest[1]) != format_loss(last) else text
    elif seen.finished and lowest is not None and _fell_a_little(seen):
        more = _("It still fell a little when it ended: a little more would help a little.")
        text = f"{text} {more}"
    return Advice(
        "good",
        _("It went well.") if seen.ended else _("It goes well."),
        text,
        _(
            "The model gets better with examples it has never seen, as much as with those it is "
            "trained on: it learns what they have in common."
        ),
        checkpoint_step=best,
        tone="good",
        terms=("training loss", "validation loss"),
    )


def _fell_a_little(seen: AdviceContext) -> bool:
    """Whether exact validation loss fell over the last quarter of its figures, by half a percent.

    Each of the last three must be lower than the one before: one figure may be lower by chance.
    """
    values = seen.valid.values
    if len(values) < 4:
        return False
    before = float(values[-1 - max(3, len(values) // 4)])
    return bool(np.all(np.diff(values[-3:]) < 0) and values[-1] < before * 0.995)


def validation_missing(seen: AdviceContext) -> Advice | None:
    """Examples are held back, and no figure of them has come.

    Why: a service that measures them at the ends of epochs has done so by the end. What is not a
    number is left out.
    """
    if seen.validates is not True or len(seen.valid) or not seen.ended or not len(seen.train):
        return None
    return Advice(
        "validation_missing",
        _("There is no validation loss."),
        _(
            "Examples were held back, but no loss of them came that is a number. Look whether "
            "their answers are trained on, and whether they are too long for the base model."
        ),
        _(
            "A loss is a mean over the words of the answers. Where none of them counts, there is "
            "nothing to take the mean of."
        ),
        terms=("validation loss",),
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
