"""The settings of one project, kept in its file: its target, its encoding, and what others add."""

import json
from typing import Any

from tunedesk.project.store import Store

DEFAULTS: dict[str, Any] = {
    "target": "openai",
    "encoding": "o200k_base",
    "model": None,
}
"""Settings that every project has."""


def read(store: Store, key: str, default: Any = None) -> Any:
    """The value of a setting."""
    text = store.value("SELECT value FROM setting WHERE key = ?", (key,))
    if text is None:
        return DEFAULTS.get(key, default)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return DEFAULTS.get(key, default)


def write(store: Store, key: str, value: Any) -> None:
    """Keep a JSON value under a key; None removes it."""
    with store.transaction():
        if value is None:
            store.execute("DELETE FROM setting WHERE key = ?", (key,))
        else:
            store.execute(
                "INSERT INTO setting(key, value) VALUES (?, ?)"
                " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )
