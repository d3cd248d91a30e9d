"""Puts the server together: what it keeps, the work behind it, and the application in front.

Every error of the application is answered in OpenAI's envelope.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from tunedesk import __version__
from tunedesk.training_server.api.completions import ChatEndpoints, CompletionEndpoints
from tunedesk.training_server.api.files import FileEndpoints, UploadEndpoints
from tunedesk.training_server.api.inference import Inference
from tunedesk.training_server.api.jobs import JobEndpoints
from tunedesk.training_server.api.models import MachineEndpoint, ModelEndpoints
from tunedesk.training_server.api.responses import ResponseEndpoints
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.jobs.runner import Runner
from tunedesk.training_server.jobs.validator import Validator
from tunedesk.training_server.models import BaseModels, ModelNames
from tunedesk.training_server.settings import FILE_BYTES, ServerSettings
from tunedesk.training_server.store.database import now
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.thread_pools import FILES, GENERATION, REQUESTS
from tunedesk.training_server.web.middleware import CountRequests, Guard, Idleness
from tunedesk.training_server.web.responses import ApiError, storage_full

_FORM_BYTES = 2**20
_ABSENT = {
    "/v1/fine_tuning/alpha/graders": "Graders belong to reinforcement fine-tuning, which this "
    "server does not do.",
    "/v1/fine_tuning/checkpoints": "This server has one user: checkpoints need no permissions.",
    "/v1/chat/completions": "This server does not store completions.",
    "/v1/responses": "This server does not store responses.",
}
_PRESENT = (
    "There are /v1/files, /v1/uploads, /v1/fine_tuning/jobs, /v1/models, /v1/chat/completions, "
    "/v1/completions and /v1/responses."
)


def make_application(
    settings: ServerSettings, routes: Sequence[Route], idleness: Idleness
) -> Starlette:
    """The application with these routes behind the guard."""
    guard = Middleware(
        Guard,
        api_key=settings.api_key,
        host=settings.host,
        allowed_hosts=settings.allowed_hosts,
        largest_body=FILE_BYTES + _FORM_BYTES,
    )
    app = Starlette(
        routes=[Route("/health", _health, methods=["GET"]), *routes],
        middleware=[guard, Middleware(CountRequests, idleness=idleness)],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            ClientDisconnect: _disconnected,
            OSError: _os_error,
            sqlite3.Error: _database_error,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False
    app.state.instance = settings.instance
    return app


async def _health(request: Request) -> Response:
    """Says that it is there, to everybody; what it says of itself is not a secret."""
    return JSONResponse(
        {
            "status": "ok",
            "server": "tunedesk",
            "version": __version__,
            "instance": request.app.state.instance,
        }
    )


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    absent = [text for start, text in _ABSENT.items() if path.startswith(start)]
    # The list of stored completions has the path of what is here.
    is_absent = bool(absent) and request.method == "GET"
    if error.status_code == 405 and not is_absent:
        allowed = _allowed(request)
        return ApiError(
            405,
            f"Not allowed to {request.method[:20]} on {path}: it takes {allowed}.",
            None,
            "method_not_supported",
            {"Allow": allowed},
        ).response()
    if error.status_code in (404, 405):
        message = " ".join([f"Invalid URL ({request.method} {path}).", *(absent or [_PRESENT])])
        return ApiError(404, message, None, "unknown_url").response()
    return ApiError(error.status_code, str(error.detail), None, None).response()


def _allowed(request: Request) -> str:
    """The methods of a path, of all its routes; Starlette names those of the first one."""
    fitting = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE
    ]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


async def _disconnected(_request: Request, _error: Exception) -> Response:
    """Whoever went away in the middle of sending hears nothing; the log needs no word of it."""
    return Response(status_code=400, headers={"Connection": "close"})


async def _os_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if not is_disk_full(error):
        return await _bug(request, error)
    return storage_full(
        "The disk of the server is full: make room on it, then ask again."
    ).response()


async def _database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, sqlite3.Error)
    request.app.state.on_damage(error)
    return ApiError(
        500,
        f"The database of the server cannot be used for this ({error}). Its log says more.",
        None,
        "database_error",
        {"x-should-retry": "false"},
    ).response()


async def _bug(request: Request, error: Exception) -> Response:
    logging.getLogger(__name__).error(
        "%s %s failed", request.method, request.url.path, exc_info=error
    )
    return ApiError(
        500,
        "The server had an error while it worked on your request. Its log says more.",
        None,
        "internal_error",
        # The web server closes the connection after it; whoever is told so asks on a new one.
        {"x-should-retry": "false", "Connection": "close"},
    ).response()


_LOOK_SECONDS = 0.1
_MEMORY_SECONDS = 1.0
_TIDY_SECONDS = 60.0
_CLOSE_SECONDS = 2.0
_CLOSE_LOOK_SECONDS = 0.02


class Server:
    """The server; `close` ends its work and leaves its jobs to the next start."""

    def __init__(self, settings: ServerSettings) -> None:
        self._stores = Stores.open(settings.data_dir)
        self._stores.jobs_folder.mkdir(exist_ok=True)
        base_models = BaseModels(settings, now())
        base_models.left_out()
        names = ModelNames(self._stores, base_models)
        launcher = Launcher(settings.accelerate_config)
        inference = Inference(
            names,
            lambda: launcher.device,
            lambda: self._runner.busy_with,
            lambda: self._runner.memory_to_come(),
        )
        self._inference = inference
        self._runner = Runner(self._stores, launcher, inference.unload)
        self._validator = Validator(self._stores, base_models, launcher, names.ref)
        self._stopping = threading.Event()
        self.idleness = Idleness(self._has_work)
        files = FileEndpoints(self._stores.files, settings.data_dir, settings.total_bytes)
        machine = MachineEndpoint(launcher, base_models, settings.data_dir, settings.allow_download)
        self.application: Starlette = make_application(
            settings,
            [
                *files.routes(),
                *UploadEndpoints(self._stores, files).routes(),
                *JobEndpoints(self._stores, names, base_models).routes(),
                *ModelEndpoints(names, inference.forget).routes(),
                *machine.routes(),
                *ChatEndpoints(inference).routes(),
                *CompletionEndpoints(inference).routes(),
                *ResponseEndpoints(inference).routes(),
            ],
            self.idleness,
        )
        self.application.state.on_damage = self._stores.database.on_damage
        self._runner.end_leftovers()
        steps: tuple[tuple[str, Callable[[], None], float], ...] = (
            ("runner", self._run_step, _LOOK_SECONDS),
            ("validator", self._validate_step, _LOOK_SECONDS),
            ("memory", inference.relieve, _MEMORY_SECONDS),
            ("tidy", self._tidy, _TIDY_SECONDS),
        )
        self._threads = [
            threading.Thread(target=self._repeat, args=(step, seconds), name=name, daemon=True)
            for name, step, seconds in steps
        ]
        for thread in self._threads:
            thread.start()

    def stop_answering(self) -> None:
        """End the answers of models under way, and the uploads; called in the event loop."""
        self._inference.stop()
        self.idleness.stop_receiving()

    def close(self) -> None:
        """End the work.

        What does not end in time, such as a download, is left behind: it ends with the process,
        and is done again at the next start.
        """
        self._stopping.set()
        until = time.monotonic() + _CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        while self._validator.is_busy and time.monotonic() < until:
            time.sleep(_CLOSE_LOOK_SECONDS)
        self._runner.stop()
        if not self.is_at_work:
            self._stores.database.close()

    @property
    def is_at_work(self) -> bool:
        """Whether threads are still at work after `close`, with nobody to wait for it."""
        is_busy = any(pool.is_busy for pool in (GENERATION, FILES, REQUESTS))
        is_busy = is_busy or self._validator.is_busy
        return is_busy or any(thread.is_alive() for thread in self._threads)

    def _has_work(self) -> bool:
        """Whether a job runs or waits for its turn; one that is paused waits for its user."""
        waiting = self._stores.jobs.with_status("validating_files", "queued", "running")
        return bool(waiting) or self._runner.busy_with is not None

    def _repeat(self, step: Callable[[], None], seconds: float) -> None:
        while not self._stopping.is_set():
            try:
                step()
            except Exception as error:
                # A job that stumbles over a bug must not end the work for all others.
                if is_disk_full(error):
                    self._stores.database.disk_full.on_full()
                elif isinstance(error, sqlite3.Error):
                    self._stores.database.on_damage(error)
                else:
                    logging.getLogger(__name__).exception("The work behind the server failed")
                self._stopping.wait(1.0)
            self._stopping.wait(seconds)

    def _run_step(self) -> None:
        self._runner.step()

    def _validate_step(self) -> None:
        self._validator.start_waiting(self._stopping.is_set)

    def _tidy(self) -> None:
        self._stores.files.delete_expired()
        self._stores.uploads.end_expired()
