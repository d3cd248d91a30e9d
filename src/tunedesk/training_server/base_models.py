"""The base models that are there: the built-in starter, folders of the user, the hub's cache."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.server_settings import ServerSettings

ADAPTER_NAME = "adapter_config.json"
"""The file that a folder has if it holds an adapter."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")


@dataclass(frozen=True)
class BaseModel:
    """A base model.

    Attributes:
        name: The name that the API knows it by.
        ref: `STARTER`, or the absolute path of its folder; empty if it must be fetched first.
        created: When its folder was changed.
    """

    name: str
    ref: str
    created: int


class BaseModels:
    """Finds base models."""

    def __init__(self, settings: ServerSettings, started: int) -> None:
        self.downloads = settings.data_dir / "models"
        self._folders = [self.downloads]
        if settings.models_dir is not None:
            self._folders.insert(0, settings.models_dir)
        self._allow_download = settings.allow_download
        self._started = started

    def list(self) -> list[BaseModel]:
        """All that are on this computer, by name."""
        found = [BaseModel(STARTER, STARTER, self._started)]
        for folder in self._folders:
            known = {model.name for model in found}
            found += [model for model in _models_in(folder) if model.name not in known]
        return found

    def find(self, name: str) -> BaseModel | None:
        """The base model of a name; only names of the list become paths."""
        for model in self.list():
            if model.name == name:
                return model
        if self._allow_download and _NAME.fullmatch(name) and "/" in name:
            return BaseModel(name, "", self._started)
        return None


def _models_in(folder: Path) -> list[BaseModel]:
    """The models of a folder: NAME, or OWNER/NAME as on the hub."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        for candidate in (path, *(sorted(path.iterdir()) if path.is_dir() else ())):
            name = candidate.relative_to(folder).as_posix()
            whole = is_model_folder(candidate) and not name.endswith(".part")
            if whole and _NAME.fullmatch(name):
                created = int(candidate.stat().st_mtime)
                found.append(BaseModel(name, str(candidate), created))
    return found


def is_model_folder(path: Path) -> bool:
    """Whether a folder holds a whole model in the form that is loaded: safetensors only."""
    try:
        json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return any(path.glob("*.safetensors"))
