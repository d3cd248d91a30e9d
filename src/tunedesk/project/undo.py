"""Undo and redo: a linear stack over a history that only grows.

An undo turns back every column that its change touched, where it still has the value that the
change gave it, and is itself a row of the history.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Literal, NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project import change_log, change_names, damage
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.store import SMALL, BatchSize, Store
from tunedesk.project.undoable_tables import EXAMPLES, LoggedColumn, logged_columns


class UndoOutcome(Enum):
    """What came of undoing one certain change."""

    UNDONE = "undone"
    LATER_CHANGES = "later changes"
    ALREADY_UNDONE = "already undone"


class Step(NamedTuple):
    """A change that can be undone or redone."""

    id: int
    name: ChangeName
    incomplete: bool
    first_added: int | None
    last_added: int | None


_STEP = (
    "SELECT id, code, substr(parameters, 1, 100000), incomplete, first_added, last_added"
    " FROM change"
)


def _step(store: Store, sql: str, parameters: tuple[int, ...] = ()) -> Step | None:
    row = store.row(sql, parameters)
    if row is None:
        return None
    change_id, code, named_by, incomplete, first_added, last_added = row
    return Step(
        id=change_id,
        name=change_names.from_row(code, named_by),
        incomplete=bool(incomplete),
        first_added=damage.row_id(first_added),
        last_added=damage.row_id(last_added),
    )


def next_undo(store: Store) -> Step | None:
    """The change that undo would turn back."""
    return _step(store, f"{_STEP} WHERE stack = {change_log.UNDOABLE} ORDER BY id DESC LIMIT 1")


def next_redo(store: Store) -> Step | None:
    """The change that redo would make again."""
    return _step(store, f"{_STEP} WHERE stack = {change_log.REDOABLE} ORDER BY id LIMIT 1")


def undo(context: ProjectContext) -> ProjectChange | None:
    """Turn back the latest change; None if there is none."""
    finish_unfinished(context)
    step = next_undo(context.store)
    if step is None:
        return None
    _refuse_while_running(context.store, step)
    return _turn(context, step, forward=False, stack=change_log.REDOABLE)


def last_change_here(store: Store) -> int | None:
    """The change made last through this connection that undo can turn back; None for none."""
    if store.last_change is None:
        return None
    found = store.value(
        f"SELECT id FROM change WHERE id = ? AND stack = {change_log.UNDOABLE} AND incomplete = 0",
        (store.last_change,),
    )
    return None if found is None else int(found)


def undo_change(context: ProjectContext, change_id: int) -> UndoOutcome:
    """Turn one change back if it is the latest; where something came after it, do nothing.

    Raises:
        UserError: Something is being written just now.
    """
    finish_unfinished(context)
    step = next_undo(context.store)
    if step is not None and step.id == change_id:
        undo(context)
        return UndoOutcome.UNDONE
    stack = context.store.value("SELECT stack FROM change WHERE id = ?", (change_id,))
    return UndoOutcome.LATER_CHANGES if stack == change_log.UNDOABLE else UndoOutcome.ALREADY_UNDONE


def redo(context: ProjectContext) -> ProjectChange | None:
    """Make the change again that was undone last; None if there is none."""
    finish_unfinished(context)
    step = next_redo(context.store)
    if step is None:
        return None
    _refuse_while_running(context.store, step)
    return _turn(context, step, forward=True, stack=change_log.UNDOABLE)


def roll_back(context: ProjectContext, change_id: int, progress: Progress = no_progress) -> None:
    """Turn back a bulk change that did not come to its end; it leaves the stack."""
    step = _step(context.store, f"{_STEP} WHERE id = ?", (change_id,))
    if step is not None:
        _turn(context, step, forward=False, stack=change_log.NOT_ON_STACK, progress=progress)


class Interrupted(NamedTuple):
    """A change that a crash had cut off, and what came of it.

    Attributes:
        name: The change in words; of an undo or redo, what was to be undone or redone.
        outcome: "kept" of an import: what had come in is there; "taken back" of any other change:
            nothing of it is there; "undone" and "redone": the undo or redo was finished.
        change_id: The change that Undo would take back where it was kept.
        examples: How many had come in.
        file: The name of the file that was imported; empty of other changes.
    """

    name: str
    outcome: Literal["kept", "taken back", "undone", "redone"]
    change_id: int
    examples: int = 0
    file: str = ""


def interrupted_sentence(step: Interrupted) -> str:
    """What became of a change that a crash had cut off."""
    if step.outcome == "undone":
        return _("Undo of “{step}” had been cut off; it is finished now.").format(step=step.name)
    if step.outcome == "redone":
        return _("Redo of “{step}” had been cut off; it is finished now.").format(step=step.name)
    if step.outcome == "taken back":
        return _("“{step}” had been cut off, so it was taken back: nothing of it was kept.").format(
            step=step.name
        )
    if not step.examples:
        return _("The import of {file} had been cut off before any example came in.").format(
            file=step.file
        )
    return ngettext(
        "The import of {file} had been cut off. {n} example had come in and was kept.",
        "The import of {file} had been cut off. {n} examples had come in and were kept.",
        step.examples,
    ).format(file=step.file, n=f"{step.examples:,}")


MOST_TOLD_APART = 3
"""More interrupted changes than this are told in one sentence."""


def interrupted_summary(steps: Sequence[Interrupted]) -> str:
    """What became of many changes that a crash had cut off."""
    outcomes = Counter(step.outcome for step in steps)
    return _(
        "{n} changes had been cut off. Imports of which all that had come in was kept: {kept};"
        " undone or redone to the end: {finished}; taken back, so that nothing of them was kept:"
        " {taken_back}."
    ).format(
        n=f"{len(steps):,}",
        kept=f"{outcomes['kept']:,}",
        finished=f"{outcomes['undone'] + outcomes['redone']:,}",
        taken_back=f"{outcomes['taken back']:,}",
    )


def finish_unfinished(context: ProjectContext) -> list[Interrupted]:
    """Put right what a full disk stopped on the way, now that there may be room.

    Raises:
        DiskFullError: There is none yet.
    """
    waiting = context.store.shared.unfinished
    if not waiting:
        return []
    ids = frozenset(waiting)
    found = finish_interrupted(context, ids)
    waiting -= ids
    return found


_FEW = 20
"""So many changes are put right at once after a crash; only a stranger's file has more."""


