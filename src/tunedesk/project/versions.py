"""The versions of examples: texts that never change, the facts of each, what keeps it alive."""

import os
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from xxhash import xxh32_intdigest

from tunedesk.checks.facts import Facts
from tunedesk.examples.kinds.registry import kind_named
from tunedesk.project import damage
from tunedesk.project.interned_sets import InternedSets
from tunedesk.project.store import Row, Store
from tunedesk.project.stored_values import FACT_COLUMNS, PackedFacts, packed, problems_of

_COUNTED_COLUMNS = ("errors", "warnings", "hints", "code_set")
"""What goes by the codes of the problems and by the target."""

_WRITTEN_COLUMNS = (*FACT_COLUMNS, *_COUNTED_COLUMNS, "checked_as", "problems")
"""All that is written anew when a text is checked, in the order of `Versions.written_values`."""

# The columns of an example that are copies of its version's: what filters, sorts and totals need
# without going through the large table. Beside those of the same name, three that are derived.
_SAME_COLUMNS = ("tokens", "trained_tokens", *_COUNTED_COLUMNS, "checked_as")
_DERIVED_COLUMNS = {
    "version_id": "version.id",
    "turns": "length(version.roles)",
    "preview_start": "substr(version.preview, 1, 40)",
}

COPIED_COLUMNS = (*_DERIVED_COLUMNS, *_SAME_COLUMNS)
"""The columns of example that are copies, in the order of what `Versions.add` returns."""

COPIED_FACTS = ", ".join(
    f"{column} = {_DERIVED_COLUMNS.get(column, f'version.{column}')}" for column in COPIED_COLUMNS
)
"""SET clause of an UPDATE of example FROM version: the copy of the facts for filters and sorts."""

_VERSION_COLUMNS = ("id", "example_id", "change_id", "uid", *_WRITTEN_COLUMNS)
INSERT_VERSION = (
    f"INSERT INTO version({', '.join(_VERSION_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_VERSION_COLUMNS))})"
)
_UPDATE_FACTS = (
    f"UPDATE version SET ({', '.join(_WRITTEN_COLUMNS)})"
    f" = ({', '.join('?' * len(_WRITTEN_COLUMNS))}) WHERE id = ?"
)
_HASH_FACTS = ("fingerprint", "question", "answer", "system")
_COUNT_FACTS = tuple(
    name for name in FACT_COLUMNS if name not in ("kind", "preview", "roles", *_HASH_FACTS)
)
_MOST_TURNS = 1_000_000
"""No example has more messages; a longer text of roles is not ours."""

_SELECT_FACTS = f"SELECT {', '.join(FACT_COLUMNS)}, problems FROM version WHERE id = ?"

_copied_values = itemgetter(
    *map(_VERSION_COLUMNS.index, ("id", "roles", "preview", *_SAME_COLUMNS))
)


KEPT_PROBLEMS = ("bytes_not_text",)
"""Problems that only the import could see, in the bytes of the file: they stay with the row."""


def random_uids(count: int) -> list[bytes]:
    """As many random ids of 128 bits as asked for."""
    random = os.urandom(16 * count)
    return [random[start : start + 16] for start in range(0, len(random), 16)]


class NewVersion(NamedTuple):
    """A version to be written.

    Attributes:
        example_id: The example it is of.
        text: The record, UTF-8.
        facts: What was worked out from the text.
    """

    example_id: int
    text: bytes
    facts: Facts


