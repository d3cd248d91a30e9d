"""/v1/models: base models and tuned ones."""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.api.speaking import model_not_found
from tunedesk.training_server.model_names import ModelNames, NamedModel
from tunedesk.training_server.web.api_error import ApiError


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
        await asyncio.to_thread(self._delete, model)
        return JSONResponse({"id": model.name, "object": "model", "deleted": True})

    def _delete(self, model: NamedModel) -> None:
        self._names.delete(model.name)
        self._forget(model)

    def _find(self, request: Request) -> NamedModel:
        name = request.path_params["name"]
        model = self._names.find(name)
        if model is None:
            raise model_not_found(name)
        return model