def finishes_slowly(context: ProjectContext) -> bool:
    """Whether putting right what a crash cut off takes longer than a window may wait.

    Nothing is counted further than needed: a stranger's file may hold any number.
    """
    store = context.store
    cut_off = store.rows(
        "SELECT coalesce(undoes, redoes, id) FROM change WHERE incomplete = 1 LIMIT ?", (_FEW + 1,)
    )
    if len(cut_off) > _FEW:
        return True
    rows = 0
    for (change_id,) in cut_off:
        step = _step(store, f"{_STEP} WHERE id = ?", (change_id,))
        rows += 0 if step is None else _size(store, step)
        if rows > SMALL:
            return True
    return False


def finish_interrupted(
    context: ProjectContext,
    only: frozenset[int] | None = None,
    progress: Progress = no_progress,
) -> list[Interrupted]:
    """After a crash: complete undo and redo, keep imports, roll other bulk changes back.

    Args:
        context: The project.
        only: The ids of changes that were stopped; None for all, when nothing else is under way.
        progress: Told changes put right, and of how many; may cancel, and what is left is put
            right the next time.
    """
    store = context.store
    found: list[Interrupted] = []
    total = int(store.value("SELECT count(*) FROM change WHERE incomplete = 1"))

    def report(_done: int, _total: int | None) -> None:
        progress(min(len(found), total), total if total > 1 else None)

    for log, undone, redone in store.rows(
        "SELECT id, undoes, redoes FROM change"
        " WHERE incomplete = 1 AND (undoes IS NOT NULL OR redoes IS NOT NULL) ORDER BY id"
    ):
        if only is not None and not only & {log, undone, redone}:
            continue
        step = _step(store, f"{_STEP} WHERE id = ?", (undone or redone,))
        if step is None:
            # It undoes nothing that is there: the file was damaged, or made by a stranger.
            with store.transaction():
                store.execute("UPDATE change SET incomplete = 0 WHERE id = ?", (log,))
            continue
        name = change_names.worded(step.name)
        if redone:
            _go_on(context, step, log, forward=True, stack=change_log.UNDOABLE, progress=report)
            found.append(Interrupted(name, "redone", step.id))
        elif step.incomplete:
            _go_on(
                context, step, log, forward=False, stack=change_log.NOT_ON_STACK, progress=report
            )
            found.append(Interrupted(name, "taken back", step.id))
        else:
            _go_on(context, step, log, forward=False, stack=change_log.REDOABLE, progress=report)
            found.append(Interrupted(name, "undone", step.id))
    for (change_id,) in store.rows("SELECT id FROM change WHERE incomplete = 1 ORDER BY id"):
        if only is not None and change_id not in only:
            continue
        step = _step(store, f"{_STEP} WHERE id = ?", (change_id,))
        assert step is not None
        report(0, None)
        if step.name.code == "import":
            found.append(_keep(store, step))
        else:
            roll_back(context, change_id, report)
            found.append(Interrupted(change_names.worded(step.name), "taken back", change_id))
    return found


