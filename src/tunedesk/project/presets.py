"""System prompts kept by name. Keeping and deleting one can be undone."""

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project import change_log, change_names
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.project_change import ProjectChange


def presets(context: ProjectContext) -> dict[str, str]:
    """The presets: text by name, sorted by name."""
    found: dict[str, str] = dict(context.store.rows("SELECT name, text FROM preset"))
    return {name: found[name] for name in sorted(found, key=str.casefold)}


def set_preset(context: ProjectContext, name: str, text: str | None) -> bool:
    """Keep a system prompt under a name (None deletes it); False if that changes nothing."""
    name = " ".join(name.split())
    if not name:
        raise UserError(_("A preset needs a name."))
    store = context.store
    step = ChangeName("delete_preset" if text is None else "set_preset", {"name": name})
    with store.transaction():
        before = store.value("SELECT text FROM preset WHERE name = ?", (name,))
        if before == text:
            return False
        change_id = change_log.begin(store, step)
        store.execute(
            "INSERT INTO preset_item(change_id, name, before, after) VALUES (?, ?, ?, ?)",
            (change_id, name, before, text),
        )
        if text is None:
            store.execute("DELETE FROM preset WHERE name = ?", (name,))
        else:
            store.execute("INSERT OR REPLACE INTO preset(name, text) VALUES (?, ?)", (name, text))
        store.publish(
            ProjectChange(
                frozenset({"presets"}), (), store.shared.author, change_names.worded(step)
            )
        )
    return True
