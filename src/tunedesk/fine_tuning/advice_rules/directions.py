"""Where training loss is going, and where that cannot be told."""

from tunedesk.fine_tuning.advice_rules.found import (
    FEWEST_POINTS,
    FLAT_SHARE,
    LAST_PART,
    SEEN_SHARE,
    Advice,
    Seen,
    falls_now,
    fell_before,
    valid_falls,
)
from tunedesk.fine_tuning.curve_shapes import (
    LEAST_CHANGE,
    flat_since,
    last_part,
    median_of,
    trend,
    value_near,
)
from tunedesk.fine_tuning.curves import spread
from tunedesk.fine_tuning.figure_words import loss_words
from tunedesk.i18n import _, ngettext


def too_early(seen: Seen) -> Advice | None:
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
            words=("training loss", "step", "epoch"),
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
        words=("training loss", "step"),
    )


def _too_few() -> str:
    return _(
        "Each step looks at other examples, some easy and some hard, so the figures jump. Of a few "
        "of them nobody can tell luck from learning."
    )


def too_noisy(seen: Seen) -> Advice | None:
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
        ).format(noise=loss_words(spread(seen.train.values))),
        _(
            "With few examples in a batch, each step shows how hard those few were. Averaged over "
            "all steps so far, a fall of a seventh would still be hidden."
        ),
        words=("training loss", "batch size"),
    )


def still_falling(seen: Seen) -> Advice | None:
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
            first=loss_words(first), last=loss_words(last), step=f"{stretch.steps[0]:,}"
        ),
        _(
            "As long as the smoothed training loss falls beyond what chance does, the model "
            "is still learning."
        ),
        tone="good",
    )


def flat(seen: Seen) -> Advice | None:
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
    loss = loss_words(median_of(rest.values))
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
        words=("training loss", "step"),
    )


def steady(seen: Seen) -> Advice | None:
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
        text.format(first=loss_words(start), last=loss_words(now)),
        _(
            "None of the signs of trouble is there: the loss does not climb, does not jump beyond "
            "measure, and validation loss, if there is any, has not turned upwards."
        ),
    )


def jumps(seen: Seen) -> Advice | None:
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
        words=("training loss", "batch size"),
    )


JUMPY = 0.25
