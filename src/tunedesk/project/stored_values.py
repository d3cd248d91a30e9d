"""How facts and JSON values stand in the project file: made by workers, read with care.

Workers import this and not the database: what they load they load in each process.
"""

import json
from operator import itemgetter
from typing import Any, TypeVar

import orjson

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem

Value = TypeVar("Value")

LONGEST_JSON = 4_000_000
"""JSON beside the records (settings, problems, answers of services) is never so long."""


def loaded(text: Any, default: Value) -> Value:
    """The value, or the default if the text is not JSON, or JSON of another type."""
    if not isinstance(text, str) or len(text) > LONGEST_JSON:
        return default
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return default
    return value if isinstance(value, type(default)) else default


FACT_COLUMNS = tuple(name for name in Facts._fields if name != "problems")
"""The facts that stand in a column of their own name; the problems are worked up before."""

PackedFacts = tuple[tuple[Any, ...], tuple[str, ...], str | None]
"""Facts as they are written: the values of FACT_COLUMNS, the codes of the problems, and the
problems as they are stored.

Plain tuples pass from process to process in a third of the time that named ones take.
"""

_fact_values = itemgetter(*map(Facts._fields.index, FACT_COLUMNS))


def packed(facts: Facts) -> PackedFacts:
    """The facts as they are written; made where they were found, in a worker."""
    problems = facts.problems
    if not problems:
        return _fact_values(facts), (), None
    codes = tuple([problem.code for problem in problems])
    return _fact_values(facts), codes, stored_problems(problems)


def stored_problems(problems: tuple[Problem, ...]) -> str:
    """Problems as the project file keeps them."""
    plain = [tuple(problem) for problem in problems]
    try:
        return orjson.dumps(plain).decode()
    except TypeError:
        # Lone surrogates and very large integers, taken from the record.
        return json.dumps(plain)


_MOST_PROBLEMS = 10_000


def problems_of(stored: str | None) -> tuple[Problem, ...]:
    """Problems from the project file; entries that are not ours are left out."""
    if not stored:
        return ()
    entries: list[Any] = loaded(stored, [])
    return tuple(
        Problem(entry[0], tuple(entry[1]), entry[2])
        for entry in entries[:_MOST_PROBLEMS]
        if isinstance(entry, list)
        and [type(part) for part in entry] == [str, list, dict]
        and all(type(step) in (str, int) for step in entry[1])
    )
