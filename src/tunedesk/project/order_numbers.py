"""The number of an example: its place in the whole project, without counting a million rows.

Every 256th order key is remembered with its place; from there on few rows are left to count.
"""

from bisect import bisect_right

from tunedesk.project.store import Store

_STEP = 256


class OrderNumbers:
    """Places of examples, as one handle works them out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._epoch = -1
        self._anchors: list[bytes] = []  # anchor i is the key of the row number 1 + i * _STEP

    def number(self, position: bytes) -> int:
        """The number, from 1, of the visible row with this key."""
        self._refresh()
        self._extend(position)
        anchor = bisect_right(self._anchors, position) - 1
        if anchor < 0:
            return 1
        between = self._store.value(
            "SELECT count(*) FROM example WHERE hidden = 0 AND position > ? AND position <= ?",
            (self._anchors[anchor], position),
        )
        return 1 + anchor * _STEP + int(between)

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
            "SELECT id FROM example WHERE hidden = 0 AND position >= ?"
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
                "SELECT position FROM example WHERE hidden = 0 ORDER BY position LIMIT 1"
            )
            if first is None:
                return
            self._anchors.append(first)
        while position is None or self._anchors[-1] < position:
            following = self._store.value(
                "SELECT position FROM example WHERE hidden = 0 AND position > ?"
                f" ORDER BY position LIMIT 1 OFFSET {_STEP - 1}",
                (self._anchors[-1],),
            )
            if following is None:
                return
            self._anchors.append(following)
