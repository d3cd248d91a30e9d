"""The ids of the table's rows: found fast, and changed by the smallest splice."""

from array import array
from typing import NamedTuple


class Splice(NamedTuple):
    """What turns one list of ids into another: `removed` ids at `row` give way to `inserted`."""

    row: int
    removed: int
    inserted: "array[int]"


def splice_between(old: "array[int]", new: "array[int]") -> Splice:
    """The smallest single splice from `old` to `new`.

    Both may hold a million ids: equal ends are found by comparing blocks, not one by one.
    """
    shorter = min(len(old), len(new))
    head = _common(old, new, shorter, from_end=False)
    tail = _common(old, new, shorter - head, from_end=True)
    return Splice(head, len(old) - head - tail, new[head : len(new) - tail])


def _common(old: "array[int]", new: "array[int]", limit: int, *, from_end: bool) -> int:
    """How many ids, at most `limit`, are equal at the start (or the end) of both."""
    equal = 0
    step = limit
    while step:
        take = min(step, limit - equal)
        if from_end:
            same = (
                old[len(old) - equal - take : len(old) - equal]
                == new[len(new) - equal - take : len(new) - equal]
            )
        else:
            same = old[equal : equal + take] == new[equal : equal + take]
        if same:
            equal += take
            if equal == limit:
                break
        else:
            step //= 2
    return equal


def row_of(ids: "array[int]", wanted: int, hint: int = 0) -> int:
    """The row that holds an id, or -1.

    Args:
        ids: The ids of all rows.
        wanted: The id to find.
        hint: A row where it may be near; ids that rise by one are found at once.
    """
    count = len(ids)
    if not count:
        return -1
    for guess in (hint, wanted - ids[0]):
        if 0 <= guess < count and ids[guess] == wanted:
            return guess
    low, high = max(0, hint - 500), min(count, hint + 500)
    for start, stop in ((low, high), (0, low), (high, count)):
        try:
            return ids.index(wanted, start, stop)
        except ValueError:
            continue
    return -1
