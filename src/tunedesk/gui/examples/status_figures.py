"""The figures of the whole project: for the chips, the menus of the filters and the status line."""

import datetime
from typing import NamedTuple

from tunedesk.catalogue.cost import estimate, is_priced
from tunedesk.catalogue.models import Catalogue, default_model
from tunedesk.gui.examples.panel.set_figures import figure_text
from tunedesk.gui.examples.panel.tokens_tab import MODEL_SETTING
from tunedesk.gui.status_line import StatusPart
from tunedesk.i18n import _, ngettext
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Totals

FIGURE_KINDS = frozenset({"set", "added", "deleted", "state", "tags", "facts", "text", "settings"})
"""After these kinds of changes the figures may be others."""


class Figures(NamedTuple):
    """What the project comes to.

    Attributes:
        totals: Counts and lengths of all examples.
        estimated: Whether the lengths hold estimates: tools and images.
        tags: The tags with how many examples have them.
        sources: The names of the sources and what the user reads for them.
        model: The base model that the cost is worked out for.
        target: Where it is trained.
        lapsed: How many approvals a new text took.
    """

    totals: Totals
    estimated: bool
    tags: list[tuple[str, int]]
    sources: list[tuple[str, str]]
    model: str
    target: str
    lapsed: int


def find_figures(project: Project) -> Figures:
    """Work the figures out; called in a thread."""
    # The catalogue is read here, so that the GUI thread finds it ready.
    Catalogue.load()
    sources = {source.name: source.title for source in project.sources()}
    return Figures(
        project.totals(),
        any(project.estimated_tokens()),
        [(tag.name, tag.examples) for tag in project.tags()],
        list(sources.items()),
        str(project.setting(MODEL_SETTING) or default_model(project.context.target)),
        project.context.target,
        project.count(ExampleQuery(lapsed=True)),
    )


def status_parts(figures: Figures, today: datetime.date) -> list[StatusPart]:
    """What the status line says of all examples."""
    totals = figures.totals
    examples = ngettext("example", "examples", totals.count)
    parts = [StatusPart(f"{totals.count:,}", examples)]
    if totals.with_problems:
        tone = "error" if totals.with_errors else "warning"
        text = ngettext("with problems", "with problems", totals.with_problems)
        parts.append(StatusPart(f"{totals.with_problems:,}", text, tone))
    if totals.count:
        text = ngettext("token", "tokens", totals.tokens)
        parts.append(StatusPart(figure_text(totals.tokens, figures.estimated), text))
        if is_priced(figures.target):
            parts.append(_cost(figures, today))
    left = totals.by_state.get("to_review", 0)
    if left:
        parts.append(StatusPart(f"{left:,}", _("left to review")))
    return parts


def _cost(figures: Figures, today: datetime.date) -> StatusPart:
    """Epochs and price on the base model, and when that model ends."""
    model = Catalogue.load().find(figures.model)
    cost = estimate(figures.totals.count, figures.totals.tokens, figures.target, model)
    epochs = ngettext("{n} epoch", "{n} epochs", cost.epochs).format(n=cost.epochs)
    if model is None:
        return StatusPart("", epochs)
    end = model.shutdown_date
    price = ""
    if cost.price is not None:
        price = f"≈ ${cost.price:,.2f}" if cost.price >= 0.01 else "< $0.01"
        if end is None:
            text = _("{epochs} {price} on {model}")
        elif model.is_shut_down(today):
            text = _("{epochs} {price} on {model}, ended {day}")
        else:
            text = _("{epochs} {price} on {model}, ends {day}")
    elif end is None:
        text = _("{epochs} on {model}")
    elif model.is_shut_down(today):
        text = _("{epochs} on {model}, ended {day}")
    else:
        text = _("{epochs} on {model}, ends {day}")
    day = end.isoformat() if end is not None else ""
    return StatusPart("", text.format(epochs=epochs, price=price, model=model.title, day=day))
