"""New texts for examples: typing, which merges into steps, and many at once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tunedesk.checks.facts import Facts
from tunedesk.progress import Progress, no_progress
from tunedesk.project import changes
from tunedesk.project.bulk import Written, write_in_slices
from tunedesk.project.change_names import ChangeName
from tunedesk.project.changes import Item
from tunedesk.project.kept_versions import drop_if_unused
from tunedesk.project.packed_facts import PackedFacts, packed
from tunedesk.project.parts import ProjectParts, as_json_array, missing_example
from tunedesk.project.project_change import KINDS_OF_FIELD
from tunedesk.project.telling import notify
from tunedesk.project.versions import NewVersion


class TextChange(NamedTuple):
    """A new text for an example.

    Attributes:
        id: The example.
        version_id: The version that the new text was made from; if the example has another one
            by now, it is left alone.
        text: The new record, UTF-8.
        facts: What was worked out from the new text.
    """

    id: int
    version_id: int
    text: bytes
    facts: Facts


PackedText = tuple[int, int, bytes, PackedFacts]
"""A `TextChange` as a plain tuple, with facts that are ready to be written."""


def set_text(
    parts: ProjectParts,
    example_id: int,
    text: bytes,
    facts: Facts,
    name: ChangeName,
    merge_key: str | None,
) -> bool:
    """Give an example a new text; False if it has that text already."""
    store = parts.store
    with store.transaction():
        old = store.row(
            "SELECT version_id, text FROM example JOIN version_text"
            " ON version_text.id = example.version_id WHERE example.id = ?",
            (example_id,),
        )
        if old is None:
            raise missing_example()
        if old[1] == text:
            return False
        merged = changes.merge_target(store, merge_key, example_id)
        new = NewVersion(example_id, text, facts)
        if merged is None:
            change_id = changes.begin(store, name, merge_key=merge_key)
            version_id = parts.versions.add(change_id, [new], parts.basis, parts.target)[0][0]
            changes.record(store, change_id, [Item("version_id", example_id, old[0], version_id)])
        else:
            change_id = merged[0]
            version_id = parts.versions.add(change_id, [new], parts.basis, parts.target)[0][0]
            store.execute(
                "UPDATE change_item SET after = ?"
                " WHERE change_id = ? AND field = 'version_id' AND example_id = ?",
                (version_id, change_id, example_id),
            )
            store.execute("UPDATE change SET time = ? WHERE id = ?", (store.now(), change_id))
        parts.versions.make_current(version_id, version_id, store.now())
        if merged is not None:
            drop_if_unused(store, example_id, old[0])
        notify(parts, KINDS_OF_FIELD["version_id"], [example_id], None, name)
    return True


def set_texts(
    parts: ProjectParts,
    texts: Sequence[TextChange],
    name: Callable[[int], ChangeName],
    progress: Progress = no_progress,
) -> Written:
    """Give many examples new texts, as one step."""
    written = write_in_slices(
        parts,
        name,
        texts,
        lambda change_id, part: write_texts(parts, change_id, part),
        progress,
    )
    notify(parts, KINDS_OF_FIELD["version_id"], [text.id for text in texts], written, name)
    return written


def write_texts(parts: ProjectParts, change_id: int, texts: Sequence[TextChange]) -> int:
    """Write new texts of a change, inside the caller's transaction; returns how many."""
    return write_packed(
        parts,
        change_id,
        [(text.id, text.version_id, text.text, packed(text.facts)) for text in texts],
    )


def write_packed(parts: ProjectParts, change_id: int, texts: Sequence[PackedText]) -> int:
    """Write new texts of a change, inside the caller's transaction; returns how many."""
    store = parts.store
    present: dict[int, int] = dict(
        store.rows(
            "SELECT id, version_id FROM example WHERE id IN (SELECT value FROM json_each(?))",
            (as_json_array([text[0] for text in texts]),),
        )
    )
    fitting = [text for text in texts if present.get(text[0]) == text[1]]
    if not fitting:
        return 0
    ids, _old, new, facts = zip(*fitting, strict=True)
    rows = parts.versions.add_packed(change_id, ids, new, facts, parts.basis, parts.target)
    first, last = rows[0][0], rows[-1][0]
    changes.record_new_versions(store, change_id, first, last)
    parts.versions.make_current(first, last, store.now())
    return len(fitting)