class Versions:
    """Writes and reads versions through one handle."""

    def __init__(
        self, store: Store, codes: InternedSets, severity: Callable[[str, str], str]
    ) -> None:
        self._store = store
        self._codes = codes
        self._severity = severity
        self._basis: tuple[str, int] | None = None
        self._counts: dict[tuple[str, ...], tuple[int, int, int, int]] = {}
        self._counts_target = ""
        store.on_rollback.append(self._forget)

    def _forget(self) -> None:
        """A transaction was rolled back: the numbers it added are not there."""
        self._basis = None
        self._counts.clear()

    def checked_as(self, basis: str) -> int:
        """The number of a target, encoding and set of rules; added if new."""
        if self._basis is None or self._basis[0] != basis:
            self._store.execute("INSERT OR IGNORE INTO check_basis(name) VALUES (?)", (basis,))
            number = self._store.value("SELECT id FROM check_basis WHERE name = ?", (basis,))
            self._basis = (basis, int(number))
        return self._basis[1]

    def next_id(self) -> int:
        """The id of the next version; ids are never used twice."""
        return int(self._store.value("SELECT max(id) FROM version") or 0) + 1

    def add(self, change_id: int, new: Sequence[NewVersion], basis: str, target: str) -> list[Row]:
        """Write versions of a change; returns the values of COPIED_COLUMNS for their examples."""
        first = self.next_id()
        rows = self._add(
            range(first, first + len(new)),
            change_id,
            [version.example_id for version in new],
            [version.text for version in new],
            [packed(version.facts) for version in new],
            basis,
            target,
        )
        return [
            (version_id, len(roles), preview[:40], *same)
            for version_id, roles, preview, *same in map(_copied_values, rows)
        ]

    def add_packed(
        self,
        change_id: int,
        example_ids: Sequence[int],
        texts: Sequence[bytes],
        facts: Sequence[PackedFacts],
        basis: str,
        target: str,
    ) -> range:
        """Write versions, given by column, with facts that are packed; returns their ids."""
        first = self.next_id()
        ids = range(first, first + len(texts))
        self._add(ids, change_id, example_ids, texts, facts, basis, target)
        return ids

    def _add(
        self,
        ids: range,
        change_id: int,
        example_ids: Sequence[int],
        texts: Sequence[bytes],
        facts: Sequence[PackedFacts],
        basis: str,
        target: str,
    ) -> list[Row]:
        """Write versions; returns their rows, in the order of _VERSION_COLUMNS."""
        checked_as, counted = self.checked_as(basis), self._counted
        rows = [
            (
                *(number, example_id, change_id, uid, *values),
                *(*counted(codes, target), checked_as, problems),
            )
            for number, example_id, uid, (values, codes, problems) in zip(
                ids, example_ids, random_uids(len(texts)), facts, strict=True
            )
        ]
        connection = self._store.connection
        connection.executemany(INSERT_VERSION, rows)
        connection.executemany(
            "INSERT INTO version_text(id, text, checksum) VALUES (?, ?, ?)",
            zip(ids, texts, map(xxh32_intdigest, texts), strict=True),
        )
        return rows

    def written_values(self, facts: Facts, basis: str, target: str) -> Row:
        """The facts as the columns that are written when a text is checked."""
        values, codes, problems = packed(facts)
        return (*values, *self._counted(codes, target), self.checked_as(basis), problems)

    def _counted(self, codes: tuple[str, ...], target: str) -> tuple[int, int, int, int]:
        """How many errors, warnings and hints these problems are, and the number of their set."""
        if self._counts_target != target:
            self._counts.clear()
            self._counts_target = target
        found = self._counts.get(codes)
        if found is None:
            severities = [self._severity(code, target) for code in codes]
            found = self._counts[codes] = (
                severities.count("error"),
                severities.count("warning"),
                severities.count("hint"),
                self._codes.number(codes),
            )
        return found

    def make_current(self, first: int, last: int, changed_at: int) -> None:
        """Let the examples have the versions with these ids, with the copy of their facts."""
        self._store.execute(
            f"UPDATE example SET {COPIED_FACTS}, changed_at = ? FROM version"
            " WHERE version.id BETWEEN ? AND ? AND example.id = version.example_id",
            (changed_at, first, last),
        )

    def set_facts(
        self,
        checked: Sequence[tuple[int, Facts]],
        basis: str,
        target: str,
    ) -> None:
        """Write the facts of versions anew, and their copies; KEPT_PROBLEMS stay.

        Args:
            checked: Versions and their facts.
            basis: What they were worked out with.
            target: The target that severities go by.
        """
        with_kept = [
            (version_id, self._with_kept(version_id, facts)) for version_id, facts in checked
        ]
        connection = self._store.connection
        connection.executemany(
            _UPDATE_FACTS,
            [
                (*self.written_values(facts, basis, target), version_id)
                for version_id, facts in with_kept
            ],
        )
        connection.executemany(
            f"UPDATE example SET {COPIED_FACTS} FROM version"
            " WHERE version.id = ? AND example.id = version.example_id"
            " AND example.version_id = version.id",
            [(version_id,) for version_id, _facts in with_kept],
        )

    def _with_kept(self, version_id: int, facts: Facts) -> Facts:
        stored = self._store.value(
            "SELECT problems FROM version WHERE id = ? AND problems IS NOT NULL", (version_id,)
        )
        found = tuple(problem for problem in problems_of(stored) if problem.code in KEPT_PROBLEMS)
        return facts._replace(problems=(*found, *facts.problems)) if found else facts

    def text(self, version_id: int) -> bytes | None:
        """The text of a version."""
        row = self._store.row("SELECT text FROM version_text WHERE id = ?", (version_id,))
        return None if row is None else damage.blob(row[0])

    def facts(self, version_id: int) -> Facts | None:
        """The facts of a version."""
        row = self._store.row(_SELECT_FACTS, (version_id,))
        if row is None:
            return None
        stored = dict(zip((*FACT_COLUMNS, "problems"), row, strict=True))
        values: dict[str, Any] = {
            "kind": kind_named(damage.text(stored["kind"])).name,
            "preview": damage.text(stored["preview"]),
            "roles": damage.text(stored["roles"], most=_MOST_TURNS),
            "problems": problems_of(stored["problems"]),
        }
        values |= {name: damage.whole(stored[name]) for name in _COUNT_FACTS}
        values |= {name: damage.row_id(stored[name]) for name in _HASH_FACTS}
        return Facts(**values)


_KEEPERS = (
    # It is the text of the example now.
    "SELECT 1 FROM example WHERE id = :example AND version_id = :version",
    # A step of the history leads to it or away from it.
    """SELECT 1 FROM change_item WHERE row_id = :example AND :version IN (before, after)
        AND column_id = (SELECT id FROM changed_column
            WHERE table_name = 'example' AND column_name = 'version_id')""",
    # A run was trained on it.
    "SELECT 1 FROM run_example WHERE version_id = :version",
)


def drop_if_unused(store: Store, example_id: int, version_id: int) -> bool:
    """Forget a version that nothing refers to any more; inside the caller's transaction.

    Its words may stay in the search index: a hit of it leads to no example.

    Returns:
        Whether it was dropped.
    """
    names = {"example": example_id, "version": version_id}
    for keeper in _KEEPERS:
        if store.connection.execute(f"{keeper} LIMIT 1", names).fetchone() is not None:
            return False
    store.execute("DELETE FROM version WHERE id = ?", (version_id,))
    store.execute("DELETE FROM version_text WHERE id = ?", (version_id,))
    return True
