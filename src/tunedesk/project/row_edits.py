"""Edits of rows, which leave texts alone: add, copy, delete, move, review and tag examples."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tunedesk.checks.facts import Facts
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import change_log, row_order
from tunedesk.project.bulk_changes import Written, notify, write_in_batches
from tunedesk.project.change_log import Item
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext, as_json_array, missing_example
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import STATE_NUMBERS, State, state_of
from tunedesk.project.reads import pasted_source
from tunedesk.project.undoable_tables import EXAMPLES, column_id
from tunedesk.project.versions import COPIED_COLUMNS, NewVersion, random_uids

WRITTEN_HERE = 1
"""The source of examples that were written in Tunedesk."""

_EXAMPLE_COLUMNS = (
    *("id", "position", "deleted", "state", "tag_set", "source_id", "source_line"),
    *("created_change", "changed_at", "uid", *COPIED_COLUMNS),
)
_INSERT_EXAMPLE = (
    f"INSERT INTO example({', '.join(_EXAMPLE_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_EXAMPLE_COLUMNS))})"
)


class NewExample(NamedTuple):
    """An example to be added.

    Attributes:
        text: The record, UTF-8.
        facts: What was worked out from it.
        line: The line of the source file it came from.
        tags: Its tags.
    """

    text: bytes
    facts: Facts
    line: int | None = None
    tags: tuple[str, ...] = ()


def write_new_examples(
    context: ProjectContext,
    change_id: int,
    new: Sequence[NewExample],
    keys: Sequence[bytes],
    state: State,
    source_id: int,
    tag_set: int | None = None,
) -> range:
    """Write new examples of a change, inside the caller's transaction; returns their ids."""
    store = context.store
    first = int(store.value("SELECT max(id) FROM example") or 0) + 1
    ids = range(first, first + len(new))
    versions = context.versions.add(
        change_id,
        [
            NewVersion(number, entry.text, entry.facts)
            for number, entry in zip(ids, new, strict=True)
        ],
        context.basis,
        context.target,
    )
    untagged = context.tags.number(()) if tag_set is None else tag_set
    number, now = STATE_NUMBERS[state], store.now()
    store.connection.executemany(
        _INSERT_EXAMPLE,
        [
            (
                example_id,
                key,
                0,
                number,
                context.tags.number(entry.tags) if entry.tags else untagged,
                source_id,
                entry.line,
                change_id,
                now,
                uid,
                *copied,
            )
            for example_id, key, entry, uid, copied in zip(
                ids, keys, new, random_uids(len(new)), versions, strict=True
            )
        ],
    )
    change_log.record_added(store, change_id, ids[0], ids[-1])
    return ids


def last_key(context: ProjectContext) -> bytes | None:
    """The order key of the last visible example."""
    key: bytes | None = context.store.value(
        "SELECT position FROM example WHERE deleted = 0 ORDER BY position DESC LIMIT 1"
    )
    return key


def keys_behind(context: ProjectContext, after_id: int | None, count: int) -> list[bytes]:
    """Order keys for new rows behind an example (None: at the end)."""
    end = last_key(context)
    if after_id is None:
        return row_order.keys_after(end, count)
    low = position_of(context, after_id)
    high = context.store.value(
        "SELECT position FROM example WHERE deleted = 0 AND position > ? ORDER BY position LIMIT 1",
        (low,),
    )
    if high is None:
        return row_order.keys_after(low, count)
    return row_order.keys_between(low, high, count)


def position_of(context: ProjectContext, example_id: int) -> bytes:
    """The order key of an example."""
    key: bytes | None = context.store.value(
        "SELECT position FROM example WHERE id = ?", (example_id,)
    )
    if key is None:
        raise missing_example()
    return key


def add_examples(
    context: ProjectContext,
    new: Sequence[NewExample],
    after_id: int | None,
    state: State,
    name: ChangeName | None,
    progress: Progress = no_progress,
    *,
    pasted: bool = False,
) -> list[int]:
    """Add examples behind another one (None: at the end); returns their ids."""
    if not new:
        return []
    source = pasted_source(context.store) if pasted else WRITTEN_HERE
    keys = keys_behind(context, after_id, len(new))
    ids: list[int] = []

    def write(change_id: int, part: Sequence[tuple[NewExample, bytes]]) -> int:
        entries, part_keys = zip(*part, strict=True)
        ids.extend(write_new_examples(context, change_id, entries, part_keys, state, source))
        return len(part)

    written = write_in_batches(
        context,
        lambda count: name or ChangeName("add", {"count": count}),
        list(zip(new, keys, strict=True)),
        write,
        progress,
    )
    if after_id is not None:
        context.store.order_changed()
    notify(context, {"added", "set"}, ids, written, name or ChangeName("add", {"count": len(ids)}))
    return ids


