"""/v1/tunedesk/machine: what this computer has, and which base models can be trained on it.

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
                 "full": verdict}]}

    verdict: {"memory": bytes needed, "disk": bytes needed, with the download,
              "fits": true or false, "reason": a sentence, null where it fits}

The models are those that are here (`GET /v1/models` lists them, too) and those of the catalogue.
All figures are estimates (`tunedesk.catalogue.memory_estimate`); a job is measured again when it
starts.
"""

import asyncio
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
from tunedesk.training_server.base_models import BaseModels
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.jobs.launching import Launcher
from tunedesk.training_server.jobs.machine import read_machine
from tunedesk.training_server.model_size import size_of
from tunedesk.training_server.web.reading import query_whole

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
        return JSONResponse(await asyncio.to_thread(self._answer, tokens))

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
