"""Rules on training loss: it diverges, learns nothing, falls, stays flat, or cannot be told."""

import numpy as np

from tunedesk.fine_tuning.advice_rules.context import (
    FEWEST_POINTS,
    FLAT_SHARE,
    LAST_PART,
    SEEN_SHARE,
    Advice,
    AdviceContext,
    Tone,
    falls_now,
    fell_before,
    last_checkpoint_up_to,
    valid_falls,
)
from tunedesk.fine_tuning.curve_analysis import (
    LEAST_CHANGE,
    flat_since,
    last_part,
    levels,
    median_of,
    trend,
    value_near,
)
from tunedesk.fine_tuning.curves import format_loss, spread
from tunedesk.i18n import _, ngettext


def not_a_number(seen: AdviceContext) -> Advice | None:
    """The loss is infinite or not a number any more.

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


def diverging(seen: AdviceContext) -> Advice | None:
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
        ).format(low=format_loss(best.value), step=f"{best.last:,}", now=format_loss(end.value)),
        _(
            "Training does nothing but lower this figure; when it climbs and stays up, the "
            "corrections overshoot. That is a learning rate too high for these examples."
        ),
        checkpoint_step=last_checkpoint_up_to(seen.checkpoints, best.last),
        tone="error",
        can_stop=True,
        terms=("training loss", "learning rate"),
    )


def tiny_from_start(seen: AdviceContext) -> Advice | None:
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
        ).format(loss=format_loss(start)),
        _(
            "A loss of 0.1 means that the model foresees nine of ten words by itself. "
            "Training it further can hardly change its answers."
        ),
        tone="warning",
    )


TINY = 0.1


def not_learning(seen: AdviceContext) -> Advice | None:
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
        ).format(loss=format_loss(median_of(seen.train.values))),
        _(
            "Training lowers this figure if it can. When it stays where it was, the corrections "
            "are too small to matter, or what one example teaches the next one contradicts."
        ),
        tone="warning",
        can_stop=True,
        terms=("training loss", "learning rate"),
    )


def too_early(seen: AdviceContext) -> Advice | None:
    """There are too few figures.

    Why: the loss of a batch depends on which examples are in it; of a handful of batches the
    direction cannot be told from luck.
    """
    count = len(seen.train)
    if count >= FEWEST_POINTS:
        return None
    if seen.ended:
        return Advice(
            "too_early",
            _("Too few steps to tell."),
            ngettext(
                "There is the loss of {n} step only. More examples, or more epochs, make more "
                "steps; from about 50 on the curve says something.",
                "There is the loss of {n} steps only. More examples, or more epochs, make more "
                "steps; from about 50 on the curve says something.",
                count,
            ).format(n=count),
            _too_few(),
            terms=("training loss", "step", "epoch"),
        )
    return Advice(
        "too_early",
        _("Too early to tell."),
        ngettext(
            "There is the loss of {n} step so far; from about {some} on a direction can be seen.",
            "There is the loss of {n} steps so far; from about {some} on a direction can be seen.",
            count,
        ).format(n=count, some=FEWEST_POINTS),
        _too_few(),
        terms=("training loss", "step"),
    )


def _too_few() -> str:
    return _(
        "Each step looks at other examples, some easy and some hard, so the figures jump. Of a few "
        "of them nobody can tell luck from learning."
    )


def too_noisy(seen: AdviceContext) -> Advice | None:
    """The figures jump so much that no direction can be told.

    Why: a rule that finds no fall may say "flat" only where a fall of 15 % would have stood out.
    """
    stretch = trend(seen.train)
    if stretch.falls or stretch.would_show(SEEN_SHARE):
        return None
    return Advice(
        "too_noisy",
        _("The curve jumps too much to tell."),
        _(
            "From step to step training loss changes by about {noise}, more than it could have "
            "fallen. Judge the model by trying it; a larger batch size makes the curve calmer."
        ).format(noise=format_loss(spread(seen.train.values))),
        _(
            "With few examples in a batch, each step shows how hard those few were. Averaged over "
            "all steps so far, a fall of a seventh would still be hidden."
        ),
        terms=("training loss", "batch size"),
    )


def still_falling(seen: AdviceContext) -> Advice | None:
    """Training loss falls, and nothing speaks against going on.

    Why: the most common finding, and the one that asks for patience. With validation loss falling
    as well it is said under `good`.
    """
    stretch = last_part(seen.train, LAST_PART)
    if seen.ended or not falls_now(seen.train) or valid_falls(seen):
        return None
    first, last = (
        value_near(seen.train, float(stretch.steps[0])),
        value_near(seen.train, float(stretch.steps[-1])),
    )
    return Advice(
        "still_falling",
        _("Still falling."),
        _("Training loss fell from {first} to {last} since step {step}. Let it go on.").format(
            first=format_loss(first), last=format_loss(last), step=f"{stretch.steps[0]:,}"
        ),
        _(
            "As long as the smoothed training loss falls beyond what chance does, the model "
            "is still learning."
        ),
        tone="good",
    )


def flat(seen: AdviceContext) -> Advice | None:
    """Training loss has stopped falling.

    Why: with these examples and settings there is nothing more to gain. A stretch counts that makes
    a quarter of the run and more than an epoch, in which it surely changed by less than a
    quarter: within an epoch the loss often stands still, and falls with the next, when the same
    examples come again.
    """
    since = flat_since(seen.train)
    if since is None or not fell_before(seen.train, since):
        return None
    if seen.epochs != 1 and seen.curves.last_step - since < 1.1 * (seen.steps_per_epoch or 0):
        return None
    rest = seen.train.between(since, None)
    long_enough = len(rest) >= max(FEWEST_POINTS, len(seen.train) // 4)
    if not long_enough or not trend(rest).is_still(FLAT_SHARE):
        return None
    loss = format_loss(median_of(rest.values))
    text = (
        _("Training loss has been about {loss} since step {step}: fewer epochs would do as well.")
        if seen.ended
        else _("Training loss has been about {loss} since step {step}. Going on changes little.")
    )
    return Advice(
        "flat",
        _("Flat since step {step}.").format(step=f"{since:,}"),
        text.format(loss=loss, step=f"{since:,}"),
        _(
            "The smoothed training loss has not changed beyond its noise since then, so further "
            "steps with these settings hardly change the model."
        ),
        tone="neutral",
        can_stop=True,
        terms=("training loss", "step"),
    )


def steady(seen: AdviceContext) -> Advice | None:
    """Nothing in particular: it fell, and neither falls clearly nor stands still.

    Why: there is always something to say, and no alarm where there is no reason for one.
    """
    if not len(seen.train):
        return None
    start, now = (
        median_of(seen.train.values[:5]),
        value_near(seen.train, float(seen.train.steps[-1])),
    )
    if now < start * (1 - LEAST_CHANGE):
        title = _("The loss has fallen.")
        text = _("Training loss fell from {first} to {last}.")
    else:
        title = _("Nothing stands out.")
        text = _("Training loss was {first} at first and is {last} now.")
    return Advice(
        "steady",
        title,
        text.format(first=format_loss(start), last=format_loss(now)),
        _(
            "None of the signs of trouble is there: the loss does not climb, does not jump beyond "
            "measure, and validation loss, if there is any, has not turned upwards."
        ),
    )


def jumps(seen: AdviceContext) -> Advice | None:
    """The figures jump, which looks alarming and is not.

    Why: the loss of a batch of one to four examples depends on these more than on the model.
    """
    if len(seen.train) < FEWEST_POINTS:
        return None
    end = last_part(seen.train, 0.5).values
    if spread(end) < JUMPY * abs(median_of(end)):
        return None
    return Advice(
        "jumps",
        _("The jumps are normal."),
        _("Each step looks at few examples, so training loss jumps. Follow the smooth line."),
        _(
            "How hard the few examples of a batch are changes more from step to step than the "
            "model does. A larger batch size makes the curve calmer, not the model better."
        ),
        terms=("training loss", "batch size"),
    )


JUMPY = 0.25

BY_HEART = 0.02
"""Below this training loss the starter gives trained answers word for word: a token has then a
chance of 98 % in the mean (the loss is the negative logarithm of it), and the likeliest is said."""
_LAST_STEPS = 20


def starter(seen: AdviceContext) -> Advice | None:
    """The base model knows nothing but the examples, so that learning by heart is its purpose.

    Why: what validation loss measures, whether the model does well with what it has never seen,
    cannot be had from a model that never saw a language. It rises with each epoch, and a warning
    of it would lead the user to stop where the answers are not learnt yet.
    """
    if not seen.from_nothing or len(seen.train) < FEWEST_POINTS:
        return None
    now = median_of(seen.train.values[-_LAST_STEPS:])
    loss = format_loss(now)
    tone: Tone
    if now < BY_HEART:
        title = _("It knows your examples by heart.")
        text = _("Training loss is down to {loss}: asked a trained question, it gives that answer.")
        tone = "good"
    elif seen.ended:
        title = _("It has not learned your examples yet.")
        text = _("Training loss is still {loss}. Leave the epochs to “automatic”, or try more.")
        tone = "warning"
    else:
        title = _("It is learning your examples.")
        text = _("Training loss is at {loss}; below {goal} it knows them by heart.")
        tone = "neutral"
    more = _(
        "The starter knows nothing else, so validation loss says nothing here. For answers "
        "to new questions choose a base model that knows a language."
    )
    return Advice(
        "starter",
        title,
        f"{text.format(loss=loss, goal=format_loss(BY_HEART))} {more}",
        _(
            "The starter is made on the spot and has never read anything but your examples. It "
            "shows the whole way in a minute; it can repeat, and cannot answer what it was not "
            "shown."
        ),
        tone=tone,
        terms=("training loss", "validation loss", "epoch"),
    )
