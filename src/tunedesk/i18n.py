"""Translation by gettext, free of Qt, and sizes as text: the program in the user's language.

`packaging/translations.py` collects the texts that are given to `_` and `ngettext`: whole
sentences, never glued together, with what is filled in named in braces.
"""

import gettext as gettext_module
import locale
import os
from functools import cache

from tunedesk.paths import resource

DOMAIN = "tunedesk"


@cache
def _translations() -> gettext_module.NullTranslations:
    """The catalogue of the user's language; the English texts themselves if there is none.

    The languages are those of gettext's variable LANGUAGE ("de:fr"), else that of the locale.
    """
    languages = [name for name in os.environ.get("LANGUAGE", "").split(":") if name]
    language, _encoding = locale.getlocale()
    if not languages and language:
        languages = [language]
    return gettext_module.translation(
        DOMAIN, localedir=str(resource("translations")), languages=languages or None, fallback=True
    )


def _(text: str) -> str:
    """The text in the user's language."""
    return _translations().gettext(text)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The text that fits the number, in the user's language."""
    return _translations().ngettext(singular, plural, number)


_UNITS = ("B", "kB", "MB", "GB", "TB")


def size_text(size: float) -> str:
    """A size in bytes with a unit that fits: "1.2 MB"."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    digits = 0 if unit == 0 or size >= 100 else 1
    return f"{size:,.{digits}f} {_UNITS[unit]}"


def speed_text(speed: float) -> str:
    """Bytes a second: "31.0 MB/s"."""
    return _("{size}/s").format(size=size_text(speed))


def money_text(dollars: float) -> str:
    """An estimated price in US dollars: "about $1.24"."""
    if 0 < dollars < 0.01:
        return _("less than $0.01")
    return _("about {price}").format(price=f"${dollars:,.2f}")


def duration_text(seconds: float) -> str:
    """A length of time, in the one unit that matters: 40 s, 6 min, 2 h 5 min."""
    if seconds < 90:
        return _("{n} s").format(n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("{n} min").format(n=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return ngettext("{n} day", "{n} days", round(hours / 24)).format(n=round(hours / 24))
    if not minutes:
        return _("{n} h").format(n=hours)
    return _("{n} h {m} min").format(n=hours, m=minutes)
