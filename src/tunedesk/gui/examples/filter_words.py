"""The words in which the filters of a query are shown."""

from tunedesk.gui.examples.columns import column_looks
from tunedesk.i18n import _
from tunedesk.project.query import ANY_LENGTH, ExampleQuery, Range

LENGTHS: tuple[Range, ...] = (
    (None, 250),
    (251, 1_000),
    (1_001, 4_000),
    (4_001, 16_000),
    (16_001, 65_536),
    (65_537, None),
)
"""The lengths in tokens that the menu offers; the last is over what most targets take."""


def tags_words(tags: tuple[str, ...]) -> str:
    """The tags that are filtered by."""
    return ", ".join(tag or _("none") for tag in tags)


def sources_words(sources: tuple[str, ...], titles: dict[str, str]) -> str:
    """The sources that are filtered by."""
    return ", ".join(titles.get(name, name) for name in sources)


def length_words(query: ExampleQuery) -> str:
    """The lengths that are filtered by; empty for all."""
    parts = []
    if query.tokens != ANY_LENGTH:
        parts.append(_("{range} tokens").format(range=_range_words(query.tokens)))
    if query.turns != ANY_LENGTH:
        parts.append(_("{range} turns").format(range=_range_words(query.turns)))
    return ", ".join(parts)


def sort_words(query: ExampleQuery) -> str:
    """The order, unless it is the one they came in."""
    if query.sort == "number":
        return _("last first") if query.descending else ""
    title = next(
        (look.title for look in column_looks().values() if look.sort == query.sort), query.sort
    )
    return f"{title.lower()} {'↓' if query.descending else '↑'}"


def _range_words(limits: Range) -> str:
    low, high = limits
    if low is None:
        return _("up to {high}").format(high=f"{high:,}")
    if high is None:
        return _("over {low}").format(low=f"{low - 1:,}")
    if low == high:
        return f"{low:,}"
    return _("{low} to {high}").format(low=f"{low:,}", high=f"{high:,}")
