"""The words for problems of the data set as a whole."""

from functools import cache

from tunedesk.checks.wording.words import Words
from tunedesk.i18n import _


@cache
def set_words() -> dict[str, Words]:
    """The words by code; that of too few examples is the one that OpenAI prints."""
    return {
        "too_few_examples": Words(
            _("Too few examples"),
            _("Training file has {count} example(s), but must have at least {limit} examples"),
            _("Write or import more examples."),
        ),
        "few_examples": Words(
            _("Few examples"),
            _("There are {count} examples; {limit} to 100 good ones are advised to begin with."),
            _("Write or import more examples."),
        ),
        "duplicate_examples": Words(
            _("The same example more than once"),
            _("The same example stands here {count} times."),
            _("Keep one and delete the others."),
        ),
        "same_question_different_answers": Words(
            _("Same question, different answers"),
            _("The same question has {answers} different answers in {count} examples."),
            _("Keep the best answer, unless variety is what the model shall learn."),
        ),
        "similar_system_prompts": Words(
            _("System prompts that are almost the same"),
            _("{count} system prompts are almost the same, such as “{first}” and “{second}”."),
            _("Use one system prompt for all if they are meant to be the same."),
        ),
    }
