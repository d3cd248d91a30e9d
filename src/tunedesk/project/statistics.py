"""Figures of the examples of a query: totals, quantiles, histogram, roles, turns, problems."""

import contextlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tunedesk.project import damage
from tunedesk.project.context import ProjectContext
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.query import STATES, ExampleQuery, State, selection


@dataclass(frozen=True)
class Totals:
    """What the examples of a query come to.

    Attributes:
        count: How many there are.
        tokens: Their length together.
        trained_tokens: Of that, what is trained on.
        with_errors: How many have errors.
        with_warnings: How many have warnings.
        with_hints: How many have hints.
        with_problems: How many have errors or warnings; hints are counted apart.
        by_state: How many are in each state.
    """

    count: int
    tokens: int
    trained_tokens: int
    with_errors: int
    with_warnings: int
    with_hints: int
    with_problems: int
    by_state: dict[State, int]


class EstimatedTokens(NamedTuple):
    """What of the length of examples is not counted exactly but by a published formula.

    Attributes:
        tools: Tools and tool calls.
        images: Images.
    """

    tools: int
    images: int


def totals(context: ProjectContext, query: ExampleQuery) -> Totals:
    """The totals of a query, in one scan."""
    where = selection(context, query)
    states = ", ".join(f"sum(state = {number})" for number in range(len(STATES)))
    figures = _figures(
        context,
        "SELECT count(*), sum(tokens), sum(trained_tokens), sum(errors > 0),"
        " sum(warnings > 0), sum(hints > 0), sum(errors > 0 OR warnings > 0),"
        f" {states} FROM example WHERE {where.sql}",
        where.parameters,
    )
    by_state = dict(zip(STATES, figures[7:], strict=True))
    count, tokens, trained, errors, warnings, hints, problems = figures[:7]
    return Totals(count, tokens, trained, errors, warnings, hints, problems, by_state)


def estimated_tokens(context: ProjectContext) -> EstimatedTokens:
    """What of the length of all examples together is an estimate."""
    tools, images = _figures(
        context,
        "SELECT sum(tool_tokens), sum(image_tokens) FROM example"
        " CROSS JOIN version ON version.id = example.version_id WHERE deleted = 0",
        (),
    )
    return EstimatedTokens(tools, images)


_MOST_TOKENS = 1 << 40


def _figures(context: ProjectContext, sql: str, parameters: Sequence[Any]) -> list[int]:
    """A row of counts and sums; nothing summed is 0.

    In a damaged file, or a stranger's, a sum may overflow: then numbers that nobody counted are
    left out of it.
    """
    with contextlib.suppress(ProjectDamagedError):
        row = context.store.row(sql, parameters) or ()
        if all(value is None or damage.whole_or_none(value) is not None for value in row):
            return [value or 0 for value in row]
    bounded = re.sub(
        r"sum\((\w+)\)", rf"sum(\1) FILTER (WHERE \1 BETWEEN 0 AND {_MOST_TOKENS})", sql
    )
    return [damage.whole(value) for value in context.store.row(bounded, parameters) or ()]


