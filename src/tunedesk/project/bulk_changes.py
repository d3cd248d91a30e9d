"""A change of many rows: one transaction when it is small, many short ones when it is large."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import change_log, change_names, undo
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.store import SMALL, BatchSize

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


def write_in_batches(
    context: ProjectContext,
    name: Callable[[int], ChangeName],
    work: Sequence[Work],
    write: Callable[[int, Sequence[Work]], int],
    progress: Progress = no_progress,
) -> Written:
    """Write a change in as many transactions as it needs; all of it or nothing.

    Args:
        context: The project.
        name: The name of the change, given how many examples it changed.
        work: What is to be done, an entry an example.
        write: Writes some of the work for a change (its id), returns how many it changed.
        progress: Told after each transaction; may cancel, which takes everything back.
    """
    store = context.store
    if len(work) <= SMALL:
        count = 0
        try:
            with store.transaction():
                change_id = change_log.begin(store, name(0))
                count = write(change_id, work)
                if not count:
                    raise _NothingChanged
                change_log.end(store, change_id, name(count))
        except _NothingChanged:
            return Written(None, 0)
        return Written(change_id, count)
    done = 0
    size = BatchSize()
    with StreamedChange(context, name, len(work)) as change:
        while done < len(work):
            part = work[done : done + size.rows]
            with size.measured():
                change.write(part, write)
            done += len(part)
            progress(done, len(work))
    return change.written


class StreamedChange:
    """A change whose parts come one after the other; all of it stays, or nothing.

    Attributes:
        written: What it came to, once the `with` block has ended.
    """

    def __init__(
        self, context: ProjectContext, name: Callable[[int], ChangeName], planned: int
    ) -> None:
        """Prepare a change.

        Args:
            context: The project.
            name: The name of the change, given how many examples it changed.
            planned: How many examples it may change, for its name until it has ended.
        """
        self.written = Written(None, 0)
        self._context = context
        self._name = name
        self._planned = planned
        self._change_id = 0
        self._count = 0

    def __enter__(self) -> "StreamedChange":
        undo.finish_unfinished(self._context)
        with self._context.store.transaction():
            name = self._name(self._planned)
            self._change_id = change_log.begin(self._context.store, name, incomplete=True)
        return self

    def write(self, work: Sequence[Work], write: Callable[[int, Sequence[Work]], int]) -> None:
        """Write a part in a transaction of its own."""
        with self._context.store.transaction(bulk=True):
            self._count += write(self._change_id, work)
        self._context.store.checkpoint_if_large()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        store = self._context.store
        if exc_type is not None:
            self._take_back()
            return
        try:
            with store.transaction():
                if self._count:
                    change_log.end(store, self._change_id, self._name(self._count))
                else:
                    change_log.forget(store, self._change_id)
        except DiskFullError:
            self._take_back()
            raise
        if self._count:
            self.written = Written(self._change_id, self._count)

    def _take_back(self) -> None:
        """Turn back what was written; as soon as there is room, where the disk is full.

        Raises:
            DiskFullError: It could not be turned back yet.
        """
        try:
            undo.roll_back(self._context, self._change_id)
        except DiskFullError as error:
            self._context.store.shared.unfinished.add(self._change_id)
            name = change_names.worded(self._name(self._planned))
            raise DiskFullError(
                _("The disk is full: “{step}” stopped on the way.").format(step=name),
                _("Make room on the disk: then what was done of it is taken back by itself."),
            ) from error


def notify(
    context: ProjectContext,
    kinds: Iterable[str],
    ids: Sequence[int],
    written: Written | None,
    name: ChangeName | Callable[[int], ChangeName],
) -> None:
    """Tell the views of a change, unless it came to nothing."""
    if written is not None and written.change_id is None:
        return
    if callable(name) and not isinstance(name, ChangeName):
        name = name(written.count if written else len(ids))
    few = len(ids) <= ProjectChange.MANY
    context.store.publish(
        ProjectChange(
            frozenset(kinds),
            tuple(ids) if few else None,
            context.store.shared.author,
            change_names.worded(name),
        )
    )