def duplicate(
    context: ProjectContext, ids: Sequence[int], progress: Progress = no_progress
) -> list[int]:
    """Copy examples, with text, state and tags; the copies stand behind the last original."""
    store = context.store
    chosen = store.rows(
        "SELECT id, version_id, state, tag_set FROM example"
        " WHERE id IN (SELECT value FROM json_each(?)) AND deleted = 0 ORDER BY position",
        (as_json_array(ids),),
    )
    if not chosen:
        return []
    keys = keys_behind(context, chosen[-1][0], len(chosen))
    copies: list[int] = []

    def name(count: int) -> ChangeName:
        return ChangeName("duplicate", {"count": count})

    def write(change_id: int, part: Sequence[tuple[tuple[int, ...], bytes]]) -> int:
        for (_id, version_id, state, tag_set), key in part:
            text, facts = context.versions.text(version_id), context.versions.facts(version_id)
            if text is None or facts is None:
                raise ProjectDamagedError(
                    _("The text of an example to be copied is missing in the project file.")
                )
            copies.extend(
                write_new_examples(
                    context,
                    change_id,
                    [NewExample(text, facts)],
                    [key],
                    state_of(state),
                    WRITTEN_HERE,
                    tag_set,
                )
            )
        return len(part)

    written = write_in_batches(context, name, list(zip(chosen, keys, strict=True)), write, progress)
    store.order_changed()
    notify(context, {"added", "set"}, copies, written, name)
    return copies


# Rows that a later change has touched while a bulk change was under way are left to that change.
_NOT_TOUCHED_SINCE = (
    "id NOT IN (SELECT row_id FROM change_item WHERE change_id > ? AND column_id = ?)"
)


def set_column(
    context: ProjectContext,
    ids: Sequence[int],
    column: str,
    value: object,
    name: Callable[[int], ChangeName],
    progress: Progress = no_progress,
) -> Written:
    """Set one column of many examples to a value, as one step; those that have it are left out."""

    def write(change_id: int, part: Sequence[int]) -> int:
        return _write_column(context, change_id, part, column, value)

    return write_in_batches(context, name, ids, write, progress)


def _write_column(
    context: ProjectContext, change_id: int, ids: Sequence[int], column: str, value: object
) -> int:
    store = context.store
    where = (
        f"id IN (SELECT value FROM json_each(?)) AND {column} != ? AND deleted = 0"
        f" AND {_NOT_TOUCHED_SINCE}"
    )
    number = column_id(store, EXAMPLES, column)
    parameters = (as_json_array(ids), value, change_id, number)
    count = store.execute(
        "INSERT INTO change_item(change_id, column_id, row_id, before, after)"
        f" SELECT ?, ?, id, {column}, ? FROM example WHERE {where}",
        (change_id, number, value, *parameters),
    )
    store.execute(
        f"UPDATE example SET {column} = ?, changed_at = ? WHERE {where}",
        (value, store.now(), *parameters),
    )
    return count


def set_state(
    context: ProjectContext, ids: Sequence[int], state: str, progress: Progress = no_progress
) -> Written:
    """Set the state of review, one of STATES."""

    def name(count: int) -> ChangeName:
        return ChangeName("set_state", {"state": state, "count": count})

    written = set_column(context, ids, "state", STATE_NUMBERS[state], name, progress)
    notify(context, EXAMPLES.columns["state"], ids, written, name)
    return written


def delete(
    context: ProjectContext, ids: Sequence[int], progress: Progress = no_progress
) -> Written:
    """Delete examples: they stay in the file, and undo brings them back."""

    def name(count: int) -> ChangeName:
        return ChangeName("delete", {"count": count})

    written = set_column(context, ids, "deleted", 1, name, progress)
    context.store.order_changed()
    notify(context, {"deleted", "set"}, ids, written, name)
    return written


