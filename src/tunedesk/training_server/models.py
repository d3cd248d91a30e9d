"""The models by their names: base models, tuned ones and checkpoints; base models from the hub.

Base models are the built-in starter, folders of the user, and those that were fetched. Only
safetensors are read.
"""

import fnmatch
import importlib.util
import json
import logging
import re
import shutil
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import ADAPTER_NAME, STARTER
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.database import new_id
from tunedesk.training_server.store.stores import Stores

_MOST_OF_A_HEAD = 100_000_000
"""Bytes; as in the safetensors library."""

_MOST_OF_A_CONFIG = 10_000_000
"""Bytes; those of real models have some thousand."""


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


_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
_FOREIGN = ("*.bin", "*.pt", "*.pth", "*.gguf")
"""Files of weights that are not read."""


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


@dataclass(frozen=True)
class LeftOut:
    """A folder that looks like a model and is not offered.

    Attributes:
        name: Its name, as a model of it would be called.
        reason: Why, in a sentence.
    """

    name: str
    reason: str


class BaseModels:
    """Finds base models; used by several threads."""

    def __init__(self, settings: ServerSettings, started: int) -> None:
        self.downloads = settings.data_dir / "models"
        self._folders = [self.downloads]
        if settings.models_dir is not None:
            self._folders.insert(0, settings.models_dir)
        self._allow_download = settings.allow_download
        self._started = started
        self._whole: dict[Path, tuple[int, int]] = {}
        self._told: set[LeftOut] = set()

    def list(self) -> list[BaseModel]:
        """All that are on this computer, by name."""
        return [BaseModel(STARTER, STARTER, self._started), *self._scan()[0]]

    def left_out(self) -> Sequence[LeftOut]:
        """The folders that look like models and are not offered; each is told in the log, once."""
        found = self.left_out_quietly()
        for each in found:
            if each not in self._told:
                self._told.add(each)
                logging.getLogger(__name__).warning(
                    "The folder %s is not offered as a model: %s", each.name, each.reason
                )
        return found

    def left_out_quietly(self) -> Sequence[LeftOut]:
        """The same, and nothing in the log: for those who say it themselves."""
        return self._scan()[1]

    def find(self, name: str) -> BaseModel | None:
        """The base model of a name; only names of the list become paths."""
        wanted = unicodedata.normalize("NFC", name)
        for model in self.list():
            if model.name == wanted:
                return model
        if self._allow_download and _HUB_NAME.fullmatch(name) and "/" in name:
            return BaseModel(name, "", self._started)
        return None

    def _scan(self) -> tuple[Sequence[BaseModel], Sequence[LeftOut]]:
        every = [found for folder in self._folders for found in self._models_in(folder)]
        models: dict[str, BaseModel] = {}
        for model in every:
            if isinstance(model, BaseModel) and model.name != STARTER:
                models.setdefault(model.name, model)
        return [*models.values()], [each for each in every if isinstance(each, LeftOut)]

    def _models_in(self, folder: Path) -> Iterator[BaseModel | LeftOut]:
        """The models of a folder: NAME, or OWNER/NAME as on the hub."""
        for path in _entries(folder):
            own = self._model(folder, path)
            if own is not None:
                yield own
            for inner in filter(Path.is_dir, _entries(path)):
                found = self._model(folder, inner)
                # What a model keeps beside its weights is its own affair.
                if found is not None and not (
                    isinstance(found, LeftOut) and isinstance(own, BaseModel)
                ):
                    yield found

    def _model(self, folder: Path, path: Path) -> BaseModel | LeftOut | None:
        """What a folder is; None if nothing in it looks like a model."""
        # The same letters may be written in two ways; the names of requests are in this one.
        name = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
        if name.endswith((".part", ".removed")) or path.name.startswith("."):
            return None
        try:
            reason = _looks_like_model(path) and (_wrong_name(name) or self._why_not(path))
            if reason is False:
                return None
            if reason is None:
                return BaseModel(name, str(path), int(path.stat().st_mtime))
        except OSError as error:
            reason = f"it cannot be read ({error.strerror})."
        except (ValueError, RecursionError) as error:
            # A stranger's folder may hold anything; it must not keep the others from being found.
            reason = f"it cannot be read ({' '.join(str(error).split())[:200]})."
        shown = "".join(letter if letter.isprintable() else "�" for letter in name)
        return LeftOut(shown.encode("utf-8", "replace").decode(), str(reason))

    def _why_not(self, path: Path) -> str | None:
        """Why a folder is not a model that can be loaded; None if it is."""
        if path.is_file():
            return "a model is a folder with config.json and *.safetensors, not a file."
        odd = _no_plain_file(path)
        if odd is not None:
            return f"its {odd} is not a file that can be read."
        if (path / ADAPTER_NAME).is_file():
            return self._why_no_adapter(path) or self._why_no_weights(path) or _why_mute(path)
        if not any(path.glob("*.safetensors")):
            return self._why_no_weights(path)
        if not (path / "config.json").is_file():
            return "it has no config.json."
        if _object_in(path / "config.json") is None:
            return "its config.json cannot be read, or is not an object."
        return self._why_no_weights(path) or _why_mute(path)

    def _why_no_adapter(self, path: Path) -> str | None:
        """Why an adapter cannot be used: its base must be one of the models that are here."""
        base = (_object_in(path / ADAPTER_NAME) or {}).get("base_model_name_or_path")
        if not isinstance(base, str) or not base:
            return f"its {ADAPTER_NAME} does not say which model it is an adapter to."
        folder = Path(base)
        is_here = folder.is_absolute() and any(
            folder.resolve().is_relative_to(each.resolve()) for each in self._folders
        )
        if not is_here or not folder.is_dir() or (folder / ADAPTER_NAME).exists():
            return f"it is an adapter to “{base[:200]}”, which is not among the models here."
        reason = self._why_not(folder)
        return reason and f"it is an adapter to “{base[:200]}”, which cannot be used: {reason}"

    def _why_no_weights(self, path: Path) -> str | None:
        files = sorted(path.glob("*.safetensors"))
        if not files:
            others = sorted(each.name for pattern in _FOREIGN for each in path.glob(pattern))
            if not others:
                return "it has no weights (*.safetensors)."
            kind = "GGUF" if others[0].endswith(".gguf") else "pickles, which may hold programs"
            return f"its weights ({others[0]}) are {kind}: only safetensors are read."
        missing = _missing_part(path)
        if missing is not None:
            return missing
        for file in files:
            if not self._is_whole(file):
                return f"{file.name} is damaged or not whole: fetch it again."
        return None

    def _is_whole(self, file: Path) -> bool:
        """Whether a file of weights is whole; its head is read again only if it has changed."""
        try:
            state = file.stat()
            mark = (state.st_size, state.st_mtime_ns)
            if self._whole.get(file) != mark:
                weights_in(file)
                self._whole[file] = mark
        except (ValueError, RecursionError):
            return False
        return True


