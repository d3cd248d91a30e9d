"""The versions of examples: texts that never change, the facts of each, what keeps it alive."""

import json
import os
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import orjson

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.project.interned_sets import InternedSets
from tunedesk.project.store import Row, Store, loaded

PackedFacts = tuple[tuple[Any, ...], tuple[str, ...], tuple[Any, ...]]
"""The values before those that go by the problems, the codes of the problems, the values after.

Plain tuples pass from process to process in a third of the time that named ones take.
"""


def packed(facts: Facts) -> PackedFacts:
    """The facts as they are written."""
    problems = facts.problems
    if not problems:
        return facts[:8], (), (*facts[8:12], None)
    codes = tuple([problem.code for problem in problems])
    return facts[:8], codes, (*facts[8:12], stored_problems(problems))


def stored_problems(problems: tuple[Problem, ...]) -> str:
    """Problems as the project file keeps them."""
    plain = [tuple(problem) for problem in problems]
    try:
        return orjson.dumps(plain).decode()
    except TypeError:
        # Lone surrogates and very large integers, taken from the record.
        return json.dumps(plain)


FACT_COLUMNS = (
    "kind, preview, roles, tokens, message_tokens, tool_tokens, image_tokens, trained_tokens,"
    " errors, warnings, hints, code_set, checked_as, fingerprint, question, answer, system,"
    " problems"
)
"""The columns of version that hold facts, in the order of `Versions.fact_values`."""

COPIED_FACTS = (
    "version_id = version.id, turns = length(version.roles), tokens = version.tokens,"
    " trained_tokens = version.trained_tokens, errors = version.errors,"
    " warnings = version.warnings, hints = version.hints, code_set = version.code_set,"
    " checked_as = version.checked_as, preview_start = substr(version.preview, 1, 40)"
)
"""SET clause of an UPDATE of example FROM version: the copy of the facts for filters and sorts."""

_INSERT_VERSION = (
    f"INSERT INTO version(id, example_id, change_id, uid, {FACT_COLUMNS})"
    f" VALUES (?, ?, ?, ?, {', '.join('?' * len(FACT_COLUMNS.split(',')))})"
)


KEPT_PROBLEMS = ("bytes_not_text",)
"""Problems that only the import could see, in the bytes of the file: they stay with the row."""


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
        """Write versions of a change; returns their rows: id, example, change, FACT_COLUMNS."""
        return self.add_packed(
            change_id,
            [version.example_id for version in new],
            [version.text for version in new],
            [packed(version.facts) for version in new],
            basis,
            target,
        )

    def add_packed(
        self,
        change_id: int,
        example_ids: Sequence[int],
        texts: Sequence[bytes],
        facts: Sequence[PackedFacts],
        basis: str,
        target: str,
    ) -> list[Row]:
        """The same for many examples, given by column, with facts that are ready to be written."""
        first, checked_as = self.next_id(), self.checked_as(basis)
        uids = os.urandom(16 * len(texts))
        counted = self._counted
        rows = [
            (
                *(number, example_id, change_id, uids[place : place + 16]),
                *(*before, *counted(codes, target), checked_as, *after),
            )
            for number, place, example_id, (before, codes, after) in zip(
                count(first), range(0, len(uids), 16), example_ids, facts, strict=False
            )
        ]
        connection = self._store.connection
        connection.executemany(_INSERT_VERSION, rows)
        connection.executemany(
            "INSERT INTO version_text(id, text) VALUES (?, ?)", enumerate(texts, first)
        )
        return rows

    def fact_values(self, facts: Facts, basis: str, target: str) -> Row:
        """The facts as the columns FACT_COLUMNS."""
        before, codes, after = packed(facts)
        return (*before, *self._counted(codes, target), self.checked_as(basis), *after)

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
            f"UPDATE version SET ({FACT_COLUMNS}) ="
            f" ({', '.join('?' * len(FACT_COLUMNS.split(',')))}) WHERE id = ?",
            [
                (*self.fact_values(facts, basis, target), version_id)
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
        found: bytes | None = self._store.value(
            "SELECT text FROM version_text WHERE id = ?", (version_id,)
        )
        return found

    def facts(self, version_id: int) -> Facts | None:
        """The facts of a version."""
        row = self._store.row(
            "SELECT kind, preview, roles, tokens, message_tokens, tool_tokens, image_tokens,"
            " trained_tokens, fingerprint, question, answer, system, problems"
            " FROM version WHERE id = ?",
            (version_id,),
        )
        return Facts._make((*row[:-1], problems_of(row[-1]))) if row else None


def problems_of(stored: str | None) -> tuple[Problem, ...]:
    """Problems from the project file; entries that are not ours are left out."""
    if not stored:
        return ()
    entries: list[Any] = loaded(stored, [])
    return tuple(
        Problem(entry[0], tuple(entry[1]), entry[2])
        for entry in entries
        if isinstance(entry, list)
        and [type(part) for part in entry] == [str, list, dict]
        and all(type(step) in (str, int) for step in entry[1])
    )


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
