"""System prompts kept by name. Keeping and deleting one can be undone."""

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project import damage
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.table_rows import TableChange
from tunedesk.project.undoable_tables import PRESETS

_LONGEST_PRESET = 4_000_000


def presets(context: ProjectContext) -> dict[str, str]:
    """The presets: text by name, sorted by name."""
    found = {
        damage.text(name): damage.text(text, most=_LONGEST_PRESET)
        for name, text in context.store.rows(
            "SELECT name, text FROM preset WHERE deleted = 0 ORDER BY id"
        )
    }
    return {name: found[name] for name in sorted(found, key=str.casefold)}


def set_preset(context: ProjectContext, name: str, text: str | None) -> bool:
    """Keep a system prompt under a name (None deletes it); False if that changes nothing."""
    name = " ".join(name.split())
    if not name:
        raise UserError(_("A preset needs a name."))
    step = ChangeName("delete_preset" if text is None else "set_preset", {"name": name})
    with TableChange(context, step) as change:
        row_id = context.store.value(
            "SELECT id FROM preset WHERE deleted = 0 AND name = ? ORDER BY id DESC", (name,)
        )
        if row_id is None:
            if text is not None:
                change.add(PRESETS, {"name": name, "text": text})
        elif text is None:
            change.delete(PRESETS, row_id)
        else:
            change.set(PRESETS, row_id, {"text": text})
    return change.changed
