"""The models by their names: base models, tuned ones and checkpoints; base models from the hub.

Base models are the built-in starter, folders of the user, and those that were fetched. Only
safetensors are read.
"""

import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import ADAPTER_NAME, STARTER
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.database import new_id
from tunedesk.training_server.store.stores import Stores

_MOST_OF_A_HEAD = 100_000_000
"""Bytes; as in the safetensors library."""


def weights_in(file: Path) -> dict[str, dict[str, Any]]:
    """The weights of a file by name, with "shape" and "data_offsets".

    Raises:
        ValueError: It is not such a file, or shorter or longer than its head promises.
        OSError: It cannot be read.
    """
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            head = json.loads(stream.read(min(length, _MOST_OF_A_HEAD)))
        weights = {name: entry for name, entry in head.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in weights.values()), default=0)
        is_whole = file.stat().st_size == 8 + length + end
    except (struct.error, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{file.name} is not a file of weights") from error
    if not is_whole:
        raise ValueError(f"{file.name} is not whole")
    return weights


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
            config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return False
        if not isinstance(config, dict):
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


_ID_LETTERS = 8


@dataclass(frozen=True)
class NamedModel:
    """A model that can be talked to.

    Attributes:
        name: The name that the API knows it by.
        ref: Where it is, for the room that loads it (`inference_types`).
        created: When it was made.
        owner: Who made it: "tunedesk" for base models, "user" for others.
    """

    name: str
    ref: str
    created: int
    owner: str

    def as_object(self) -> dict[str, Any]:
        """The model as the API shows it."""
        return {
            "id": self.name,
            "object": "model",
            "created": self.created,
            "owned_by": self.owner,
            "shutdown_date": None,
        }


class ModelNames:
    """Finds models by name; a name never becomes a path."""

    def __init__(self, stores: Stores, base_models: BaseModels) -> None:
        self._stores = stores
        self._base_models = base_models

    def list(self) -> list[NamedModel]:
        """The base models and the tuned ones."""
        base = [
            NamedModel(model.name, model.ref, model.created, "tunedesk")
            for model in self._base_models.list()
        ]
        tuned = (self._tuned(job.model_name) for job in self._stores.jobs.with_model())
        return [*base, *(model for model in tuned if model is not None)]

    def find(self, name: str) -> NamedModel | None:
        """The model of a name; None if there is none, or it is not whole."""
        if name.startswith("ft:"):
            return self._tuned(name) or self._checkpoint(name)
        base = self._base_models.find(name)
        if base is None or not base.ref:
            return None
        return NamedModel(base.name, base.ref, base.created, "tunedesk")

    def has_adapter(self, name: str) -> bool:
        """Whether the model of a name is an adapter to another one."""
        ref = self.ref(name)
        return bool(ref) and (Path(str(ref)) / ADAPTER_NAME).is_file()

    def ref(self, name: str) -> str | None:
        """Where the model of a name is."""
        model = self.find(name)
        return None if model is None else model.ref

    def _tuned(self, name: str) -> NamedModel | None:
        job = self._stores.jobs.find_by_model(name)
        if job is None or not job.has_model:
            return None
        path = self._stores.job_folder(job.id).model
        if not path.is_dir():
            return None
        return NamedModel(name, str(path), job.finished_at or job.created_at, "user")

    def _checkpoint(self, name: str) -> NamedModel | None:
        found = self._stores.checkpoints.find_by_name(name)
        if found is None:
            return None
        path = self._stores.job_folder(found.job_id).checkpoint(found.step)
        return NamedModel(name, str(path), found.created_at, "user") if path.is_dir() else None

    def delete(self, name: str) -> bool:
        """Delete a tuned model, or a checkpoint: first the name, then the weights.

        Returns:
            Whether it was there; of several who delete it at once, one is told so.
        """
        job = self._stores.jobs.find_by_model(name)
        if job is not None:
            folder = self._stores.job_folder(job.id).model
            return _delete(partial(self._stores.jobs.clear_model, job.id), folder)
        found = self._stores.checkpoints.find_by_name(name)
        if found is not None:
            folder = self._stores.job_folder(found.job_id).checkpoint(found.step)
            return _delete(partial(self._stores.checkpoints.delete, found.id), folder)
        return False

    def new_name(self, base: str, suffix: str) -> str:
        """A name for a model that will be tuned from this one."""
        if base.startswith("ft:"):
            base = base.split(":")[1]
        return f"ft:{base}:local:{suffix}:{new_id('', _ID_LETTERS)}"


def _delete(clear: Callable[[], bool], folder: Path) -> bool:
    """Clear the name of a model, then remove its folder; whether the name was there."""
    try:
        was_there = clear()
    except OSError as error:
        if not is_disk_full(error):
            raise
        # The weights make room for the word that they are gone.
        _remove(folder)
        was_there = clear()
    if was_there:
        _remove(folder)
    return was_there


def _remove(folder: Path) -> None:
    """Remove a folder; under its name it is there as a whole or not at all."""
    if folder.is_dir():
        gone = folder.with_name(f"{folder.name}.removed")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


_WANTED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")


def download(name: str, folder: Path, why_not: Callable[[int], str | None]) -> Path:
    """The folder of a model of the hub, fetched if it is not there yet.

    Args:
        name: Its name on the hub, checked by the caller.
        folder: The folder that it becomes.
        why_not: Asked before anything large is fetched, with the bytes of the weights: what stands
            against it.

    Raises:
        UserError: It cannot be fetched, or something stands against it.
    """
    if folder.is_dir():
        return folder
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    try:
        files = HfApi().model_info(name, files_metadata=True).siblings or []
        size = sum(file.size or 0 for file in files if Path(file.rfilename).match("*.safetensors"))
        if size == 0:
            raise UserError(f"{name} has no weights as safetensors on the hub.")
        reason = why_not(size)
        if reason is not None:
            raise UserError(reason)
        snapshot_download(name, local_dir=part, allow_patterns=list(_WANTED))
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        said = " ".join(str(error).split())[:300]
        raise UserError(f"{name} cannot be fetched from the hub: {said}") from error
    shutil.rmtree(part / ".cache", ignore_errors=True)
    part.rename(folder)
    return folder
