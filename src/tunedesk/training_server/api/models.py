"""/v1/models: base models and tuned ones; /v1/tunedesk/machine: what this computer can train.

Of the latter:

OpenAI has nothing like it; it is for the window, which must say before a download or a start
whether a model fits, and cannot know the computer that the server runs on. It needs the key.

    GET /v1/tunedesk/machine?tokens=N       N: the tokens of the longest example; 512 without

    {"object": "tunedesk.machine",
     "device": "cpu" | "cuda" | "mps", "device_name": "this computer", "processes": 1,
     "memory_total": bytes, "memory_free": bytes, "disk_free": bytes,
     "may_download": true or false (--allow-download),
     "models": [{"id": the name for jobs, "is_here": whether nothing has to be downloaded,
                 "parameters": how many weights,
                 "lora": verdict, null for the starter, which is always trained whole,
                 "full": verdict}],
     "left_out": [{"name": a folder that looks like a model, "reason": why it is not offered}]}

    verdict: {"memory": bytes needed, "disk": bytes needed, with the download,
              "fits": true or false, "reason": a sentence, null where it fits}

The models are those that are here (`GET /v1/models` lists them, too) and those of the catalogue.
All figures are estimates (`tunedesk.catalogue.memory_estimate`); a job is measured again when it
starts.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.catalogue.memory_estimate import (
    USUAL_TOKENS,
    Machine,
    ModelSize,
    training_need,
    why_it_does_not_fit,
)
from tunedesk.catalogue.models import Catalogue
from tunedesk.training_server.api.inference import model_not_found
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.jobs.resources import read_machine, size_of
from tunedesk.training_server.models import BaseModels, ModelNames, NamedModel
from tunedesk.training_server.thread_pools import FILES, run
from tunedesk.training_server.web.requests import query_whole
from tunedesk.training_server.web.responses import ApiError


class ModelEndpoints:
    """Answers the requests about models."""

    def __init__(self, names: ModelNames, forget: Callable[[NamedModel], None]) -> None:
        """Make it.

        Args:
            names: Finds models by name.
            forget: Lets go of the memory that a deleted model has.
        """
        self._names = names
        self._forget = forget

    def routes(self) -> list[Route]:
        """The paths; names may hold slashes."""
        return [
            Route("/v1/models", self.list, methods=["GET"]),
            Route("/v1/models/{name:path}", self.retrieve, methods=["GET"]),
            Route("/v1/models/{name:path}", self.delete, methods=["DELETE"]),
        ]

    async def list(self, _request: Request) -> Response:
        """All models."""
        data = [model.as_object() for model in self._names.list()]
        return JSONResponse({"object": "list", "data": data})

    async def retrieve(self, request: Request) -> Response:
        """One model."""
        return JSONResponse(self._find(request).as_object())

    async def delete(self, request: Request) -> Response:
        """Delete a tuned model or a checkpoint."""
        model = self._find(request)
        if not model.name.startswith("ft:"):
            raise ApiError(
                403,
                f"The base model {model.name} belongs to nobody here: only tuned models are "
                "deleted.",
                "model",
                "base_model",
            )
        if not await run(FILES, self._delete, model):
            raise model_not_found(model.name)
        return JSONResponse({"id": model.name, "object": "model", "deleted": True})

    def _delete(self, model: NamedModel) -> bool:
        was_there = self._names.delete(model.name)
        self._forget(model)
        return was_there

    def _find(self, request: Request) -> NamedModel:
        name = request.path_params["name"]
        model = self._names.find(name)
        if model is None:
            raise model_not_found(name)
        return model


_MOST_TOKENS = 10_000_000


class MachineEndpoint:
    """Answers what this computer has."""

    def __init__(
        self, launcher: Launcher, base_models: BaseModels, folder: Path, may_download: bool
    ) -> None:
        """Make it.

        Args:
            launcher: Knows the device.
            base_models: The models that are here.
            folder: The data directory.
            may_download: Whether models may be fetched from the hub.
        """
        self._launcher = launcher
        self._base_models = base_models
        self._folder = folder
        self._may_download = may_download

    def routes(self) -> list[Route]:
        """The path."""
        return [Route("/v1/tunedesk/machine", self.retrieve, methods=["GET"])]

    async def retrieve(self, request: Request) -> Response:
        """The machine and the verdicts."""
        tokens = query_whole(request, "tokens", USUAL_TOKENS, 1, _MOST_TOKENS)
        return JSONResponse(await run(FILES, self._answer, tokens))

    def _answer(self, tokens: int) -> dict[str, Any]:
        machine = read_machine(self._launcher, self._folder)
        here = [(model.name, size_of(model.ref), 0) for model in self._base_models.list()]
        names = {name for name, _size, _download in here}
        others = [
            (model.id, model.size, model.weight_bytes)
            for model in Catalogue.load().local_models
            if model.id not in names
        ]
        return {
            "object": "tunedesk.machine",
            "device": machine.device,
            "device_name": machine.device_name,
            "processes": self._launcher.processes,
            "memory_total": machine.memory_total,
            "memory_free": machine.memory_free,
            "disk_free": machine.disk_free,
            "may_download": self._may_download,
            "models": [_model(machine, *model, tokens) for model in (*here, *others)],
            "left_out": [asdict(each) for each in self._base_models.left_out()],
        }


def _model(
    machine: Machine, name: str, size: ModelSize, download: int, tokens: int
) -> dict[str, Any]:
    def verdict(full: bool) -> dict[str, Any]:
        need = training_need(size, machine.device, full=full, tokens=tokens, download=download)
        reason = why_it_does_not_fit(need, machine, full=full)
        return {
            "memory": need.memory,
            "disk": need.disk,
            "fits": reason is None,
            "reason": reason,
        }

    return {
        "id": name,
        "is_here": not download,
        "parameters": size.parameters,
        "lora": None if name == STARTER else verdict(False),
        "full": verdict(True),
    }
