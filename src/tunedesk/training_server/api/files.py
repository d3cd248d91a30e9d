"""/v1/files: what is trained on, and the results."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.server_settings import FILE_BYTES
from tunedesk.training_server.store.file_store import FileStore, StoredFile
from tunedesk.training_server.store.page import CursorUnknown
from tunedesk.training_server.web.api_error import ApiError, bad_value, not_found, storage_full
from tunedesk.training_server.web.reading import (
    cursor_error,
    form,
    only_known,
    query_choice,
    query_whole,
)

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data")
_LISTED = (*PURPOSES, "evals", "assistants_output", "batch_output", "fine-tune-results")
_FIELDS = ("file", "purpose", "expires_after[anchor]", "expires_after[seconds]")
_FREE_BYTES = 512 * 2**20


class FileEndpoints:
    """Answers the requests about files."""

    def __init__(self, files: FileStore, folder: Path, total_bytes: int) -> None:
        self._files = files
        self._folder = folder
        self._total_bytes = total_bytes

    def routes(self) -> list[Route]:
        """The paths."""
        return [
            Route("/v1/files", self.create, methods=["POST"]),
            Route("/v1/files", self.list, methods=["GET"]),
            Route("/v1/files/{id}", self.retrieve, methods=["GET"]),
            Route("/v1/files/{id}", self.delete, methods=["DELETE"]),
            Route("/v1/files/{id}/content", self.content, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Keep a file."""
        fields = await form(request)
        try:
            only_known(fields, _FIELDS)
            file = fields.get("file")
            if not isinstance(file, UploadFile):
                raise bad_value("file", "Missing required parameter: 'file'.", "missing_parameter")
            purpose = check_purpose(fields.get("purpose"))
            anchor = fields.get("expires_after[anchor]")
            seconds = fields.get("expires_after[seconds]")
            kept = check_expiry(None if anchor is None and seconds is None else (anchor, seconds))
            filename = check_filename(file.filename or "", "file")
            size = file.size or 0
            if size > FILE_BYTES:
                raise ApiError(
                    413,
                    f"The file is too large: at most {FILE_BYTES:,} bytes are taken. Larger files "
                    "go in parts through /v1/uploads.",
                    "file",
                    "file_too_large",
                )
            self.check_room(size)
            stored = await asyncio.to_thread(self._files.add, file.file, filename, purpose, kept)
        finally:
            await fields.close()
        return JSONResponse(stored.as_object())

    def check_room(self, size: int) -> None:
        """Refuse what would fill the disk."""
        free = shutil.disk_usage(self._folder).free
        if free - size < _FREE_BYTES or self._files.total_bytes() + size > self._total_bytes:
            raise storage_full(
                "There is no room for this file on the server. Delete files that are no longer "
                "needed, or make room on its disk.",
                "file",
            )

    async def list(self, request: Request) -> Response:
        """A page of the files."""
        ascending = query_choice(request, "order", ("asc", "desc")) == "asc"
        limit = query_whole(request, "limit", 10_000, 1, 10_000)
        purpose = query_choice(request, "purpose", _LISTED)
        try:
            page = self._files.page(request.query_params.get("after"), limit, ascending, purpose)
        except CursorUnknown as error:
            raise cursor_error(error) from error
        return JSONResponse(
            {
                "object": "list",
                "data": [file.as_object() for file in page.items],
                "first_id": page.items[0].id if page.items else "",
                "last_id": page.items[-1].id if page.items else "",
                "has_more": page.has_more,
            }
        )

    async def retrieve(self, request: Request) -> Response:
        """One file."""
        return JSONResponse(self._find(request).as_object())

    async def content(self, request: Request) -> Response:
        """The bytes of a file, as they came."""
        file = self._find(request)
        return FileResponse(
            self._files.path(file.id),
            media_type="application/octet-stream",
            headers={"X-Content-Type-Options": "nosniff"},
            filename=file.filename,
        )

    async def delete(self, request: Request) -> Response:
        """Delete a file."""
        file = self._find(request)
        await asyncio.to_thread(self._files.delete, file.id)
        return JSONResponse({"id": file.id, "object": "file", "deleted": True})

    def _find(self, request: Request) -> StoredFile:
        given = request.path_params["id"]
        file = self._files.find(given)
        if file is None:
            raise not_found("File object", given)
        return file


def check_purpose(given: Any) -> str:
    """The purpose, if it is one that this server has."""
    if given is None:
        raise bad_value("purpose", "Missing required parameter: 'purpose'.", "missing_parameter")
    if given not in PURPOSES:
        shown = str(given)[:40]
        raise bad_value(
            "purpose",
            f"'{shown}' is not one of {list(PURPOSES)}: 'purpose'. Files to train on have the "
            "purpose 'fine-tune'.",
        )
    return str(given)


def check_expiry(given: tuple[Any, Any] | None) -> int | None:
    """The seconds that a file is kept, from the anchor and the seconds; None: for good."""
    if given is None:
        return None
    anchor, seconds = given
    if anchor != "created_at":
        raise bad_value(
            "expires_after.anchor", "Invalid 'expires_after.anchor': 'created_at' it is."
        )
    text = str(seconds)
    if isinstance(seconds, bool) or not (text.isascii() and text.isdigit() and len(text) < 9):
        number = 0
    else:
        number = int(text)
    if not 3600 <= number <= 2_592_000:
        raise bad_value(
            "expires_after.seconds",
            "Invalid 'expires_after.seconds': it must be a whole number from 3600 to 2592000.",
        )
    return number


def check_filename(given: str, param: str) -> str:
    """The user's name for a file: shown, never used as a path."""
    name = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name or len(name) > 255:
        raise bad_value(param, f"Invalid '{param}': the file needs a name of 1 to 255 letters.")
    return name