def _keep(store: Store, step: Step) -> Interrupted:
    """An import that was cut off: what came is there, and can be undone."""
    with store.transaction():
        count = int(
            store.value(
                "SELECT count(*) FROM example WHERE id BETWEEN ? AND ? AND created_change = ?",
                (*_added(step), step.id),
            )
        )
        name = ChangeName(step.name.code, {**step.name.parameters, "count": count})
        if count:
            change_log.end(store, step.id, name)
        else:
            change_log.forget(store, step.id)
    file = str(step.name.parameters.get("file", ""))
    return Interrupted(change_names.worded(name), "kept", step.id, count, file)


def _refuse_while_running(store: Store, step: Step) -> None:
    running = store.value(
        "SELECT id FROM change WHERE incomplete = 1 AND (id >= ? OR code != 'import') LIMIT 1",
        (step.id,),
    )
    if running is not None:
        raise UserError(
            _("Something is still being written, so nothing can be undone or redone yet."),
            _("Wait until it is done, or cancel it."),
        )


def _turn(
    context: ProjectContext,
    step: Step,
    *,
    forward: bool,
    stack: int,
    progress: Progress = no_progress,
) -> ProjectChange:
    """Undo (or, forward, redo) a step and write that into the history."""
    store = context.store
    undoes, redoes = (None, step.id) if forward else (step.id, None)
    if _size(store, step) <= SMALL:
        with store.transaction():
            log = change_log.begin(store, step.name, undoes=undoes, redoes=redoes)
            return _go_on(context, step, log, forward=forward, stack=stack)
    with store.transaction():
        log = change_log.begin(store, step.name, undoes=undoes, redoes=redoes, incomplete=True)
    try:
        return _go_on(context, step, log, forward=forward, stack=stack, progress=progress)
    except DiskFullError as error:
        store.shared.unfinished.add(log)
        name = change_names.worded(step.name)
        sentence = (
            _("The disk is full: redo of “{step}” stopped on the way.")
            if forward
            else _("The disk is full: undo of “{step}” stopped on the way.")
        )
        raise DiskFullError(sentence.format(step=name), _advice_to_make_room()) from error


def _advice_to_make_room() -> str:
    return _("Make room on the disk: then it is finished by itself.")


def _go_on(
    context: ProjectContext,
    step: Step,
    log: int,
    *,
    forward: bool,
    stack: int,
    progress: Progress = no_progress,
) -> ProjectChange:
    """Do what is left of an undo or redo; doing a part twice does no harm.

    `progress` is asked between two transactions whether to stop.
    """
    store = context.store
    change = _describe(context, step, forward=forward)
    for column in logged_columns(store):
        for low, high in _item_ranges(store, step, column):
            with store.transaction(bulk=True):
                _turn_items(store, step, column, low, high, forward=forward)
            progress(0, None)
    for low, high in _added_ranges(store, step):
        with store.transaction(bulk=True):
            store.execute(
                "UPDATE example SET deleted = ?, changed_at = ?"
                " WHERE id BETWEEN ? AND ? AND created_change = ? AND deleted = ?",
                (int(not forward), store.now(), low, high, step.id, int(forward)),
            )
            store.order_changed()
        store.checkpoint_if_large()
        progress(0, None)
    with store.transaction():
        if stack == change_log.REDOABLE and _changed_since(store, log):
            stack = change_log.NOT_ON_STACK
        store.execute("UPDATE change SET stack = ?, incomplete = 0 WHERE id = ?", (stack, step.id))
        store.execute("UPDATE change SET incomplete = 0 WHERE id = ?", (log,))
        if "order" in change.kinds or change.kinds & {"added", "deleted"}:
            store.order_changed()
        store.publish(change)
    return change


def _changed_since(store: Store, log: int) -> bool:
    """Whether something new was done while an undo was under way: that ends the redo."""
    found = store.value(
        f"SELECT 1 FROM change WHERE stack = {change_log.UNDOABLE} AND id > ? LIMIT 1", (log,)
    )
    return found is not None


