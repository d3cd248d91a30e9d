"""Sets that many examples share, each kept once: the tags of an example, the codes of its problems.

An example holds the number of its set, so a filter by a tag or a code is a comparison of small
numbers in the scan of one narrow table, and undo of a tag is undo of one number.
"""

import json
from collections.abc import Iterable
from typing import Any

from tunedesk.project import damage
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.store import Store
from tunedesk.project.stored_values import loaded

_MOST_MEMBERS = 1_000


class InternedSets:
    """The sets of one kind, as this handle knows them. Sets are only ever added."""

    def __init__(self, store: Store, table: str) -> None:
        self._store = store
        self._table = table
        self._members: dict[int, tuple[str, ...]] = {}
        self._numbers: dict[tuple[str, ...], int] = {}
        self._known_to = 0
        store.on_rollback.append(self._forget)

    def number(self, members: Iterable[str]) -> int:
        """The number of a set; it is added if new (inside the caller's transaction)."""
        key = tuple(sorted(set(members)))
        found = self._numbers.get(key)
        if found is None:
            text = json.dumps(key, ensure_ascii=False)
            # It may stand there already, added by another handle.
            self._store.execute(f"INSERT OR IGNORE INTO {self._table}(members) VALUES (?)", (text,))
            found = self._store.value(f"SELECT id FROM {self._table} WHERE members = ?", (text,))
            if not isinstance(found, int):
                raise ProjectDamagedError
            self._remember(found, key)
        return found

    def members(self, number: int) -> tuple[str, ...]:
        """What a set holds, sorted."""
        found = self._members.get(number)
        if found is None:
            self._load()
            found = self._members.get(number, ())
        return found

    def with_any(self, wanted: Iterable[str]) -> list[int]:
        """The numbers of the sets that hold any of these."""
        self._load()
        some = set(wanted)
        return [number for number, members in self._members.items() if some.intersection(members)]

    def all(self) -> dict[int, tuple[str, ...]]:
        """All sets by number."""
        self._load()
        return dict(self._members)

    def _load(self) -> None:
        rows = self._store.rows(
            f"SELECT id, members FROM {self._table} WHERE id > ? ORDER BY id", (self._known_to,)
        )
        for number, text in rows:
            members: list[Any] = loaded(text, [])
            names = (damage.text(name) for name in members[:_MOST_MEMBERS])
            self._remember(number, tuple(name for name in names if name))
            self._known_to = number

    def _forget(self) -> None:
        """A transaction was rolled back: what it added is not there."""
        self._members.clear()
        self._numbers.clear()
        self._known_to = 0

    def _remember(self, number: int, members: tuple[str, ...]) -> None:
        self._members[number] = members
        self._numbers[members] = number
