"""Telling the views of a change."""

from collections.abc import Callable, Iterable, Sequence

from tunedesk.project import change_names
from tunedesk.project.bulk import Written
from tunedesk.project.change_names import ChangeName
from tunedesk.project.parts import ProjectParts
from tunedesk.project.project_change import ProjectChange


def notify(
    parts: ProjectParts,
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
    parts.store.publish(
        ProjectChange(
            frozenset(kinds),
            tuple(ids) if few else None,
            parts.store.shared.author,
            change_names.worded(name),
        )
    )
