"""A change of many rows: one transaction when it is small, many short ones when it is large."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tunedesk.progress import Progress, no_progress
from tunedesk.project import changes, undo
from tunedesk.project.change_names import ChangeName
from tunedesk.project.parts import ProjectParts
from tunedesk.project.slices import SMALL, SliceSize

Work = TypeVar("Work")


@dataclass(frozen=True)
class Written:
    """What a bulk change came to.

    Attributes:
        change_id: Its entry in the history; None when nothing was to be changed.
        count: How many examples it changed.
    """

    change_id: int | None
    count: int


class _NothingChanged(Exception):  # noqa: N818  it takes back the transaction, nothing is wrong
    pass


def write_in_slices(
    parts: ProjectParts,
    name: Callable[[int], ChangeName],
    work: Sequence[Work],
    write: Callable[[int, Sequence[Work]], int],
    progress: Progress = no_progress,
) -> Written:
    """Write a change in as many transactions as it needs; all of it or nothing.

    Args:
        parts: The project.
        name: The name of the change, given how many examples it changed.
        work: What is to be done, an entry an example.
        write: Writes some of the work for a change (its id), returns how many it changed.
        progress: Told after each transaction; may cancel, which takes everything back.
    """
    store = parts.store
    if len(work) <= SMALL:
        count = 0
        try:
            with store.transaction():
                change_id = changes.begin(store, name(0))
                count = write(change_id, work)
                if not count:
                    raise _NothingChanged
                changes.end(store, change_id, name(count))
        except _NothingChanged:
            return Written(None, 0)
        return Written(change_id, count)
    with store.transaction():
        change_id = changes.begin(store, name(len(work)), incomplete=True)
    count = 0
    try:
        done = 0
        size = SliceSize()
        while done < len(work):
            rows = size.rows
            with size.measured(), store.transaction(bulk=True):
                count += write(change_id, work[done : done + rows])
            done += rows
            store.checkpoint_if_large()
            progress(min(done, len(work)), len(work))
    except BaseException:
        undo.roll_back(parts, change_id)
        raise
    with store.transaction():
        if not count:
            changes.forget(store, change_id)
            return Written(None, 0)
        changes.end(store, change_id, name(count))
    return Written(change_id, count)