Measure = Literal["tokens", "turns", "trained_tokens"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

_ROLES = {
    "s": "system",
    "u": "user",
    "a": "assistant",
    "t": "tool",
    "f": "function",
    "d": "developer",
    "?": "other",
}
_TAIL = 0.995
_LONGEST = 20
_CHUNK = 2000


class Bin(NamedTuple):
    """A bar of a histogram.

    Attributes:
        low: The smallest value in it.
        high: The largest value in it; with `low` a range for `ExampleQuery`.
        examples: How many examples it holds.
    """

    low: int
    high: int
    examples: int


@dataclass(frozen=True)
class Distribution:
    """How a measure is spread over examples.

    Attributes:
        count: How many examples.
        total: Their sum.
        low: The smallest; 0 without examples.
        high: The largest; 0 without examples.
        mean: The mean; 0 without examples.
        quantiles: Values by share, for QUANTILES.
    """

    count: int
    total: int
    low: int
    high: int
    mean: float
    quantiles: dict[float, int]


@dataclass(frozen=True)
class Statistics:
    """What the statistics panel shows.

    Attributes:
        tokens: How lengths are spread.
        trained_tokens: How the tokens that are trained on are spread.
        turns: How numbers of messages are spread.
        messages_by_role: How many messages each role has.
        examples_by_turns: How many examples have so many messages.
        longest: The ids of the longest examples, the longest first.
    """

    tokens: Distribution
    trained_tokens: Distribution
    turns: Distribution
    messages_by_role: dict[str, int]
    examples_by_turns: dict[int, int]
    longest: tuple[int, ...]


def statistics(context: ProjectContext, query: ExampleQuery) -> Statistics:
    """The statistics of a query."""
    where = selection(context, query)
    store = context.store
    roles: Counter[str] = Counter()
    for letters, examples in store.rows(
        "SELECT roles, count(*) FROM version WHERE id IN"
        f" (SELECT version_id FROM example WHERE {where.sql}) GROUP BY roles",
        where.parameters,
    ):
        for letter in damage.text(letters):
            roles[letter] += examples
    longest = store.rows(
        f"SELECT id FROM example WHERE {where.sql} ORDER BY tokens DESC, position LIMIT ?",
        (*where.parameters, _LONGEST),
    )
    tokens, trained, turns = _spread(context, query, "tokens", "trained_tokens", "turns")
    return Statistics(
        tokens=_distribution(tokens),
        trained_tokens=_distribution(trained),
        turns=_distribution(turns),
        messages_by_role={role: roles[letter] for letter, role in _ROLES.items() if roles[letter]},
        examples_by_turns=dict(turns),
        longest=tuple(row[0] for row in longest),
    )


def histogram(
    context: ProjectContext, query: ExampleQuery, bins: int, measure: Measure = "tokens"
) -> list[Bin]:
    """The histogram of a measure; the few very large values stand in the last bar."""
    spread = _spread(context, query, measure)[0]
    if not spread:
        return []
    low, high = spread[0][0], _quantiles(spread, (_TAIL,))[_TAIL]
    width = max(1, -(-(high - low + 1) // bins))
    counts = [0] * min(bins, -(-(high - low + 1) // width))
    for value, examples in spread:
        counts[min((value - low) // width, len(counts) - 1)] += examples
    made = [
        Bin(low + number * width, low + (number + 1) * width - 1, examples)
        for number, examples in enumerate(counts)
    ]
    last = made[-1]
    made[-1] = last._replace(high=max(last.high, spread[-1][0]))
    return made


def problem_counts(context: ProjectContext, query: ExampleQuery) -> dict[str, int]:
    """How many examples have a problem, by its code; the most frequent first."""
    where = selection(context, query)
    counts: dict[str, int] = {}
    for number, examples in context.store.rows(
        f"SELECT code_set, count(*) FROM example WHERE {where.sql} GROUP BY code_set",
        where.parameters,
    ):
        for code in context.codes.members(number):
            counts[code] = counts.get(code, 0) + examples
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _spread(
    context: ProjectContext, query: ExampleQuery, *measures: Measure
) -> list[list[tuple[int, int]]]:
    """For each measure the values that occur and how many examples have each, rising."""
    where = selection(context, query)
    cursor = context.store.connection.execute(
        f"SELECT {', '.join(measures)} FROM example WHERE {where.sql}", where.parameters
    )
    counters: list[Counter[int]] = [Counter() for _measure in measures]
    # In small pieces, so that the window gets Python's lock in between.
    while rows := cursor.fetchmany(_CHUNK):
        for counter, values in zip(counters, zip(*rows, strict=True), strict=True):
            counter.update(values)
    for counter in counters:
        # Out of a damaged file: numbers that nobody counted, or none.
        for value in [one for one in counter if damage.whole_or_none(one) is None]:
            del counter[value]
    return [sorted(counter.items()) for counter in counters]


def _distribution(spread: Sequence[tuple[int, int]]) -> Distribution:
    count = sum(examples for _value, examples in spread)
    if not count:
        return Distribution(0, 0, 0, 0, 0.0, {})
    total = sum(value * examples for value, examples in spread)
    return Distribution(
        count, total, spread[0][0], spread[-1][0], total / count, _quantiles(spread, QUANTILES)
    )


def _quantiles(spread: Sequence[tuple[int, int]], shares: Sequence[float]) -> dict[float, int]:
    """The values at or below which these shares of the examples lie."""
    count = sum(examples for _value, examples in spread)
    found: dict[float, int] = {}
    seen = 0
    waiting = sorted(shares)
    for value, examples in spread:
        seen += examples
        while waiting and seen >= waiting[0] * count:
            found[waiting.pop(0)] = value
    return found
