"""Rules on training loss: it diverges, learns nothing, falls, stays flat, or cannot be told."""

import numpy as np

from tunedesk.fine_tuning.advice_rules.context import (
    FEWEST_MEASUREMENTS,
    FEWEST_POINTS,
    FEWEST_STEPS,
    FLAT_SHARE,
    LAST_PART,
    SEEN_SHARE,
    Advice,
    AdviceContext,
    Tone,
    best_checkpoint,
    falls_now,
    fell_before,
    last_checkpoint_up_to,
    told_apart,
    valid_falls,
)
from tunedesk.fine_tuning.curve_analysis import (
    FEWEST_IN_LEVEL,
    LEAST_CHANGE,
    flat_since,
    last_part,
    levels,
    median_of,
    sudden_fall,
    trend,
    value_near,
)
from tunedesk.fine_tuning.curves import format_loss, spread
from tunedesk.i18n import _, ngettext


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
    if climb <= max(5 * doubt, best.value / 3, 0.4 * gained) or best is end:
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
    common. A fall of more than 3 % that is surely there, also from the first figure alone, is
    learning.
    """
    since = flat_since(seen.train)
    if since is None or since > seen.curves.last_step / 4 or fell_before(seen.train, since):
        return None
    per_epoch = seen.steps_per_epoch
    one_epoch = per_epoch is not None and per_epoch <= seen.curves.last_step
    whole = trend(seen.train)
    if not (seen.ended or one_epoch) or whole.falls_by(0.03) or not whole.is_still(FLAT_SHARE):
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
    """There are too few steps, or too few figures of them.

    Why: the loss of a batch depends on which examples are in it; of a handful of batches the
    direction cannot be told from luck. Four measurements of all held-back examples can be read
    however few figures there are beside them.
    """
    if seen.exact and len(seen.valid) >= FEWEST_MEASUREMENTS:
        return None
    steps, count = seen.curves.last_step, len(seen.train)
    if seen.ended:
        if steps >= FEWEST_STEPS and count >= 2:
            return None
        return Advice(
            "too_few_steps",
            _("Too few steps to tell."),
            ngettext(
                "It had {n} step only. More examples, or more epochs, make more steps; from about "
                "50 on the curve says something.",
                "It had {n} steps only. More examples, or more epochs, make more steps; from about "
                "50 on the curve says something.",
                steps,
            ).format(n=f"{steps:,}")
            if steps < FEWEST_STEPS
            else _("Hardly any figures of it were logged: judge the model by trying it."),
            _too_few(),
            terms=("training loss", "step", "epoch"),
        )
    if steps >= FEWEST_STEPS and count >= FEWEST_IN_LEVEL:
        return None
    text = (
        ngettext(
            "It has gone {n} step so far; from about {some} on a direction can be seen.",
            "It has gone {n} steps so far; from about {some} on a direction can be seen.",
            steps,
        ).format(n=steps, some=FEWEST_STEPS)
        if steps < FEWEST_STEPS
        else ngettext(
            "There is {n} figure of training loss so far; from about {some} on a direction can be "
            "seen.",
            "There are {n} figures of training loss so far; from about {some} on a direction can "
            "be seen.",
            count,
        ).format(n=count, some=FEWEST_IN_LEVEL)
    )
    return Advice(
        "too_early",
        _("Too early to tell."),
        text,
        _too_few(),
        terms=("training loss", "step"),
    )


def _too_few() -> str:
    return _(
        "Each step looks at other examples, some easy and some hard, so the figures jump. Of a few "
        "of them nobody can tell luck from learning."
    )


def known_by_heart(seen: AdviceContext) -> Advice | None:
    """Without held-back examples: the loss is far below what it was when each example was new.

    Why: in the second half of the first epoch the model has the manner of the answers and still
    meets every example for the first time. What it gains on seeing the same ones again is the
    knowledge of these: on real runs the loss falls by 20 to 50 % at the border of an epoch and
    hardly within one. Half of that loss is the sign here. Pairs of answers are another matter:
    their loss comes near zero in a good training too.
    """
    if len(seen.valid) or seen.validates or seen.learns_preferences or len(seen.train) < 5:
        return None
    now = median_of(last_part(seen.train, 0.05 if len(seen.train) >= 100 else 0.2).values)
    by_heart = now < BY_HEART
    per_epoch = seen.steps_per_epoch
    if per_epoch is None:
        return _perhaps_by_heart(seen, now)
    if seen.curves.last_step <= per_epoch:
        return None
    new = seen.train.between(per_epoch / 2, per_epoch).values
    was = median_of(new)
    if not len(new) or now >= BY_HEART_SHARE * was:
        return None
    return Advice(
        "known_by_heart",
        _("It knows its examples by heart.")
        if by_heart
        else _("It has probably begun to learn by heart."),
        _(
            "Training loss is {now}; it was {was} in the first epoch, when every example was new. "
            "There is no loss of held-back examples, so nothing tells how it does with others: "
            "hold a tenth to a fifth of them back, and do not add epochs before."
        ).format(now=format_loss(now), was=format_loss(was)),
        _(
            "What a model gains by seeing the same examples again is knowledge of these examples "
            "first of all. Whether it answers others better can be seen only from examples that "
            "it is not trained on."
        ),
        tone="warning",
        can_stop=True,
        terms=("training loss", "validation loss", "epoch"),
    )


BY_HEART_SHARE = 0.5
NEAR_ZERO = 0.15
"""So low a loss, after a long fall, is hardly that of new examples."""


def _perhaps_by_heart(seen: AdviceContext, now: float) -> Advice | None:
    """The same where the epochs are not known: by a loss near zero, or by a stair.

    A loss that has fallen to nothing is learned by heart whatever the epochs. One near zero
    probably is where it has halved since the first quarter: the manner of the answers is learned
    before that. And a sudden fall amid calm stretches is what happens when all examples come again.
    """
    if seen.epochs == 1:
        return None
    steps = seen.curves.last_step
    start, border = median_of(seen.train.values[:5]), sudden_fall(seen.train)
    quarter = median_of(seen.train.between(steps / 8, steps / 4).values)
    near_zero = now < NEAR_ZERO and now < BY_HEART_SHARE * quarter and seen.ended
    if now < BY_HEART:
        title, was = _("It knows its examples by heart."), start
        text = _("Training loss is down to {now}, from {was} at first: next to nothing is wrong.")
    elif border is not None:
        title = _("It has probably begun to learn by heart.")
        was = median_of(seen.train.between(border / 2, border).values)
        text = _(
            "Training loss is {now}; it was {was} before it fell suddenly after step {step}, as it "
            "does when the same examples come again."
        )
    elif near_zero:
        title, was = _("It has probably begun to learn by heart."), quarter
        text = _("Training loss is {now}, near zero; it was {was} in the first quarter.")
    else:
        return None
    low, high = told_apart(now, was)
    text = text.format(now=low, was=high, step=f"{border or 0:,}")
    more = _(
        "There is no loss of held-back examples, so nothing tells how it does with others: hold a "
        "tenth to a fifth of them back, and do not add epochs before."
    )
    return Advice(
        "known_by_heart",
        title,
        f"{text} {more}",
        _(
            "What a model gains by seeing the same examples again is knowledge of these examples "
            "first of all. Whether it answers others better can be seen only from examples that "
            "it is not trained on."
        ),
        tone="warning",
        can_stop=True,
        terms=("training loss", "validation loss", "epoch"),
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
    if seen.ended or not falls_now(seen.train) or valid_falls(seen) or _validation_leans_up(seen):
        return None
    part = max(1, len(stretch) // 5)  # one bad batch at an end says nothing
    first, last = median_of(stretch.values[:part]), median_of(stretch.values[-part:])
    if last > first * (1 - LEAST_CHANGE):
        return None
    return Advice(
        "still_falling",
        _("Still falling."),
        _("Training loss fell from {first} to {last} since step {step}. Let it go on.").format(
            first=told_apart(first, last)[0],
            last=told_apart(first, last)[1],
            step=f"{stretch.steps[0]:,}",
        ),
        _(
            "As long as the smoothed training loss falls beyond what chance does, the model "
            "is still learning."
        ),
        tone="good",
    )


def _validation_leans_up(seen: AdviceContext) -> bool:
    """Whether validation loss has risen, though not surely: no reason to praise."""
    values = seen.valid.values
    if seen.exact:
        return bool(values[-1] > values.min() * (1 + LEAST_CHANGE / 2))
    if len(values) < FEWEST_IN_LEVEL:
        return False
    stretch = trend(seen.valid)
    thirds = [median_of(part) for part in np.array_split(values, 3)]
    return stretch.change > 0.05 * abs(stretch.level) or thirds[2] > min(thirds[:2]) * 1.05


def flat(seen: AdviceContext) -> Advice | None:
    """Training loss has stopped falling.

    Why: with these examples and settings there is nothing more to gain. A stretch counts that makes
    a quarter of the run and more than an epoch, in which it surely changed by less than a
    quarter: within an epoch the loss often stands still, and falls with the next, when the same
    examples come again. Nor is it flat where it surely falls by more than 4 %, by the end of the
    run at this pace: 41 of 52 real runs that were called flat fell on.
    """
    since = flat_since(seen.train)
    if since is None or not fell_before(seen.train, since) or falls_now(seen.train):
        return None
    if not seen.ended and seen.curves.last_step < (seen.total_steps or 0) / 4:
        return None
    if seen.epochs != 1 and not _longer_than_an_epoch(seen, seen.curves.last_step - since):
        return None
    rest = seen.train.between(since, None)
    long_enough = len(rest) >= max(FEWEST_IN_LEVEL, len(seen.train) // 4)
    stretch = trend(rest)
    if not long_enough or not stretch.is_still(FLAT_SHARE):
        return None
    ahead = max((seen.total_steps or 0) - seen.curves.last_step, 0) if not seen.ended else 0
    width = max(float(rest.steps[-1] - rest.steps[0]), 1.0)
    pace = 1 + ahead / width
    if stretch.falls_by(MOST_FALL_OF_FLAT / pace):
        return None
    loss, step = format_loss(median_of(rest.values)), f"{since:,}"
    if since <= seen.curves.last_step / 10:
        title = _("It learned the form at once.")
        text = _(
            "Training loss fell from {first} to about {loss} in the first steps and has stayed "
            "there: it took on the form of the answers, and found little more in these examples."
        ).format(first=format_loss(float(seen.train.values[:3].max())), loss=loss)
    else:
        title = _("Flat since step {step}.").format(step=step)
        if not seen.ended:
            text = _(
                "Training loss has been about {loss} since step {step}. Going on changes little."
            ).format(loss=loss, step=step)
        elif (seen.epochs or 1) > 1:
            text = _(
                "Training loss has been about {loss} since step {step}: fewer epochs would do as "
                "well."
            ).format(loss=loss, step=step)
        else:
            text = _(
                "Training loss has been about {loss} since step {step}: what came after it taught "
                "little that was new. Other examples would help more than more of the same."
            ).format(loss=loss, step=step)
    return Advice(
        "flat",
        title,
        text,
        _(
            "The smoothed training loss has not changed beyond its noise since then, so further "
            "steps with these settings hardly change the model."
        ),
        tone="neutral",
        can_stop=True,
        terms=("training loss", "step"),
    )


def _longer_than_an_epoch(seen: AdviceContext, steps: int) -> bool:
    """Whether so many steps surely are; of unknown epochs it is taken that there may be two."""
    if seen.steps_per_epoch is not None:
        return steps >= 1.1 * seen.steps_per_epoch
    if seen.ended:
        return True
    return seen.total_steps is not None and steps >= 0.55 * seen.total_steps


MOST_FALL_OF_FLAT = 0.04
"""A curve is not flat where it surely falls by more than this share of its level."""


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
    held_back = (
        (seen.first_validation, seen.validation_at(float(seen.valid.steps[-1])))
        if len(seen.valid) > 1
        else (0.0, 0.0)
    )
    rises = held_back[1] > held_back[0] * (1 + LEAST_CHANGE)
    if now < start * (1 - LEAST_CHANGE):
        title = _("Only training loss falls.") if rises else _("Training loss has fallen.")
        text = _("Training loss fell from {first} to {last}.")
    else:
        title = _("Nothing stands out.")
        text = _("Training loss was {first} at first and is {last} now.")
    if format_loss(start) == format_loss(now):
        text = _("Training loss is {last}, as at first.")
    text = text.format(first=format_loss(start), last=format_loss(now))
    if len(seen.valid) > 1:
        first, last = format_loss(held_back[0]), format_loss(held_back[1])
        more = (
            _("Validation loss is {last}, as at first.")
            if first == last
            else _("Validation loss was {first} at first and is {last} now.")
        )
        text = f"{text} {more.format(first=first, last=last)}"
    lowest, best = seen.lowest_validation, None
    if lowest is not None and lowest[0] != seen.valid.steps[-1]:
        low, now_held_back = told_apart(lowest[1], float(seen.valid.values[-1]))
        best = best_checkpoint(seen.checkpoints, seen.valid, lowest[0])
        if low != now_held_back:
            was = _("It was lowest at step {step}, with {low}.")
            text = f"{text} {was.format(step=f'{lowest[0]:,}', low=low)}"
    return Advice(
        "steady",
        title,
        text,
        _(
            "None of the signs of trouble is sure: the loss does not climb, does not jump beyond "
            "measure, and validation loss, if there is any, has not surely turned upwards."
        ),
        checkpoint_step=best,
        terms=("training loss", "validation loss") if len(seen.valid) > 1 else ("training loss",),
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
    # Said is where the line of the chart ends; the median judges: a wild step moves it less.
    loss = format_loss(float(seen.train.smoothed().values[-1]))
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
