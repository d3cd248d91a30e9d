"""The models that can be talked to: base models, tuned ones and checkpoints, by their names."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunedesk.training_server.base_models import ADAPTER_NAME, BaseModels
from tunedesk.training_server.store.database import new_id
from tunedesk.training_server.store.stores import Stores

_ID_LETTERS = 8


@dataclass(frozen=True)
class NamedModel:
    """A model that can be talked to.

    Attributes:
        name: The name that the API knows it by.
        ref: Where it is, for the room that loads it (`token_stream`).
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

    def delete(self, name: str) -> None:
        """Delete a tuned model, or a checkpoint: first the name, then the weights."""
        job = self._stores.jobs.find_by_model(name)
        if job is not None:
            self._stores.jobs.set(job.id, has_model=0)
            _remove(self._stores.job_folder(job.id).model)
            return
        found = self._stores.checkpoints.find_by_name(name)
        if found is not None:
            self._stores.checkpoints.delete(found.id)
            _remove(self._stores.job_folder(found.job_id).checkpoint(found.step))

    def new_name(self, base: str, suffix: str) -> str:
        """A name for a model that will be tuned from this one."""
        if base.startswith("ft:"):
            base = base.split(":")[1]
        return f"ft:{base}:local:{suffix}:{new_id('', _ID_LETTERS)}"


def _remove(folder: Path) -> None:
    """Remove a folder; under its name it is there as a whole or not at all."""
    if folder.is_dir():
        gone = folder.with_name(f"{folder.name}.removed")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
