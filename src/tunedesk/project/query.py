"""Which examples, in which order: the filter, search and sort of the table as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project.parts import ProjectParts, as_json_array
from tunedesk.project.states import STATE_NUMBERS

Range = tuple[int | None, int | None]
"""From and to, both included; None is open."""

ANY_LENGTH: Range = (None, None)

PROBLEM_KINDS = ("any", "none", "error", "warning", "hint")

# The column or columns of a sort; each is followed by the order key.
_SORTS: dict[str, tuple[str, ...]] = {
    "number": (),
    "state": ("state",),
    "preview": ("preview_start",),
    "turns": ("turns",),
    "tokens": ("tokens",),
    "trained": ("trained_tokens",),
    "problems": ("errors", "warnings", "hints"),
    "tags": ("tag_set",),
    "source": ("source_id",),
    "changed": ("changed_at",),
}

_MOST_RANKED = 12

SORTS = tuple(_SORTS)
"""The orders that a query can ask for."""


@dataclass(frozen=True)
class ExampleQuery:
    """Which examples, in which order. Empty parts do not limit.

    Attributes:
        states: Any of these states.
        problems: Any of these: "any", "none", "error", "warning", "hint", or codes of rules.
        tags: Any of these tags; "" stands for no tag at all.
        sources: Any of these names of sources (`Source.name`).
        tokens: Length in tokens, from and to.
        turns: Number of messages, from and to.
        search: Words to find in the messages; "in quotes" a phrase.
        ids: Only these examples; None for all.
        sort: One of SORTS.
        descending: Whether the largest comes first.
    """

    states: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tokens: Range = ANY_LENGTH
    turns: Range = ANY_LENGTH
    search: str = ""
    ids: tuple[int, ...] | None = None
    sort: str = "number"
    descending: bool = False

    @property
    def unfiltered(self) -> bool:
        """Whether it holds all examples."""
        return replace(self, sort="number", descending=False) == ALL_EXAMPLES

    def without_search(self) -> "ExampleQuery":
        """The same without the words to find."""
        return replace(self, search="")


ALL_EXAMPLES = ExampleQuery()
"""All examples, as they came."""

Ids = Sequence[int] | ExampleQuery
"""Some examples, or all that a query finds."""


class Condition(NamedTuple):
    """SQL for a WHERE clause on example, and its parameters."""

    sql: str
    parameters: tuple[Any, ...]


def condition(parts: ProjectParts, query: ExampleQuery) -> Condition:
    """The filter, without the search, as SQL."""
    clauses = ["hidden = 0"]
    parameters: list[Any] = []

    def limit(sql: str, *values: Any) -> None:
        clauses.append(sql)
        parameters.extend(values)

    if query.ids is not None:
        limit("id IN (SELECT value FROM json_each(?))", as_json_array(query.ids))
    if query.states:
        limit(_one_of("state", [_state_number(state) for state in query.states]))
    if query.problems:
        limit(_problem_clause(parts, query.problems))
    if query.tags:
        numbers = parts.tags.with_any(tag for tag in query.tags if tag)
        if "" in query.tags:
            numbers += [number for number, tags in parts.tags.all().items() if not tags]
        limit(_one_of("tag_set", numbers))
    if query.sources:
        limit(
            "source_id IN (SELECT id FROM source"
            f" WHERE name IN ({', '.join('?' * len(query.sources))}))",
            *query.sources,
        )
    for column, (low, high) in (("tokens", query.tokens), ("turns", query.turns)):
        if low is not None:
            limit(f"{column} >= ?", low)
        if high is not None:
            limit(f"{column} <= ?", high)
    return Condition(" AND ".join(clauses), tuple(parameters))


def order(parts: ProjectParts, query: ExampleQuery) -> str:
    """The ORDER BY of a query."""
    columns = _SORTS.get(query.sort)
    if columns is None:
        raise UserError(
            _("There is no order “{name}”.").format(name=query.sort),
            _("Sort by one of these: {names}.").format(names=", ".join(SORTS)),
        )
    direction = "DESC" if query.descending else "ASC"
    if not columns:
        return f"position {direction}"
    if query.sort == "tags":
        # Those without tags come last.
        sets = parts.tags.all()
        columns = (_ranked("tag_set", {n: (not sets[n], sets[n]) for n in sets}, "tag_set"),)
    elif query.sort == "source":
        names: dict[int, str] = dict(parts.store.rows("SELECT id, name FROM source"))
        columns = (_ranked("source_id", names, "source"),)
    return ", ".join([*(f"{column} {direction}" for column in columns), "position"])


def _ranked(column: str, keys: Mapping[int, Any], table: str) -> str:
    """SQL for the rank of what a number stands for; a lookup for each row only if they are many."""
    if len(keys) > _MOST_RANKED:
        name = "members" if table == "tag_set" else "name"
        return f"(SELECT {name} FROM {table} WHERE {table}.id = example.{column})"
    ranked = sorted(keys, key=lambda number: keys[number])
    whens = " ".join(f"WHEN {number} THEN {rank}" for rank, number in enumerate(ranked))
    return f"CASE {column} {whens} END" if whens else "0"


def _one_of(column: str, numbers: list[int]) -> str:
    return f"{column} IN ({', '.join(map(str, sorted(numbers)))})"


def _state_number(state: str) -> int:
    number = STATE_NUMBERS.get(state)
    if number is None:
        raise UserError(
            _("There is no state “{name}”.").format(name=state),
            _("The states are: {names}.").format(names=", ".join(STATE_NUMBERS)),
        )
    return number


def _problem_clause(parts: ProjectParts, wanted: tuple[str, ...]) -> str:
    kinds = {
        "any": "errors + warnings + hints > 0",
        "none": "errors + warnings + hints = 0",
        "error": "errors > 0",
        "warning": "warnings > 0",
        "hint": "hints > 0",
    }
    alternatives = [kinds[name] for name in wanted if name in kinds]
    codes = [name for name in wanted if name not in kinds]
    if codes:
        alternatives.append(_one_of("code_set", parts.codes.with_any(codes)))
    return f"({' OR '.join(alternatives)})"
