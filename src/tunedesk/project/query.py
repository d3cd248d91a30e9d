"""Which examples, in which order: the filter, search and sort of the table: value, JSON, SQL."""

import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import damage, search
from tunedesk.project.context import ProjectContext, as_json_array

State = Literal["to_review", "draft", "approved", "changes_wanted", "rejected"]

STATES: tuple[State, ...] = get_args(State)
"""In the order of their numbers in the project file: only ever add at the end."""


def state_of(number: object) -> State:
    """The state with a number; one that this Tunedesk does not know is to be reviewed."""
    return STATES[damage.whole(number, 0, 0, len(STATES) - 1)]


STATE_NUMBERS: dict[str, int] = {state: number for number, state in enumerate(STATES)}

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
    """Which examples, in which order. What is empty does not limit.

    Attributes:
        states: Any of these states.
        problems: Any of these: "any", "none", "error", "warning", "hint", or codes of rules.
        tags: Any of these tags; "" stands for no tag at all.
        sources: Any of these names of sources (`Source.name`).
        tokens: Length in tokens, from and to.
        turns: Number of messages, from and to.
        lapsed: Only those whose approval lapsed because their text changed since.
        duplicated: Only those that another one is exactly the same as; without another order they
            stand group by group.
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
    lapsed: bool = False
    duplicated: bool = False
    search: str = ""
    ids: tuple[int, ...] | None = None
    sort: str = "number"
    descending: bool = False

    @property
    def unfiltered(self) -> bool:
        """Whether it holds all examples."""
        return replace(self, sort="number", descending=False) == ALL_EXAMPLES


ALL_EXAMPLES = ExampleQuery()
"""All examples, as they came."""

Ids = Sequence[int] | ExampleQuery
"""Some examples, or all that a query finds."""


class Condition(NamedTuple):
    """SQL for a WHERE clause on example, and its parameters."""

    sql: str
    parameters: tuple[Any, ...]


def condition(context: ProjectContext, query: ExampleQuery) -> Condition:
    """The filter, without the search, as SQL."""
    clauses = ["deleted = 0"]
    parameters: list[Any] = []

    def limit(sql: str, *values: Any) -> None:
        clauses.append(sql)
        parameters.extend(values)

    if query.ids is not None:
        limit("id IN (SELECT value FROM json_each(?))", as_json_array(query.ids))
    if query.states:
        limit(_one_of("state", [_state_number(state) for state in query.states]))
    if query.problems:
        limit(_problem_clause(context, query.problems))
    if query.tags:
        numbers = context.tags.with_any(tag for tag in query.tags if tag)
        if "" in query.tags:
            numbers += [number for number, tags in context.tags.all().items() if not tags]
        limit(_one_of("tag_set", numbers))
    if query.sources:
        limit(
            "source_id IN (SELECT id FROM source"
            f" WHERE name IN ({', '.join('?' * len(query.sources))}))",
            *query.sources,
        )
    if query.lapsed:
        limit(_lapsed_clause(context))
    if query.duplicated:
        limit(_DUPLICATED)
    for column, (low, high) in (("tokens", query.tokens), ("turns", query.turns)):
        if low is not None:
            limit(f"{column} >= ?", low)
        if high is not None:
            limit(f"{column} <= ?", high)
    return Condition(" AND ".join(clauses), tuple(parameters))


def order(context: ProjectContext, query: ExampleQuery) -> str:
    """The ORDER BY of a query."""
    columns = _SORTS.get(query.sort)
    if columns is None:
        raise UserError(
            _("There is no order “{name}”.").format(name=query.sort),
            _("Sort by one of these: {names}.").format(names=", ".join(SORTS)),
        )
    direction = "DESC" if query.descending else "ASC"
    if not columns and query.duplicated:
        return f"(SELECT fingerprint FROM version WHERE id = version_id), position {direction}"
    if not columns:
        return f"position {direction}"
    if query.sort == "tags":
        # Those without tags come last.
        sets = context.tags.all()
        columns = (_ranked("tag_set", {n: (not sets[n], sets[n]) for n in sets}, "tag_set"),)
    elif query.sort == "source":
        names: dict[int, str] = dict(context.store.rows("SELECT id, name FROM source"))
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


def _problem_clause(context: ProjectContext, wanted: tuple[str, ...]) -> str:
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
        alternatives.append(_one_of("code_set", context.codes.with_any(codes)))
    return f"({' OR '.join(alternatives)})"


_FINGERPRINTS = (
    "FROM example AS one JOIN version ON version.id = one.version_id"
    " WHERE one.deleted = 0 AND fingerprint"
)
_DUPLICATED = (
    f"id IN (SELECT one.id {_FINGERPRINTS} IN (SELECT fingerprint {_FINGERPRINTS} IS NOT NULL"
    " GROUP BY fingerprint HAVING count(*) > 1))"
)


def _lapsed_clause(context: ProjectContext) -> str:
    """The latest change of state that still holds took the approval together with the text."""
    numbers: dict[str, int] = dict(
        context.store.rows(
            "SELECT column_name, id FROM changed_column WHERE table_name = 'example'"
            " AND column_name IN ('state', 'version_id')"
        )
    )
    if len(numbers) < 2:
        return "0"
    holds = "JOIN change ON change.id = {0}.change_id AND change.stack = 1"
    same = "{0}.row_id = item.row_id AND {0}.column_id = " + str(numbers["state"])
    approved, to_review = STATE_NUMBERS["approved"], STATE_NUMBERS["to_review"]
    return (
        f"state = {to_review} AND id IN (SELECT item.row_id FROM change_item AS item"
        f" {holds.format('item')} WHERE item.column_id = {numbers['state']}"
        f" AND item.before = {approved} AND item.after = {to_review}"
        " AND EXISTS (SELECT 1 FROM change_item AS text WHERE text.change_id = item.change_id"
        f" AND text.column_id = {numbers['version_id']} AND text.row_id = item.row_id)"
        f" AND NOT EXISTS (SELECT 1 FROM change_item AS later {holds.format('later')}"
        f" WHERE {same.format('later')} AND later.change_id > item.change_id))"
    )


_WALKED_FIRST = 400
_WALKED_AT_MOST = 4_000
_WALK_SECONDS = 0.2
_COMMON = 50_000
_SHORT = 2
_SHORT_TAIL = 5_000


def selection(
    context: ProjectContext, query: ExampleQuery, progress: Progress = no_progress
) -> Condition:
    """The filter of a query and its search as SQL; `progress` may cancel the search."""
    where = condition(context, query)
    if not search.phrases(query.search):
        return where
    sql, parameters = search.clause(context, query.search, progress)
    return Condition(f"{where.sql} AND {sql}", (*where.parameters, *parameters))


def first_ids(context: ProjectContext, query: ExampleQuery, limit: int) -> "array[int]":
    """The first ids of a query, fast whatever the size of the project.

    A common word is found by looking at the first rows themselves; a rare one has few hits in the
    index, which are quickly put in order. While the index still lacks many texts, fewer rows than
    there are may be returned, those found in a fifth of a second.
    """
    if not search.phrases(query.search):
        return _ids(context, query, limit)
    short_tail = search.unfilled(context.store) <= _SHORT_TAIL
    if query.sort == "number":
        found = _walk(context, query, limit, _WALKED_FIRST)
        if len(found) >= limit:
            return found
    if short_tail and not _common(context, query.search):
        return _ids(context, query, limit)
    found = _walk(context, query, limit, _WALKED_AT_MOST)
    return _ids(context, query, limit) if short_tail and len(found) < limit else found


def _ids(context: ProjectContext, query: ExampleQuery, limit: int) -> "array[int]":
    where = selection(context, query)
    rows = context.store.rows(
        f"SELECT id FROM example WHERE {where.sql} ORDER BY {order(context, query)} LIMIT ?",
        (*where.parameters, limit),
    )
    return array("q", [row[0] for row in rows])


def _walk(
    context: ProjectContext, query: ExampleQuery, limit: int, candidates: int
) -> "array[int]":
    """Look at the texts of the first rows, in the order asked for."""
    where = condition(context, query)
    store = context.store
    found = array("q")
    rows = store.rows(
        f"SELECT id, version_id FROM example WHERE {where.sql}"
        f" ORDER BY {order(context, query)} LIMIT ?",
        (*where.parameters, candidates),
    )
    end = time.monotonic() + _WALK_SECONDS
    for example_id, version_id in rows:
        text = context.versions.text(version_id)
        if text is not None and search.has_words(text, query.search):
            found.append(example_id)
            if len(found) >= limit:
                break
        if time.monotonic() > end:
            break
    return found


def _common(context: ProjectContext, words: str) -> bool:
    """Whether the index has very many hits; counted no further than needed."""
    if any(phrase.prefix and len(phrase.words[-1]) <= _SHORT for phrase in search.phrases(words)):
        # So many words begin with these letters that counting takes longer than looking.
        return True
    hits = context.store.value(
        "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)",
        (search.match_expression(words), _COMMON),
    )
    return bool(hits >= _COMMON)


def query_to_json(query: ExampleQuery) -> dict[str, Any]:
    """A query without the parts that are as always; lists of ids are not kept."""
    usual = asdict(ExampleQuery())
    return {
        name: value
        for name, value in asdict(query).items()
        if value != usual[name] and name != "ids"
    }


def query_from_json(stored: Any) -> ExampleQuery:
    """The query that was kept; whatever is not as it should be is left out."""
    if not isinstance(stored, dict):
        return ExampleQuery()
    wanted, sort = stored.get("search"), stored.get("sort")
    return ExampleQuery(
        states=_stored_strings(stored.get("states")),
        problems=_stored_strings(stored.get("problems")),
        tags=_stored_strings(stored.get("tags")),
        sources=_stored_strings(stored.get("sources")),
        tokens=_stored_range(stored.get("tokens")),
        turns=_stored_range(stored.get("turns")),
        lapsed=stored.get("lapsed") is True,
        duplicated=stored.get("duplicated") is True,
        search=wanted if isinstance(wanted, str) else "",
        sort=sort if isinstance(sort, str) and sort in SORTS else "number",
        descending=stored.get("descending") is True,
    )


def _stored_strings(stored: Any) -> tuple[str, ...]:
    if isinstance(stored, list | tuple) and all(isinstance(one, str) for one in stored):
        return tuple(stored)
    return ()


def _stored_range(stored: Any) -> Range:
    if isinstance(stored, list | tuple) and len(stored) == 2:
        low, high = stored
        if all(one is None or type(one) is int for one in stored):
            return low, high
    return ANY_LENGTH
