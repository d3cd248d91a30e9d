"""The words for problems of the text itself."""

from functools import cache

from tunedesk.checks.wording.words import Words
from tunedesk.i18n import _


@cache
def text_words() -> dict[str, Words]:
    """The words by code."""
    return {
        "replacement_character": Words(
            _("Lost letters (\ufffd)"),
            _("Message {n} holds \ufffd where a letter was lost ({count} in all)."),
            _("Write the lost letters again."),
        ),
        "mojibake": Words(
            _("Garbled letters"),
            _("Message {n} holds garbled letters: “{found}” was mostly “{meant}”."),
            _("Fix it to put the letters right."),
        ),
        "control_character": Words(
            _("Invisible control characters"),
            _("Message {n} holds invisible control characters ({code}, {count} in all)."),
            _("Fix it to take them out."),
        ),
        "blanks_around": Words(
            _("Blanks around the text"),
            _("Message {n} begins or ends with blanks or empty lines."),
            _("Fix it to take them off."),
            {
                "before": _("Message {n} begins with blanks or empty lines."),
                "after": _("Message {n} ends with blanks or empty lines."),
            },
        ),
        "placeholder": Words(
            _("Placeholder not filled in"),
            _("Message {n} holds {text}: a placeholder that nobody filled in?"),
            _("Write what belongs there, if it is not meant to stay."),
        ),
        "placeholder_perhaps": Words(
            _("Perhaps a placeholder"),
            _("Message {n} holds {text}: perhaps a placeholder."),
            _("Write what belongs there, if it is not meant to stay."),
        ),
        "special_token_text": Words(
            _("Text that looks like a special token"),
            _("Message {n} holds {text}, which some models take for a sign of their own."),
            _("Delete it if it came by copying."),
        ),
    }
