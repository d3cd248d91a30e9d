"""What the launch page calls things: the text of its button, and the name of a new run."""

import re

from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.gui.fine_tune.launch.model_rows import money_words
from tunedesk.gui.fine_tune.launch.outlook import Outlook
from tunedesk.i18n import _, ngettext
from tunedesk.services.providers import Provider, provider_label


def start_words(place: Provider, outlook: Outlook | None) -> str:
    """What the button says: where to, how many, for how much."""
    if place.name == "local":
        return _("Train on this computer")
    if outlook is None:
        return _("Send to {place}").format(place=provider_label(place, ""))
    prepared = outlook.preparation
    count = _count(prepared)
    words = ngettext("Send {n} example to {place}", "Send {n} examples to {place}", count)
    where = provider_label(place, prepared.settings.base_url)
    return _with_price(words.format(n=f"{count:,}", place=where), prepared)


def again_words(place: Provider, prepared: LaunchPreview) -> str:
    """What the button says that sends the same again: how many, where to, for how much."""
    count = _count(prepared)
    words = ngettext(
        "Send {n} example to {place} again", "Send {n} examples to {place} again", count
    )
    where = provider_label(place, prepared.settings.base_url)
    return _with_price(words.format(n=f"{count:,}", place=where), prepared)


def _count(prepared: LaunchPreview) -> int:
    return len(prepared.split.training) + len(prepared.split.validation)


def _with_price(words: str, prepared: LaunchPreview) -> str:
    if prepared.price is None:
        return words
    return _("{words}, {price}").format(words=words, price=money_words(prepared.price))


def next_name(last: str, project: str, runs: int) -> str:
    """The name for a new run: the last one's with the next number, else the project's."""
    numbered = re.fullmatch(r"(.*?)-?v(\d+)", last)
    if numbered:
        return f"{numbered[1]}-v{int(numbered[2]) + 1}".lstrip("-")
    base = re.sub(r"[^a-z0-9]+", "-", (last or project).casefold()).strip("-")[:30].strip("-")
    return f"{base or _('model')}-v{runs + 1}"
