"""The history of one example: who did what to it, and when; undo and redo included."""

from typing import Literal, NamedTuple

from tunedesk.project import change_names
from tunedesk.project.parts import ProjectParts
from tunedesk.project.states import state_of

Direction = Literal["done", "undone", "redone"]


class HistoryEntry(NamedTuple):
    """One entry of the history of an example.

    Attributes:
        change_id: The change.
        name: What was done, in words; of an undo or redo, what was undone or redone.
        direction: Whether this entry did it, undid it or redid it.
        actor: Who did it.
        machine: On which computer.
        time: When, in milliseconds since 1970.
        version_before: The version before, if the text changed; None for the first text.
        version_after: The version after, if the text changed.
        details: What else changed: column ("state", "tags", "deleted", "moved"), before, after.
    """

    change_id: int
    name: str
    direction: Direction
    actor: str
    machine: str
    time: int
    version_before: int | None
    version_after: int | None
    details: tuple[tuple[str, str, str], ...]


def history(parts: ProjectParts, example_id: int) -> list[HistoryEntry]:
    """The history of an example, the newest first."""
    store = parts.store
    created = store.row(
        "SELECT created_change, version_id FROM example WHERE id = ?", (example_id,)
    )
    if created is None:
        return []
    items: dict[int, list[tuple[str, object, object]]] = {created[0]: []}
    for change_id, field, before, after in store.rows(
        "SELECT change_id, field, before, after FROM change_item WHERE example_id = ?"
        " ORDER BY change_id",
        (example_id,),
    ):
        items.setdefault(change_id, []).append((field, before, after))
    first_version: int = next(
        (before for entry in items.values() for field, before, _after in entry
         if field == "version_id" and isinstance(before, int)),
        created[1],
    )  # fmt: skip
    entries = []
    for change_id, fields in items.items():
        for row in store.rows(
            "SELECT id, code, parameters, actor, machine, time, undoes, redoes FROM change"
            " WHERE id = ?1 OR undoes = ?1 OR redoes = ?1",
            (change_id,),
        ):
            number, code, parameters, actor, machine, time, undoes, redoes = row
            direction: Direction = "undone" if undoes else "redone" if redoes else "done"
            versions: tuple[int | None, int | None] = (None, None)
            if change_id == created[0]:
                versions = (None, first_version) if direction != "undone" else (None, None)
            details = []
            for field, first, second in fields:
                before, after = (second, first) if direction == "undone" else (first, second)
                if field == "version_id":
                    if isinstance(before, int) and isinstance(after, int):
                        versions = (before, after)
                else:
                    details.append(_detail(parts, field, before, after))
            name = change_names.worded(change_names.from_row(code, parameters))
            entries.append(
                HistoryEntry(
                    number, name, direction, actor, machine, time, *versions, tuple(details)
                )
            )
    return sorted(entries, key=lambda entry: entry.change_id, reverse=True)


def _detail(parts: ProjectParts, field: str, before: object, after: object) -> tuple[str, str, str]:
    if field == "state" and isinstance(before, int) and isinstance(after, int):
        return ("state", state_of(before), state_of(after))
    if field == "tag_set" and isinstance(before, int) and isinstance(after, int):
        return ("tags", ", ".join(parts.tags.members(before)), ", ".join(parts.tags.members(after)))
    if field == "hidden":
        return ("deleted", str(before), str(after))
    return ("moved", "", "")
