"""Reads what a request brings: its JSON body, its query, its form."""

import json
import math
import re
import threading
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tunedesk.training_server.settings import JSON_BYTES
from tunedesk.training_server.store.database import CursorUnknown
from tunedesk.training_server.thread_pools import REQUESTS, run
from tunedesk.training_server.web.responses import ApiError, bad_value

_MOST_FIELDS = 16
_DEEPEST = 512
"""Levels of lists and objects: as far down as all that reads a value, or writes it, goes."""

_WHOLE = re.compile("-?[0-9]{1,11}")

Read = TypeVar("Read")

LOADING = threading.Lock()
"""Held while a module with request models is loaded: pydantic, whose modules need each other, must
not be loaded by two first requests at once."""


def query_whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number of the query within its range."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not _WHOLE.fullmatch(given) or not least <= int(given) <= most:
        raise bad_value(
            name, f"Invalid '{name}': it must be a whole number from {least} to {most}."
        )
    return int(given)


def only_known(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse what is not heeded: a misspelt parameter is not dropped in silence."""
    for key in given:
        if key not in known:
            raise bad_value(
                key[:80], f"Unrecognized request argument supplied: {key[:80]}", "unknown_parameter"
            )


def query_choice(request: Request, name: str, choices: tuple[str, ...]) -> str | None:
    """A word of the query that is one of a few; None if it is not there."""
    given = request.query_params.get(name)
    if given is not None and given not in choices:
        raise bad_value(name, f"Invalid '{name}': it must be one of {', '.join(choices)}.")
    return given


def cursor_error(error: CursorUnknown) -> ApiError:
    """The answer to an `after` that names nothing in the list."""
    return bad_value("after", f"Invalid 'after': no such id in this list. {error}".strip())


async def read_json(request: Request, read: Callable[[dict[str, Any]], Read]) -> Read:
    """What a function reads in the JSON object that is the body.

    The function runs in a thread: a large body would hold up all others if it were read in the
    loop. So it may also load the module that it needs (`web.request_models`).

    Raises:
        ApiError: The body is not a JSON object, or the function raises it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(
            415,
            f"Unsupported content type “{kind[:80]}”: send the body as application/json.",
            None,
            "unsupported_content_type",
        )
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > JSON_BYTES:
            raise ApiError(
                413,
                f"The body is too large: at most {JSON_BYTES:,} bytes of JSON are taken.",
                None,
                "request_too_large",
                {"Connection": "close"},
            )

    def parse_and_read() -> Read:
        value = _parse(bytes(body))
        if not isinstance(value, dict):
            raise ApiError(400, "The body must be a JSON object.", None, "invalid_json")
        return read(value)

    return await run(REQUESTS, parse_and_read)


def _parse(body: bytes) -> Any:
    def no_constant(name: str) -> None:
        raise ValueError(f"{name} is no JSON number")

    def finite(digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            # No answer could hold it: JSON has no infinity.
            raise ValueError(f"{digits[:40]} is beyond the range of numbers")
        return number

    try:
        # Strict: other encodings, and halves of UTF-16 as bytes, become texts that nothing takes.
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=no_constant, parse_float=finite)
        if body.count(b"[") + body.count(b"{") > _DEEPEST and _is_too_deep(value):
            raise ValueError(f"it is nested deeper than {_DEEPEST} levels")
        if b"\\ud" in body.lower():
            # A lone surrogate is not text: nothing from SQLite to a tokenizer takes one.
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeDecodeError as error:
        raise ApiError(
            400,
            "We could not parse the JSON body of your request: it is not UTF-8 "
            f"(byte {error.start + 1}).",
            None,
            "invalid_json",
        ) from error
    except UnicodeEncodeError as error:
        raise ApiError(
            400,
            "We could not parse the JSON body of your request: it holds half a letter (a lone "
            "surrogate).",
            None,
            "invalid_json",
        ) from error
    except (ValueError, RecursionError) as error:
        raise ApiError(
            400, f"We could not parse the JSON body of your request: {error}", None, "invalid_json"
        ) from error


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _depth in range(_DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


async def form(request: Request) -> FormData:
    """The fields and files of a multipart body; the caller closes it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise ApiError(
            415,
            f"Unsupported content type “{kind[:80]}”: send the body as multipart/form-data.",
            None,
            "unsupported_content_type",
        )
    try:
        fields = await request.form(max_files=1, max_fields=_MOST_FIELDS)
    except HTTPException as error:
        raise ApiError(
            400, f"The multipart body cannot be read: {error.detail}", None, "invalid_multipart"
        ) from error
    except (LookupError, ValueError) as error:
        # A charset that Python does not know, or that the bytes are not in.
        raise ApiError(
            400, f"The multipart body cannot be read: {error}", None, "invalid_multipart"
        ) from error
    texts = [
        text
        for name, value in fields.multi_items()
        for text in (name, value if isinstance(value, str) else value.filename or "")
    ]
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        await fields.close()
        raise ApiError(
            400,
            "The multipart body cannot be read: it holds half a letter (a lone surrogate).",
            None,
            "invalid_multipart",
        ) from error
    return fields
