"""The base models that can be chosen, with what there is to know of each."""

import datetime
from typing import NamedTuple

from tunedesk.catalogue.cost import estimate
from tunedesk.catalogue.hardware import need_of
from tunedesk.catalogue.memory_estimate import Machine, Need, why_it_does_not_fit
from tunedesk.catalogue.models import Catalogue
from tunedesk.gui.fine_tune.run_words import day_words
from tunedesk.gui.size_text import size_text
from tunedesk.i18n import _
from tunedesk.services.connect import ListedModel
from tunedesk.services.providers import Provider, longest_example, provider


class ModelRow(NamedTuple):
    """A base model in the list.

    Attributes:
        id: Its name for the service.
        title: The name to show.
        note: What it is good for.
        size: What is downloaded and the memory that training takes, or what it costs.
        licence: Its licence, or when it ends.
        limit: How long an example may be; may be empty.
        badge: Whether it fits on this computer; may be empty.
        tone: The tone of the badge.
        why: Why it does not fit, in a sentence; may be empty.
        memory: The bytes of memory that training it needs here, an estimate; 0: not known.
    """

    id: str
    title: str
    note: str = ""
    size: str = ""
    licence: str = ""
    limit: str = ""
    badge: str = ""
    tone: str = "muted"
    why: str = ""
    memory: int = 0

    @property
    def words(self) -> str:
        """All of it, for a screen reader."""
        parts = (
            self.title,
            self.size,
            self.licence,
            self.limit,
            self.badge,
            self.note,
            self.why,
        )
        return ", ".join(part for part in parts if part)


def local_rows(
    machine: Machine | None,
    *,
    longest: int,
    full: bool,
    batch_size: int | None,
    pairs: bool,
) -> list[ModelRow]:
    """The models for this computer, smallest first, with whether each fits.

    Args:
        machine: What this computer has; None while that is not known.
        longest: The tokens of the longest example; 0: not known.
        full: Whether all weights are trained.
        batch_size: How many examples are computed at once; None: automatic.
        pairs: Whether it learns from preferences (DPO).
    """
    rows = []
    for model in Catalogue.load().local_models:
        badge, tone, why, memory = "", "muted", "", 0
        if machine is not None:
            need = need_of(
                model, machine, full=full, longest=longest, batch_size=batch_size, pairs=pairs
            )
            badge, tone, why = _fit(need, machine, full)
            memory = need.memory
        size = size_text(model.weight_bytes) if model.weight_bytes else _("built in")
        if memory:
            size += " · " + _("{size} of memory").format(size=size_text(memory))
        gated = _(" · to be accepted at Hugging Face first") if model.is_gated else ""
        rows.append(
            ModelRow(
                id=model.id,
                title=model.title,
                note=model.note + gated,
                size=size,
                licence=model.licence,
                limit=_limit_words(longest_example(provider("local"), model.id)),
                badge=badge,
                tone=tone,
                why=why,
                memory=memory,
            )
        )
    return rows


def _fit(need: Need, machine: Machine, full: bool) -> tuple[str, str, str]:
    why = why_it_does_not_fit(need, machine, full=full) or ""
    if not why:
        return _("fits"), "success", ""
    if need.disk > machine.disk_free or need.memory > machine.memory_total:
        return _("too large"), "error", why
    return _("tight"), "warning", why


def service_rows(
    place: Provider, today: datetime.date, listed: tuple[ListedModel, ...], billable: int
) -> list[ModelRow]:
    """The models of a service: those of its list, else those it names itself.

    Args:
        place: The service.
        today: For those that have ended.
        listed: What it listed when the connection was tried.
        billable: The tokens that would be charged; 0: not known.
    """
    shutdown = {model.id: model.shutdown_date for model in listed}
    if not place.models:
        return [
            ModelRow(
                model.id,
                model.id,
                licence=_ends(model.shutdown_date),
                limit=_limit_words(longest_example(place, model.id)),
            )
            for model in listed
        ]
    rows = []
    for model in place.open_models(today):
        size = ""
        cost = estimate(0, billable, place.target, model.id, epochs=1)
        if cost.price_per_million is not None:
            size = _("${price} for a million tokens").format(price=f"{cost.price_per_million:g}")
            if cost.price:
                size = money_words(cost.price)
        ends = shutdown.get(model.id) or model.ends
        limit = _limit_words(longest_example(place, model.id))
        rows.append(ModelRow(model.id, model.title, size=size, licence=_ends(ends), limit=limit))
    return rows


def money_words(dollars: float) -> str:
    """An estimated price in US dollars: about $1.24."""
    if dollars < 0.01:
        return _("less than $0.01")
    return _("about {price}").format(price=f"${dollars:,.2f}")


def _limit_words(tokens: int | None) -> str:
    if tokens is None:
        return ""
    return _("up to {tokens} tokens an example").format(tokens=f"{tokens:,}")


def _ends(day: datetime.date | None) -> str:
    if day is None:
        return ""
    return _("ends {day}").format(day=day_words(day))
