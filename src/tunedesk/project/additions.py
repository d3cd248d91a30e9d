"""New examples: added, imported or duplicated. Undo hides them."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from tunedesk.checks.facts import Facts
from tunedesk.progress import Progress, no_progress
from tunedesk.project import changes, order_keys
from tunedesk.project.bulk import write_in_slices
from tunedesk.project.change_names import ChangeName
from tunedesk.project.parts import ProjectParts, as_json_array, missing_example
from tunedesk.project.states import STATE_NUMBERS, State, state_of
from tunedesk.project.telling import notify
from tunedesk.project.versions import NewVersion

WRITTEN_HERE = 1
"""The source of examples that were written in Tunedesk."""

_INSERT_EXAMPLE = (
    "INSERT INTO example(id, position, hidden, state, tag_set, source_id, source_line,"
    " created_change, version_id, changed_at, turns, tokens, trained_tokens, errors, warnings,"
    " hints, code_set, checked_as, preview_start, uid)"
    " VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class NewExample(NamedTuple):
    """An example to be added.

    Attributes:
        text: The record, UTF-8.
        facts: What was worked out from it.
        line: The line of the source file it came from.
    """

    text: bytes
    facts: Facts
    line: int | None = None


def write_new_examples(
    parts: ProjectParts,
    change_id: int,
    new: Sequence[NewExample],
    keys: Sequence[bytes],
    state: State,
    source_id: int,
    tag_set: int | None = None,
) -> range:
    """Write new examples of a change, inside the caller's transaction; returns their ids."""
    store = parts.store
    first = int(store.value("SELECT max(id) FROM example") or 0) + 1
    ids = range(first, first + len(new))
    versions = parts.versions.add(
        change_id,
        [
            NewVersion(number, entry.text, entry.facts)
            for number, entry in zip(ids, new, strict=True)
        ],
        parts.basis,
        parts.target,
    )
    tags = parts.tags.number(()) if tag_set is None else tag_set
    number, now, random = STATE_NUMBERS[state], store.now(), os.urandom(16 * len(new))
    store.connection.executemany(
        _INSERT_EXAMPLE,
        [
            (
                *(example_id, key, number, tags, source_id, entry.line, change_id),
                *(version[0], now, len(entry.facts.roles), version[6], version[10]),
                *version[11:16],
                entry.facts.preview[:40],
                random[place : place + 16],
            )
            for example_id, key, entry, version, place in zip(
                ids, keys, new, versions, range(0, 16 * len(new), 16), strict=True
            )
        ],
    )
    changes.record_added(store, change_id, ids[0], ids[-1])
    return ids


def last_key(parts: ProjectParts) -> bytes | None:
    """The order key of the last visible example."""
    key: bytes | None = parts.store.value(
        "SELECT position FROM example WHERE hidden = 0 ORDER BY position DESC LIMIT 1"
    )
    return key


def keys_behind(parts: ProjectParts, after_id: int | None, count: int) -> list[bytes]:
    """Order keys for new rows behind an example (None: at the end)."""
    end = last_key(parts)
    if after_id is None:
        return order_keys.keys_after(end, count)
    low = position_of(parts, after_id)
    high = parts.store.value(
        "SELECT position FROM example WHERE hidden = 0 AND position > ? ORDER BY position LIMIT 1",
        (low,),
    )
    if high is None:
        return order_keys.keys_after(low, count)
    return order_keys.keys_between(low, high, count)


def position_of(parts: ProjectParts, example_id: int) -> bytes:
    """The order key of an example."""
    key: bytes | None = parts.store.value(
        "SELECT position FROM example WHERE id = ?", (example_id,)
    )
    if key is None:
        raise missing_example()
    return key


def add_examples(
    parts: ProjectParts,
    new: Sequence[NewExample],
    after_id: int | None,
    state: State,
    name: ChangeName | None,
    progress: Progress = no_progress,
) -> list[int]:
    """Add examples behind another one (None: at the end); returns their ids."""
    if not new:
        return []
    keys = keys_behind(parts, after_id, len(new))
    ids: list[int] = []

    def write(change_id: int, part: Sequence[tuple[NewExample, bytes]]) -> int:
        entries, part_keys = zip(*part, strict=True)
        ids.extend(write_new_examples(parts, change_id, entries, part_keys, state, WRITTEN_HERE))
        return len(part)

    written = write_in_slices(
        parts,
        lambda count: name or ChangeName("add", {"count": count}),
        list(zip(new, keys, strict=True)),
        write,
        progress,
    )
    if after_id is not None:
        parts.store.order_changed()
    notify(parts, {"added", "set"}, ids, written, name or ChangeName("add", {"count": len(ids)}))
    return ids


def duplicate(
    parts: ProjectParts, ids: Sequence[int], progress: Progress = no_progress
) -> list[int]:
    """Copy examples, with text, state and tags; the copies stand behind the last original."""
    store = parts.store
    chosen = store.rows(
        "SELECT id, version_id, state, tag_set FROM example"
        " WHERE id IN (SELECT value FROM json_each(?)) AND hidden = 0 ORDER BY position",
        (as_json_array(ids),),
    )
    if not chosen:
        return []
    keys = keys_behind(parts, chosen[-1][0], len(chosen))
    copies: list[int] = []

    def name(count: int) -> ChangeName:
        return ChangeName("duplicate", {"count": count})

    def write(change_id: int, part: Sequence[tuple[tuple[int, ...], bytes]]) -> int:
        for (_id, version_id, state, tag_set), key in part:
            text, facts = parts.versions.text(version_id), parts.versions.facts(version_id)
            assert text is not None
            assert facts is not None
            copies.extend(
                write_new_examples(
                    parts,
                    change_id,
                    [NewExample(text, facts)],
                    [key],
                    state_of(state),
                    WRITTEN_HERE,
                    tag_set,
                )
            )
        return len(part)

    written = write_in_slices(parts, name, list(zip(chosen, keys, strict=True)), write, progress)
    store.order_changed()
    notify(parts, {"added", "set"}, copies, written, name)
    return copies
