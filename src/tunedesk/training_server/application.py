"""The web application: its routes, and every error in OpenAI's envelope."""

import logging
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from tunedesk import __version__
from tunedesk.training_server.full_disk import is_disk_full
from tunedesk.training_server.idleness import CountRequests, Idleness
from tunedesk.training_server.server_settings import FILE_BYTES, ServerSettings
from tunedesk.training_server.web.api_error import ApiError, storage_full
from tunedesk.training_server.web.guard import Guard

_FORM_BYTES = 2**20
_ABSENT = {
    "/v1/fine_tuning/alpha/graders": "Graders belong to reinforcement fine-tuning, which this "
    "server does not do.",
    "/v1/fine_tuning/checkpoints": "This server has one user: checkpoints need no permissions.",
    "/v1/chat/completions": "This server does not store completions.",
}
_PRESENT = (
    "There are /v1/files, /v1/uploads, /v1/fine_tuning/jobs, /v1/models, /v1/chat/completions and "
    "/v1/completions."
)


def make_application(
    settings: ServerSettings, routes: Sequence[Route], idleness: Idleness
) -> Starlette:
    """The application with these routes behind the guard."""
    guard = Middleware(
        Guard,
        api_key=settings.api_key,
        host=settings.host,
        largest_body=FILE_BYTES + _FORM_BYTES,
    )
    app = Starlette(
        routes=[Route("/health", _health, methods=["GET"]), *routes],
        middleware=[guard, Middleware(CountRequests, idleness=idleness)],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            OSError: _os_error,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False
    app.state.instance = settings.instance
    return app


async def _health(request: Request) -> Response:
    """Says that it is there, to everybody; what it says of itself is no secret."""
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


async def _os_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if not is_disk_full(error):
        return await _bug(request, error)
    return storage_full(
        "The disk of the server is full: make room on it, then ask again."
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