def _turn_items(
    store: Store, step: Step, column: LoggedColumn, low: int, high: int, *, forward: bool
) -> None:
    """Turn back one column of some rows, where the value that the change gave still stands."""
    wanted, present = ("after", "before") if forward else ("before", "after")
    table, name = column.table, column.name
    assignment, source, joined = f"{name} = item.{wanted}", "change_item AS item", ""
    copied = table.copies.get(name)
    if copied is not None:
        assignment = copied.assignments
        source += f" CROSS JOIN {copied.table}"
        joined = f" AND {copied.table}.id = item.{wanted}"
    parameters: list[int] = [step.id, column.id, low, high]
    if table.time_column is not None:
        assignment += f", {table.time_column} = ?"
        parameters.insert(0, store.now())
    store.execute(
        f"UPDATE {table.name} SET {assignment} FROM {source}"
        " WHERE item.change_id = ? AND item.column_id = ? AND item.row_id BETWEEN ? AND ?"
        f" AND {table.name}.id = item.row_id AND {table.name}.{name} IS item.{present}{joined}",
        parameters,
    )


def _size(store: Store, step: Step) -> int:
    """How many rows a step concerns; counted no further than needed."""
    added = store.value(
        "SELECT count(*) FROM (SELECT 1 FROM example WHERE id BETWEEN ? AND ? LIMIT ?)",
        (*_added(step), SMALL + 1),
    )
    items = store.value(
        "SELECT count(*) FROM (SELECT 1 FROM change_item WHERE change_id = ? LIMIT ?)",
        (step.id, SMALL + 1),
    )
    return int(added + items)


def _added(step: Step) -> tuple[int, int]:
    """The first and last id of what a step added; an empty range if it added nothing."""
    if step.first_added is None or step.last_added is None:
        return 1, 0
    return step.first_added, step.last_added


def _item_ranges(store: Store, step: Step, column: LoggedColumn) -> Iterator[tuple[int, int]]:
    """Ranges of row ids that hold a fitting number of items each."""
    low = 0
    size = BatchSize()
    while True:
        ids = store.rows(
            "SELECT row_id FROM change_item WHERE change_id = ? AND column_id = ?"
            " AND row_id > ? ORDER BY row_id LIMIT 1 OFFSET ?",
            (step.id, column.id, low, size.rows - 1),
        )
        if not ids:
            break
        with size.measured():
            yield low + 1, ids[0][0]
        low = ids[0][0]
        store.checkpoint_if_large()
    high = store.value(
        "SELECT max(row_id) FROM change_item WHERE change_id = ? AND column_id = ?",
        (step.id, column.id),
    )
    if high is not None and high > low:
        yield low + 1, high


def _added_ranges(store: Store, step: Step) -> Iterator[tuple[int, int]]:
    """Ranges of ids that hold a fitting number of examples each.

    They go by the examples that are there: the file may tell of a range that has no end.
    """
    low, last = _added(step)
    size = BatchSize()
    while low <= last:
        ids = store.rows(
            "SELECT id FROM example WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
            (low, last, size.rows),
        )
        if not ids:
            return
        high = ids[-1][0]
        with size.measured():
            yield low, high
        low = high + 1


def _describe(context: ProjectContext, step: Step, *, forward: bool) -> ProjectChange:
    """What undoing or redoing this step means to the views."""
    store = context.store
    kinds: set[str] = set()
    ids: set[int] = set()
    for column in logged_columns(store):
        rows = store.rows(
            "SELECT row_id, after FROM change_item WHERE change_id = ? AND column_id = ? LIMIT ?",
            (step.id, column.id, ProjectChange.MANY + 1),
        )
        if rows and column.table is EXAMPLES:
            ids.update(row[0] for row in rows)
        if rows and column.name == "deleted":
            gone = bool(rows[0][1]) == forward
            kinds |= column.table.deleted_kinds if gone else column.table.added_kinds
        elif rows:
            kinds |= column.table.columns[column.name]
    if step.first_added is not None and step.last_added is not None:
        kinds |= EXAMPLES.added_kinds if forward else EXAMPLES.deleted_kinds
        ids.update(
            row[0]
            for row in store.rows(
                "SELECT id FROM example WHERE id BETWEEN ? AND ? LIMIT ?",
                (*_added(step), ProjectChange.MANY + 1),
            )
        )
    few = len(ids) <= ProjectChange.MANY
    return ProjectChange(
        frozenset(kinds),
        tuple(sorted(ids)) if few else None,
        store.shared.author,
        change_names.worded(step.name),
        undone=None if forward else step.id,
    )
