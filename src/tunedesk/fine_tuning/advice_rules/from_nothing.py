"""What is to be said of a model that knew nothing before: the starter, which learns by heart."""

from tunedesk.fine_tuning.advice_rules.found import FEWEST_POINTS, Advice, Seen, Tone
from tunedesk.fine_tuning.curve_shapes import median_of
from tunedesk.fine_tuning.figure_words import loss_words
from tunedesk.i18n import _

BY_HEART = 0.02
"""Below this training loss the starter gives trained answers word for word: a token has then a
chance of 98 % in the mean (the loss is the negative logarithm of it), and the likeliest is said."""
_LAST = 20


def from_nothing(seen: Seen) -> Advice | None:
    """The base model knows nothing but the examples, so that learning by heart is its purpose.

    Why: what validation loss measures, whether the model does well with what it has never seen,
    cannot be had from a model that never saw a language. It rises with each epoch, and a warning
    of it would lead the user to stop where the answers are not learnt yet.
    """
    if not seen.from_nothing or len(seen.train) < FEWEST_POINTS:
        return None
    now = median_of(seen.train.values[-_LAST:])
    loss = loss_words(now)
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
        "The starter knows nothing else, so validation loss rises, and says nothing here. For "
        "answers to new questions choose a base model that knows a language."
    )
    return Advice(
        "from_nothing",
        title,
        f"{text.format(loss=loss, goal=loss_words(BY_HEART))} {more}",
        _(
            "The starter is made on the spot and has never read anything but your examples. It "
            "shows the whole way in a minute; it can repeat, and cannot answer what it was not "
            "shown."
        ),
        tone=tone,
        words=("training loss", "validation loss", "epoch"),
    )
