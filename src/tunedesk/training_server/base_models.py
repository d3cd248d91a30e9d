"""The base models that are there: the built-in starter, folders of the user, the hub's cache."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.server_settings import ServerSettings
from tunedesk.training_server.weight_files import weights_in

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
        self._whole: dict[Path, tuple[int, int]] = {}

    def list(self) -> list[BaseModel]:
        """All that are on this computer, by name."""
        found = [BaseModel(STARTER, STARTER, self._started)]
        for folder in self._folders:
            known = {model.name for model in found}
            found += [model for model in self._models_in(folder) if model.name not in known]
        return found

    def find(self, name: str) -> BaseModel | None:
        """The base model of a name; only names of the list become paths."""
        for model in self.list():
            if model.name == name:
                return model
        if self._allow_download and _NAME.fullmatch(name) and "/" in name:
            return BaseModel(name, "", self._started)
        return None

    def _models_in(self, folder: Path) -> Iterator[BaseModel]:
        """The models of a folder: NAME, or OWNER/NAME as on the hub."""
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            for candidate in (path, *(sorted(path.iterdir()) if path.is_dir() else ())):
                name = candidate.relative_to(folder).as_posix()
                is_named = _NAME.fullmatch(name) and not name.endswith(".part")
                if is_named and self._is_model(candidate):
                    created = int(candidate.stat().st_mtime)
                    yield BaseModel(name, str(candidate), created)

    def _is_model(self, path: Path) -> bool:
        """Whether a folder holds a whole model in the form that is loaded: safetensors only."""
        try:
            json.loads((path / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        files = list(path.glob("*.safetensors"))
        return bool(files) and _has_all_parts(path) and all(map(self._is_whole, files))

    def _is_whole(self, file: Path) -> bool:
        """Whether a file of weights is whole; its head is read again only if it has changed."""
        try:
            state = file.stat()
            mark = (state.st_size, state.st_mtime_ns)
            if self._whole.get(file) != mark:
                weights_in(file)
                self._whole[file] = mark
        except (OSError, ValueError):
            return False
        return True


def _has_all_parts(path: Path) -> bool:
    """Whether all files are there that the index of a divided model names."""
    try:
        text = (path / "model.safetensors.index.json").read_text(encoding="utf-8")
    except OSError:
        return True
    try:
        names = set(json.loads(text)["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return all(isinstance(name, str) and (path / name).is_file() for name in names)
