"""The user's settings: preferences and the remembered state of the window, in one JSON file.

Settings of one project (its base model, its presets) stand in the project file instead.
"""

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

MAX_RECENT_PROJECTS = 12


@dataclass
class Settings:
    """Typed settings with their defaults; `save` writes them.

    Attributes:
        path: The file they are kept in; None keeps them in memory only.
        theme: "system", "light" or "dark".
        zoom: Size of message text against the normal size, 1.0 is normal.
        monospace: Whether message text is shown in a fixed-width font.
        keep_system_prompt: Whether a new example begins with the system prompt of the last one.
        spelling: The language that spelling is checked in, such as "en_GB"; empty for none.
        spelling_words: Words that the user has called right.
        keys: Keys that the user changed, by action id.
        recent_projects: Paths of projects, the latest first.
        author: The name written into the history; empty means the system's user name.
        window: Remembered state of the window by name: geometry, splitters, columns.
        places: By project path, the place that was open last: example, filter, scroll.
    """

    path: Path | None = field(default=None, metadata={"kept": False})
    theme: str = "system"
    zoom: float = 1.0
    monospace: bool = False
    keep_system_prompt: bool = True
    spelling: str = ""
    spelling_words: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    recent_projects: list[str] = field(default_factory=list)
    author: str = ""
    window: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Settings":
        """Read settings; what is missing, unknown or of the wrong type keeps its default."""
        settings = cls(path=path)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return settings
        if not isinstance(stored, dict):
            return settings
        for entry in _kept_fields():
            default = getattr(settings, entry)
            value = stored.get(entry, default)
            if isinstance(default, float) and type(value) is int:
                value = float(value)
            if type(value) is type(default):
                setattr(settings, entry, value)
        return settings

    def save(self) -> None:
        """Write the settings, whole or not at all; that a folder cannot be written is ignored."""
        if self.path is None:
            return
        text = json.dumps({name: getattr(self, name) for name in _kept_fields()}, indent=1)
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".settings-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(temporary, self.path)
            except BaseException:
                os.unlink(temporary)
                raise

    def remember_project(self, project: Path) -> None:
        """Put a project at the head of the recent ones."""
        name = str(project)
        self.recent_projects = [name, *(p for p in self.recent_projects if p != name)]
        del self.recent_projects[MAX_RECENT_PROJECTS:]


def _kept_fields() -> list[str]:
    return [entry.name for entry in fields(Settings) if entry.metadata.get("kept", True)]
