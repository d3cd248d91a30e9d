"""Translation by gettext, free of Qt: the texts of the program in the user's language."""

import gettext as gettext_module
import locale
from functools import cache

from tunedesk.paths import resource

DOMAIN = "tunedesk"


@cache
def _translations() -> gettext_module.NullTranslations:
    """The catalogue of the user's language; the English texts themselves if there is none."""
    language, _encoding = locale.getlocale()
    return gettext_module.translation(
        DOMAIN,
        localedir=str(resource("translations")),
        languages=[language] if language else None,
        fallback=True,
    )


def _(text: str) -> str:
    """The text in the user's language."""
    return _translations().gettext(text)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The text that fits the number, in the user's language."""
    return _translations().ngettext(singular, plural, number)
