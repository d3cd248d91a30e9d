"""The figures of all examples, asked of the project in one go in the background."""

from typing import NamedTuple

from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Bin, Distribution, EstimatedTokens

BARS = 24
_LONG_ROWS = 5
_TAIL = 4  # what is so many times longer than nearly all others counts as very long


class LongRow(NamedTuple):
    """One of the longest examples."""

    id: int
    number: int
    preview: str
    tokens: int


class SetFigures(NamedTuple):
    """What the panel shows of all examples.

    Attributes:
        examples: How many there are.
        tokens: Their length together.
        estimated: What of it is an estimate.
        billed_tokens: The same with each example cut at the limit.
        trained_tokens: What is trained on.
        median: Half have at most so many tokens.
        ninety_five: 95 of 100 have at most so many tokens.
        longest: The longest has so many tokens.
        limit: The most tokens that the target takes of an example.
        over_limit: How many examples are longer.
        median_turns: Half have at most so many messages.
        most_turns: The most messages in an example.
        messages_by_role: How many messages each role has.
        long_rows: The longest examples.
        bars: The histogram of the lengths.
    """

    examples: int
    tokens: int
    estimated: EstimatedTokens
    billed_tokens: int
    trained_tokens: int
    median: int
    ninety_five: int
    longest: int
    limit: int
    over_limit: int
    median_turns: int
    most_turns: int
    messages_by_role: tuple[tuple[str, int], ...]
    long_rows: tuple[LongRow, ...]
    bars: tuple[Bin, ...]


def find_figures(project: Project, limit: int) -> SetFigures:
    """Ask the project for all of it.

    Args:
        project: A handle of the thread that asks.
        limit: The most tokens of an example at the target and base model.
    """
    statistics = project.statistics()
    over = project.totals(ExampleQuery(tokens=(limit + 1, None)))
    tokens = statistics.tokens
    return SetFigures(
        examples=tokens.count,
        tokens=tokens.total,
        estimated=project.estimated_tokens(),
        billed_tokens=tokens.total - (over.tokens - over.count * limit),
        trained_tokens=statistics.trained_tokens.total,
        median=tokens.quantiles.get(0.5, 0),
        ninety_five=tokens.quantiles.get(0.95, 0),
        longest=tokens.high,
        limit=limit,
        over_limit=over.count,
        median_turns=statistics.turns.quantiles.get(0.5, 0),
        most_turns=statistics.turns.high,
        messages_by_role=tuple(statistics.messages_by_role.items()),
        long_rows=tuple(
            LongRow(row.id, row.number, row.preview, row.tokens)
            for row in project.rows(statistics.longest[:_LONG_ROWS])
        ),
        bars=_bars(project, tokens),
    )


def _bars(project: Project, tokens: Distribution) -> tuple[Bin, ...]:
    """The histogram; a few very long examples stand in the last bar instead of flattening all."""
    most = _TAIL * tokens.quantiles.get(0.95, 0)
    if tokens.high <= most:
        return tuple(project.histogram(bins=BARS))
    usual = project.histogram(ExampleQuery(tokens=(None, most)), bins=BARS)
    beyond = tokens.count - sum(bar.examples for bar in usual)
    return (*usual, Bin(usual[-1].high + 1 if usual else 0, tokens.high, beyond))