def keep_first_of_each(
    context: ProjectContext, groups: Sequence[Sequence[int]], progress: Progress = no_progress
) -> Written:
    """Delete all but the first of each group of examples, which gets the tags of them all."""
    store = context.store
    sets: dict[int, int] = dict(
        store.rows(
            "SELECT id, tag_set FROM example WHERE id IN (SELECT value FROM json_each(?))",
            (as_json_array([one for group in groups for one in group]),),
        )
    )
    work: list[tuple[int, frozenset[str] | None]] = []
    for kept, *copies in filter(None, groups):
        numbers = {sets[one] for one in (kept, *copies) if one in sets}
        if len(numbers) > 1:
            members = frozenset(tag for number in numbers for tag in context.tags.members(number))
            work.append((kept, members))
        work.extend((one, None) for one in copies)

    def name(count: int) -> ChangeName:
        return ChangeName("delete", {"count": count})

    def write(change_id: int, part: Sequence[tuple[int, frozenset[str] | None]]) -> int:
        for example_id, members in part:
            if members is not None:
                number = context.tags.number(members)
                _write_column(context, change_id, [example_id], "tag_set", number)
        gone = [example_id for example_id, members in part if members is None]
        return _write_column(context, change_id, gone, "deleted", 1)

    written = write_in_batches(context, name, work, write, progress)
    store.order_changed()
    ids = [one for one, _members in work]
    notify(context, {"deleted", "set", *EXAMPLES.columns["tag_set"]}, ids, written, name)
    return written


def change_tag(
    context: ProjectContext,
    ids: Sequence[int],
    tag: str,
    *,
    add: bool,
    progress: Progress = no_progress,
) -> Written:
    """Put a tag on examples, or take it off."""
    tag = " ".join(tag.split())
    if not tag:
        raise UserError(_("A tag needs a name."))
    store = context.store

    def name(count: int) -> ChangeName:
        return ChangeName("add_tag" if add else "remove_tag", {"tag": tag, "count": count})

    def write(change_id: int, part: Sequence[int]) -> int:
        count = 0
        chosen = as_json_array(part)
        for (number,) in store.rows(
            "SELECT DISTINCT tag_set FROM example WHERE id IN (SELECT value FROM json_each(?))",
            (chosen,),
        ):
            members = set(context.tags.members(number))
            wanted = context.tags.number(members | {tag} if add else members - {tag})
            if wanted != number:
                with_set = [
                    row[0]
                    for row in store.rows(
                        "SELECT id FROM example"
                        " WHERE id IN (SELECT value FROM json_each(?)) AND tag_set = ?",
                        (chosen, number),
                    )
                ]
                count += _write_column(context, change_id, with_set, "tag_set", wanted)
        return count

    written = write_in_batches(context, name, ids, write, progress)
    notify(context, EXAMPLES.columns["tag_set"], ids, written, name)
    return written


def move(
    context: ProjectContext,
    ids: Sequence[int],
    before_id: int | None,
    progress: Progress = no_progress,
) -> Written:
    """Move examples, in the order given, before another one (None: to the end)."""
    store = context.store
    moving = set(ids)
    if before_id in moving:
        return Written(None, 0)
    high = None if before_id is None else position_of(context, before_id)
    # The neighbour above is the nearest row that does not move itself.
    rows = store.connection.execute(
        "SELECT id, position FROM example WHERE deleted = 0 AND (?1 IS NULL OR position < ?1)"
        " ORDER BY position DESC",
        (high,),
    )
    low = next((key for row_id, key in rows if row_id not in moving), None)
    if high is None:
        keys = row_order.keys_after(low, len(ids))
    else:
        keys = row_order.keys_between(low, high, len(ids))
    if not ids or _stands_there(context, ids, low, high):
        return Written(None, 0)

    def name(count: int) -> ChangeName:
        return ChangeName("move", {"count": count})

    def write(change_id: int, part: Sequence[tuple[int, bytes]]) -> int:
        old: dict[int, bytes] = dict(
            store.rows(
                "SELECT id, position FROM example"
                " WHERE id IN (SELECT value FROM json_each(?)) AND deleted = 0",
                (as_json_array([row_id for row_id, _key in part]),),
            )
        )
        items = [
            Item("position", row_id, old[row_id], key) for row_id, key in part if row_id in old
        ]
        change_log.record(store, change_id, items)
        store.connection.executemany(
            "UPDATE example SET position = ?, changed_at = ? WHERE id = ?",
            [(item.after, store.now(), item.row_id) for item in items],
        )
        return len(items)

    written = write_in_batches(context, name, list(zip(ids, keys, strict=True)), write, progress)
    store.order_changed()
    notify(context, EXAMPLES.columns["position"], ids, written, name)
    return written


def _stands_there(
    context: ProjectContext, ids: Sequence[int], low: bytes | None, high: bytes | None
) -> bool:
    """Whether the rows already stand in this order in this place."""
    if len(ids) > ProjectChange.MANY:
        return False
    keys = [position_of(context, row_id) for row_id in ids]
    rising = all(first < second for first, second in pairwise(keys))
    return rising and (low is None or low < keys[0]) and (high is None or keys[-1] < high)
