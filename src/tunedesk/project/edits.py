"""Changes of many examples that leave their texts alone: review, tag, delete, move."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import changes, order_keys
from tunedesk.project.additions import position_of
from tunedesk.project.bulk import Written, write_in_slices
from tunedesk.project.change_names import ChangeName
from tunedesk.project.changes import Item
from tunedesk.project.parts import ProjectParts, as_json_array
from tunedesk.project.project_change import KINDS_OF_FIELD, ProjectChange
from tunedesk.project.states import STATE_NUMBERS
from tunedesk.project.telling import notify

# Rows that a later change has touched while a bulk change was under way are left to that change.
_NOT_TOUCHED_SINCE = (
    "id NOT IN (SELECT example_id FROM change_item WHERE change_id > ? AND field = ?)"
)


def set_column(
    parts: ProjectParts,
    ids: Sequence[int],
    field: str,
    value: object,
    name: Callable[[int], ChangeName],
    progress: Progress = no_progress,
) -> Written:
    """Set one column of many examples to a value, as one step; those that have it are left out."""

    def write(change_id: int, part: Sequence[int]) -> int:
        return _write_column(parts, change_id, part, field, value)

    return write_in_slices(parts, name, ids, write, progress)


def _write_column(
    parts: ProjectParts, change_id: int, ids: Sequence[int], field: str, value: object
) -> int:
    store = parts.store
    where = (
        f"id IN (SELECT value FROM json_each(?)) AND {field} != ? AND hidden = 0"
        f" AND {_NOT_TOUCHED_SINCE}"
    )
    parameters = (as_json_array(ids), value, change_id, field)
    count = store.execute(
        "INSERT INTO change_item(change_id, field, example_id, before, after)"
        f" SELECT ?, ?, id, {field}, ? FROM example WHERE {where}",
        (change_id, field, value, *parameters),
    )
    store.execute(
        f"UPDATE example SET {field} = ?, changed_at = ? WHERE {where}",
        (value, store.now(), *parameters),
    )
    return count


def set_state(
    parts: ProjectParts, ids: Sequence[int], state: str, progress: Progress = no_progress
) -> Written:
    """Set the state of review, one of STATES."""

    def name(count: int) -> ChangeName:
        return ChangeName("set_state", {"state": state, "count": count})

    written = set_column(parts, ids, "state", STATE_NUMBERS[state], name, progress)
    notify(parts, KINDS_OF_FIELD["state"], ids, written, name)
    return written


def delete(parts: ProjectParts, ids: Sequence[int], progress: Progress = no_progress) -> Written:
    """Delete examples: they are hidden, and undo brings them back."""

    def name(count: int) -> ChangeName:
        return ChangeName("delete", {"count": count})

    written = set_column(parts, ids, "hidden", 1, name, progress)
    parts.store.order_changed()
    notify(parts, {"deleted", "set"}, ids, written, name)
    return written


def change_tag(
    parts: ProjectParts,
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
    store = parts.store

    def name(count: int) -> ChangeName:
        return ChangeName("add_tag" if add else "remove_tag", {"tag": tag, "count": count})

    def write(change_id: int, part: Sequence[int]) -> int:
        count = 0
        chosen = as_json_array(part)
        for (number,) in store.rows(
            "SELECT DISTINCT tag_set FROM example WHERE id IN (SELECT value FROM json_each(?))",
            (chosen,),
        ):
            members = set(parts.tags.members(number))
            wanted = parts.tags.number(members | {tag} if add else members - {tag})
            if wanted != number:
                with_set = [
                    row[0]
                    for row in store.rows(
                        "SELECT id FROM example"
                        " WHERE id IN (SELECT value FROM json_each(?)) AND tag_set = ?",
                        (chosen, number),
                    )
                ]
                count += _write_column(parts, change_id, with_set, "tag_set", wanted)
        return count

    written = write_in_slices(parts, name, ids, write, progress)
    notify(parts, KINDS_OF_FIELD["tag_set"], ids, written, name)
    return written


def move(
    parts: ProjectParts,
    ids: Sequence[int],
    before_id: int | None,
    progress: Progress = no_progress,
) -> Written:
    """Move examples, in the order given, before another one (None: to the end)."""
    store = parts.store
    moving = set(ids)
    if before_id in moving:
        return Written(None, 0)
    high = None if before_id is None else position_of(parts, before_id)
    # The neighbour above is the nearest row that does not move itself.
    rows = store.connection.execute(
        "SELECT id, position FROM example WHERE hidden = 0 AND (?1 IS NULL OR position < ?1)"
        " ORDER BY position DESC",
        (high,),
    )
    low = next((key for row_id, key in rows if row_id not in moving), None)
    if high is None:
        keys = order_keys.keys_after(low, len(ids))
    else:
        keys = order_keys.keys_between(low, high, len(ids))
    if not ids or _stands_there(parts, ids, low, high):
        return Written(None, 0)

    def name(count: int) -> ChangeName:
        return ChangeName("move", {"count": count})

    def write(change_id: int, part: Sequence[tuple[int, bytes]]) -> int:
        old: dict[int, bytes] = dict(
            store.rows(
                "SELECT id, position FROM example"
                " WHERE id IN (SELECT value FROM json_each(?)) AND hidden = 0",
                (as_json_array([row_id for row_id, _key in part]),),
            )
        )
        items = [
            Item("position", row_id, old[row_id], key) for row_id, key in part if row_id in old
        ]
        changes.record(store, change_id, items)
        store.connection.executemany(
            "UPDATE example SET position = ?, changed_at = ? WHERE id = ?",
            [(item.after, store.now(), item.example_id) for item in items],
        )
        return len(items)

    written = write_in_slices(parts, name, list(zip(ids, keys, strict=True)), write, progress)
    store.order_changed()
    notify(parts, KINDS_OF_FIELD["position"], ids, written, name)
    return written


def _stands_there(
    parts: ProjectParts, ids: Sequence[int], low: bytes | None, high: bytes | None
) -> bool:
    """Whether the rows already stand in this order in this place."""
    if len(ids) > ProjectChange.MANY:
        return False
    keys = [position_of(parts, row_id) for row_id in ids]
    rising = all(first < second for first, second in pairwise(keys))
    return rising and (low is None or low < keys[0]) and (high is None or keys[-1] < high)
