"""What a request is answered: an error in OpenAI's envelope, or server-sent events."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import JSONResponse, StreamingResponse


class ApiError(Exception):
    """What a request gets instead of what it asked for.

    Attributes:
        status: The HTTP status.
        message: A sentence that helps.
        param: The parameter that it is about.
        code: A stable name for programs.
        headers: Headers to send with it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers or {}

    @property
    def type(self) -> str:
        """The type of the error, as OpenAI names it."""
        return "server_error" if self.status >= 500 else "invalid_request_error"

    def as_object(self) -> dict[str, Any]:
        """The envelope."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.as_object(), self.status, self.headers)


def not_found(kind: str, given: str, param: str = "id") -> ApiError:
    """The answer to an id that names nothing."""
    shown = given if len(given) <= 80 else f"{given[:80]}…"
    return ApiError(404, f"No such {kind}: {shown}", param, "not_found")


def storage_full(message: str, param: str | None = None) -> ApiError:
    """The answer to what would not fit on the disk; asking again at once is of no use."""
    return ApiError(507, message, param, "storage_full", {"x-should-retry": "false"})


def server_stopping() -> ApiError:
    """The answer to what is cut off by the end of the server."""
    return ApiError(
        503,
        "The server is being stopped. Ask again when it runs again.",
        None,
        "server_stopping",
        {"x-should-retry": "false"},
    )


def bad_value(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """The answer to a parameter that cannot be."""
    return ApiError(400, message, param, code)


_DONE = b"data: [DONE]\n\n"


async def stream_response(
    chunks: AsyncIterator[dict[str, Any]], has_names: bool = False
) -> StreamingResponse:
    """The chunks as server-sent events.

    The first one is waited for before the answer begins: until then an error is an answer of its
    own, with its status.

    Args:
        chunks: What is sent.
        has_names: Whether each event has its "type" as its name; then none is sent beside them to
            say that it is done.
    """
    first = await anext(chunks, None)
    return StreamingResponse(
        _events(first, chunks, has_names),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _events(
    first: dict[str, Any] | None, chunks: AsyncIterator[dict[str, Any]], has_names: bool
) -> AsyncIterator[bytes]:
    try:
        if first is not None:
            yield _event(first, has_names)
        async for chunk in chunks:
            yield _event(chunk, has_names)
    except ApiError as error:
        yield _event(error.as_object())
        return
    except Exception:
        logging.getLogger(__name__).exception("A stream failed")
        yield _event(ApiError(500, "The server had an error in the answer.").as_object())
        return
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
    if not has_names:
        yield _DONE


def _event(value: dict[str, Any], has_name: bool = False) -> bytes:
    name = f"event: {value['type']}\n".encode() if has_name else b""
    return name + b"data: " + json.dumps(value).encode() + b"\n\n"
