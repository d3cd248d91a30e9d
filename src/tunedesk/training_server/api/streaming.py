"""Server-sent events: each chunk is sent as soon as it is there."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from tunedesk.training_server.web.api_error import ApiError

_DONE = b"data: [DONE]\n\n"


async def stream_response(chunks: AsyncIterator[dict[str, Any]]) -> StreamingResponse:
    """The chunks as server-sent events.

    The first one is waited for before the answer begins: until then an error is an answer of its
    own, with its status.
    """
    first = await anext(chunks, None)
    return StreamingResponse(
        _events(first, chunks),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _events(
    first: dict[str, Any] | None, chunks: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[bytes]:
    try:
        if first is not None:
            yield _event(first)
        async for chunk in chunks:
            yield _event(chunk)
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
    yield _DONE


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
