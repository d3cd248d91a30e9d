"""The order of the examples: the keys it is kept by, and the number of an example in it.

Order keys are short byte strings between any two of which another always fits. A key is a fraction
written in base 256 without trailing zero bytes, so moving or inserting a row never touches another
row, and an undone move finds its old place whatever happened since.

The number of an example is its place in the whole project. Every 256th order key is remembered with
its place; from there on few rows are left to count.
"""

from bisect import bisect_right
from collections.abc import Sequence

from tunedesk.i18n import _
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.store import Store

_APPEND_LENGTH = 6
_FIRST = 1 << (8 * _APPEND_LENGTH - 4)  # far from both ends, so that rows can go before it


def keys_after(last: bytes | None, count: int) -> list[bytes]:
    """Keys for rows appended behind the last one (None: there is none yet).

    Raises:
        ProjectDamagedError: The last one is not a key.
    """
    _check_key(last)
    if last is None:
        start = _FIRST
    else:
        start = int.from_bytes(last[:_APPEND_LENGTH].ljust(_APPEND_LENGTH, b"\0"), "big") + 1
    if start + count >= 1 << (8 * _APPEND_LENGTH):
        return keys_between(last, None, count)
    return [
        number.to_bytes(_APPEND_LENGTH, "big").rstrip(b"\0")
        for number in range(start, start + count)
    ]


def keys_between(low: bytes | None, high: bytes | None, count: int) -> list[bytes]:
    """Evenly spaced keys between two others (None: the start or the end).

    Raises:
        ProjectDamagedError: They are not keys, or there is no room between them.
    """
    _check_key(low)
    _check_key(high)
    low = low or b""
    if high is not None and low.rstrip(b"\0") >= high.rstrip(b"\0"):
        raise ProjectDamagedError(
            _("Two examples of this project stand in the same place, so nothing fits between.")
        )
    length = max(len(low), len(high or b""), 1)
    while True:
        below = int.from_bytes(low.ljust(length, b"\0"), "big")
        above = (
            int.from_bytes(high.ljust(length, b"\0"), "big")
            if high is not None
            else 1 << (8 * length)
        )
        step = (above - below) // (count + 1)
        if step >= 1:
            break
        length += 1
    return [
        (below + step * number).to_bytes(length, "big").rstrip(b"\0")
        for number in range(1, count + 1)
    ]


_LONGEST_KEY = 4_096


def _check_key(key: object) -> None:
    """No key of ours is so long that reckoning with it takes time."""
    if key is not None and not (isinstance(key, bytes) and len(key) <= _LONGEST_KEY):
        raise ProjectDamagedError(_("The order of the examples is damaged in the project file."))


_STEP = 256
_TOGETHER = 4
"""From so many rows of one step on, the keys of the step are read instead of counted for each."""


class OrderNumbers:
    """Places of examples, as one handle works them out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._epoch = -1
        self._anchors: list[bytes] = []  # anchor i is the key of the row number 1 + i * _STEP

    def number(self, position: bytes) -> int:
        """The number, from 1, of the visible row with this key."""
        if position is None:
            raise ProjectDamagedError
        _check_key(position)
        self._refresh()
        self._extend(position)
        anchor = bisect_right(self._anchors, position) - 1
        if anchor < 0:
            return 1
        between = self._store.value(
            "SELECT count(*) FROM example WHERE deleted = 0 AND position > ? AND position <= ?",
            (self._anchors[anchor], position),
        )
        return 1 + anchor * _STEP + int(between)

    def numbers(self, positions: Sequence[bytes]) -> list[int]:
        """The numbers of several rows; quicker than one by one where they stand together."""
        for position in positions:
            if position is None:
                raise ProjectDamagedError
            _check_key(position)
        if not positions:
            return []
        self._refresh()
        self._extend(max(positions))
        by_anchor: dict[int, list[bytes]] = {}
        for position in positions:
            by_anchor.setdefault(bisect_right(self._anchors, position) - 1, []).append(position)
        found: dict[bytes, int] = {}
        for anchor, keys in by_anchor.items():
            if anchor < 0 or len(keys) < _TOGETHER:
                found |= {key: self.number(key) for key in keys}
                continue
            rows = self._store.rows(
                "SELECT position FROM example WHERE deleted = 0 AND position > ? AND position <= ?"
                " ORDER BY position",
                (self._anchors[anchor], max(keys)),
            )
            between = [row[0] for row in rows]
            first = 1 + anchor * _STEP
            found |= {key: first + bisect_right(between, key) for key in keys}
        return [found[position] for position in positions]

    def id_at(self, number: int) -> int | None:
        """The example with this number; None if there is none."""
        if number < 1:
            return None
        self._refresh()
        self._extend(None)
        anchor = min((number - 1) // _STEP, len(self._anchors) - 1)
        if anchor < 0:
            return None
        found: int | None = self._store.value(
            "SELECT id FROM example WHERE deleted = 0 AND position >= ?"
            " ORDER BY position LIMIT 1 OFFSET ?",
            (self._anchors[anchor], number - 1 - anchor * _STEP),
        )
        return found

    def _refresh(self) -> None:
        """Begin anew when rows came, went or moved elsewhere than at the end."""
        if self._epoch != self._store.shared.order_epoch:
            self._epoch = self._store.shared.order_epoch
            self._anchors.clear()

    def _extend(self, position: bytes | None) -> None:
        """Go on to the given key, or to the end."""
        if not self._anchors:
            first = self._store.value(
                # What is no key comes before all keys in SQLite's order.
                "SELECT position FROM example WHERE deleted = 0 AND position >= x''"
                " ORDER BY position LIMIT 1"
            )
            if first is None:
                return
            self._anchors.append(first)
        while position is None or self._anchors[-1] < position:
            following = self._store.value(
                "SELECT position FROM example WHERE deleted = 0 AND position > ?"
                f" ORDER BY position LIMIT 1 OFFSET {_STEP - 1}",
                (self._anchors[-1],),
            )
            if following is None:
                return
            self._anchors.append(following)
