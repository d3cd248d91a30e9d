"""Figures of many examples at once: totals, counts of problems, statistics, histogram."""

from dataclasses import dataclass
from typing import NamedTuple

from tunedesk.project.parts import ProjectParts
from tunedesk.project.query import ExampleQuery
from tunedesk.project.selection import selection
from tunedesk.project.states import STATES, State


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
        with_problems: How many have any of these.
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


def totals(parts: ProjectParts, query: ExampleQuery) -> Totals:
    """The totals of a query, in one scan."""
    where = selection(parts, query)
    states = ", ".join(f"sum(state = {number})" for number in range(len(STATES)))
    row = parts.store.row(
        "SELECT count(*), sum(tokens), sum(trained_tokens), sum(errors > 0),"
        " sum(warnings > 0), sum(hints > 0), sum(errors + warnings + hints > 0),"
        f" {states} FROM example WHERE {where.sql}",
        where.parameters,
    )
    assert row is not None
    figures = [int(value or 0) for value in row]
    by_state = dict(zip(STATES, figures[7:], strict=True))
    count, tokens, trained, errors, warnings, hints, problems = figures[:7]
    return Totals(count, tokens, trained, errors, warnings, hints, problems, by_state)


def estimated_tokens(parts: ProjectParts) -> EstimatedTokens:
    """What of the length of all examples together is an estimate."""
    row = parts.store.row(
        "SELECT sum(tool_tokens), sum(image_tokens) FROM example"
        " CROSS JOIN version ON version.id = example.version_id WHERE hidden = 0"
    )
    assert row is not None
    return EstimatedTokens(int(row[0] or 0), int(row[1] or 0))