_MOST_LETTERS = 96


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing if it is not one, or cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _looks_like_model(path: Path) -> bool:
    if path.is_file():
        return path.suffix in (".gguf", ".safetensors")
    if not path.is_dir():
        return False
    names = [entry.name for entry in path.iterdir()]
    return any(
        name in ("config.json", ADAPTER_NAME)
        or any(fnmatch.fnmatch(name, pattern) for pattern in ("*.safetensors", *_FOREIGN))
        for name in names
    )


_READ_FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "merges.txt")


def _no_plain_file(path: Path) -> str | None:
    """A file that a model's loader would read and that is none: whoever opens a pipe waits."""
    for entry in sorted(path.iterdir()):
        wanted = any(fnmatch.fnmatch(entry.name, pattern) for pattern in _READ_FILES)
        if wanted and not entry.is_file():
            return entry.name if entry.name.isprintable() else "file"
    return None


def _wrong_name(name: str) -> str | None:
    """Why a folder's name cannot be that of a model."""
    if ":" in name:
        return "a colon in its name would be taken for the parts of a tuned model's name."
    if not name.isprintable():
        return "its name holds characters that cannot be shown."
    if any(len(part) > _MOST_LETTERS or part != part.strip() for part in name.split("/")):
        return f"its name begins or ends with a blank, or has more than {_MOST_LETTERS} letters."
    return None


def _why_mute(path: Path) -> str | None:
    """Why a model's texts cannot be turned into tokens."""
    names = {entry.name for entry in path.iterdir()}
    has_tokenizer = "tokenizer.json" in names or {"vocab.json", "merges.txt"} <= names
    if has_tokenizer or (
        "tokenizer.model" in names and importlib.util.find_spec("sentencepiece") is not None
    ):
        return None
    return "it has no tokenizer.json."


def _object_in(path: Path) -> dict[str, Any] | None:
    if path.stat().st_size > _MOST_OF_A_CONFIG:
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _missing_part(path: Path) -> str | None:
    """What the index of a divided model names and is not there, in a sentence."""
    index = path / "model.safetensors.index.json"
    if not index.is_file():
        return None
    names = (_object_in(index) or {}).get("weight_map")
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        return f"its {index.name} cannot be read."
    gone = sorted(name for name in set(names.values()) if not (path / name).is_file())
    more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
    return f"{gone[0]}{more} of its weights are missing." if gone else None


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


def part_of(folder: Path) -> Path:
    """Where a model lies until it is there as a whole; what lies there is not fetched again."""
    return folder.with_name(f"{folder.name}.part")
