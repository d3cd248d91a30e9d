"""Brings requests and models together: finds the model, and hands out its tokens as they come."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request

from tunedesk.training_server.inference.inference_types import (
    FREE,
    InferenceError,
    OutputFormat,
    SamplingParams,
    Token,
)
from tunedesk.training_server.models import ModelNames, NamedModel
from tunedesk.training_server.thread_pools import GENERATION, run
from tunedesk.training_server.web.responses import ApiError, server_stopping

if TYPE_CHECKING:
    from tunedesk.training_server.inference.inference_engine import InferenceEngine


Result = TypeVar("Result")

_LOOK_EVERY = 16
"""Tokens between two looks whether the asker is still there."""


class Inference:
    """The models that speak, behind the endpoints that ask them."""

    def __init__(
        self,
        names: ModelNames,
        device: Callable[[], str],
        busy_with: Callable[[], str | None],
        promised: Callable[[], int],
    ) -> None:
        """Make it; no model is loaded before one is asked.

        Args:
            names: Finds models by name.
            device: Says where models run; asked late, for finding out takes a while.
            busy_with: Says which job has the device.
            promised: How many bytes of the free memory that job is about to take.
        """
        self._names = names
        self._device = device
        self._busy_with = busy_with
        self._promised = promised
        self._engine: InferenceEngine | None = None
        self._lock = threading.Lock()
        self._is_stopping = False
        self._answers: set[asyncio.Future[None]] = set()

    def find(self, name: str) -> NamedModel:
        """The model of a name.

        Raises:
            ApiError: There is none.
        """
        model = self._names.find(name)
        if model is None:
            raise model_not_found(name)
        return model

    def stop(self) -> None:
        """End all answers, at once; called in the event loop, when the server stops."""
        self._is_stopping = True
        for stopping in self._answers:
            if not stopping.done():
                stopping.set_result(None)
        engine = self._engine
        if engine is not None:
            engine.stop()

    def unload(self) -> None:
        """Let go of all models."""
        with self._lock:
            if self._engine is not None:
                self._engine.unload()

    def forget(self, model: NamedModel) -> None:
        """Let go of a model that was deleted; if it is answering, when it has."""
        with self._lock:
            if self._engine is not None:
                self._engine.forget(model.ref)

    def relieve(self) -> None:
        """Let go of what is not needed, or of all models if memory has become short.

        Then it says so in the log. To be called now and then.
        """
        with self._lock:
            if self._engine is not None and self._engine.relieve():
                logging.getLogger(__name__).warning(
                    "Memory is short: the models that were loaded to be talked to were unloaded."
                )

    async def chat(
        self,
        request: Request,
        model: NamedModel,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]] | None,
        parameters: SamplingParams,
        output: OutputFormat = FREE,
    ) -> AsyncGenerator[Token]:
        """The tokens of an answer in a conversation."""

        def start() -> Iterator[Token]:
            return self._open_engine().generate(model.ref, messages, tools, parameters, output)

        async for token in self._stream(request, "messages", start):
            yield token

    async def complete(
        self, request: Request, model: NamedModel, prompt: str, parameters: SamplingParams
    ) -> AsyncGenerator[Token]:
        """The tokens that go on from a prompt."""

        def start() -> Iterator[Token]:
            return self._open_engine().complete(model.ref, prompt, parameters)

        async for token in self._stream(request, "prompt", start):
            yield token

    def _open_engine(self) -> "InferenceEngine":
        device = self._device()
        job_id = self._busy_with()
        if job_id is not None and device != "cpu":
            raise ApiError(
                503,
                f"The device is busy with the fine-tuning job {job_id}. Ask again when it has "
                "ended, or pause it.",
                "model",
                "device_busy",
                {"x-should-retry": "false"},
            )
        # It brings torch, which takes seconds to load: only who talks to a model waits for it.
        from tunedesk.training_server.inference.inference_engine import InferenceEngine

        with self._lock:
            if self._engine is None:
                self._engine = InferenceEngine(device, self._promised)
            return self._engine

    async def _stream(
        self, request: Request, question: str, start: Callable[[], Iterator[Token]]
    ) -> AsyncGenerator[Token]:
        """Hand out the tokens; ends the work when the asker has gone.

        Args:
            request: Who asks.
            question: The parameter that holds what is asked.
            start: Starts the answer.
        """
        tokens: Iterator[Token] | None = None
        count = 0
        stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers.add(stopping)
        if self._is_stopping:
            stopping.set_result(None)
        try:
            tokens = await _unless(stopping, start)
            while True:
                token = await _unless(stopping, next, tokens, None)
                if token is None:
                    return
                yield token
                count += 1
                if count % _LOOK_EVERY == 0 and await request.is_disconnected():
                    return
        except InferenceError as error:
            status = 503 if error.is_passing else 400
            param = error.param or (question if error.is_question else "model")
            # The SDK would ask again within the second, to no avail.
            stay = {"x-should-retry": "false"} if error.is_passing else None
            raise ApiError(status, str(error), param, error.code, stay) from error
        finally:
            self._answers.discard(stopping)
            close = getattr(tokens, "close", None)
            if close is not None:
                closing = GENERATION.submit(_close, close)
                if not self._is_stopping:
                    await asyncio.shield(asyncio.wrap_future(closing))


async def _unless(
    stopping: "asyncio.Future[None]", function: Callable[..., Result], *args: Any
) -> Result:
    """What a function returns, called in a thread, unless the server stops before it does.

    Raises:
        ApiError: The server stops.
    """
    result = asyncio.ensure_future(run(GENERATION, function, *args))
    both: set[asyncio.Future[Any]] = {result, stopping}
    done, _waiting = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if result in done:
        return result.result()
    # Whatever comes of it now is wanted by nobody.
    result.add_done_callback(lambda future: future.cancelled() or future.exception())
    raise server_stopping()


def _close(close: Callable[[], None]) -> None:
    """Close the tokens, when the step that is under way has ended."""
    for _attempt in range(600):
        try:
            close()
        except ValueError:
            threading.Event().wait(0.1)
            continue
        return


def model_not_found(name: str) -> ApiError:
    """The answer to a name that no model has."""
    shown = name if len(name) <= 120 else f"{name[:120]}…"
    return ApiError(
        404,
        f"The model '{shown}' does not exist here or is not complete. GET /v1/models names all.",
        "model",
        "model_not_found",
    )
