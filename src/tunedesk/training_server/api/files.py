"""/v1/files: what is trained on, and the results; /v1/uploads: files that come in parts."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.settings import FILE_BYTES, PART_BYTES, UPLOAD_BYTES
from tunedesk.training_server.store.database import CursorUnknown, now
from tunedesk.training_server.store.file_store import (
    FileStore,
    Md5Differs,
    StoredFile,
    StoredUpload,
)
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.web.requests import (
    cursor_error,
    form,
    json_object,
    only_known,
    query_choice,
    query_whole,
)
from tunedesk.training_server.web.responses import ApiError, bad_value, not_found, storage_full

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


_KEYS = frozenset({"bytes", "filename", "mime_type", "purpose", "expires_after"})


class UploadEndpoints:
    """Answers the requests about uploads."""

    def __init__(self, stores: Stores, files: FileEndpoints) -> None:
        self._uploads = stores.uploads
        self._stored_files = stores.files
        self._files = files

    def routes(self) -> list[Route]:
        """The paths."""
        return [
            Route("/v1/uploads", self.create, methods=["POST"]),
            Route("/v1/uploads/{id}/parts", self.add_part, methods=["POST"]),
            Route("/v1/uploads/{id}/complete", self.complete, methods=["POST"]),
            Route("/v1/uploads/{id}/cancel", self.cancel, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """Begin an upload."""
        body = await json_object(request)
        only_known(body, _KEYS)
        size = body.get("bytes")
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= UPLOAD_BYTES:
            raise bad_value(
                "bytes", f"Invalid 'bytes': a whole number from 0 to {UPLOAD_BYTES} is expected."
            )
        filename = body.get("filename")
        if not isinstance(filename, str):
            raise bad_value(
                "filename", "Missing required parameter: 'filename'.", "missing_parameter"
            )
        kind = body.get("mime_type")
        if not isinstance(kind, str) or not kind:
            raise bad_value(
                "mime_type", "Missing required parameter: 'mime_type'.", "missing_parameter"
            )
        purpose = check_purpose(body.get("purpose"))
        expiry = body.get("expires_after")
        if expiry is not None and not isinstance(expiry, dict):
            raise bad_value("expires_after", "Invalid 'expires_after': an object is expected.")
        seconds = check_expiry(
            None if expiry is None else (expiry.get("anchor"), expiry.get("seconds"))
        )
        name = check_filename(filename, "filename")
        # The parts and the file made of them lie side by side for a moment.
        self._files.check_room(2 * size + self._uploads.pending_bytes())
        return JSONResponse(upload_object(self._uploads.add(name, purpose, size, seconds)))

    async def add_part(self, request: Request) -> Response:
        """Keep a part."""
        upload = self._pending(request)
        fields = await form(request)
        try:
            part = fields.get("data")
            if not isinstance(part, UploadFile):
                raise bad_value("data", "Missing required parameter: 'data'.", "missing_parameter")
            size = part.size or 0
            if size > PART_BYTES:
                raise ApiError(
                    413,
                    f"The part is too large: at most {PART_BYTES:,} bytes are taken.",
                    "data",
                    "part_too_large",
                )
            if self._uploads.received(upload.id) + size > upload.bytes:
                raise bad_value(
                    "data",
                    f"The parts would be larger together than the {upload.bytes:,} bytes that "
                    "this upload was made for.",
                )
            part_id, created = await asyncio.to_thread(self._uploads.add_part, upload.id, part.file)
        finally:
            await fields.close()
        return JSONResponse(
            {
                "id": part_id,
                "object": "upload.part",
                "created_at": created,
                "upload_id": upload.id,
            }
        )

    async def complete(self, request: Request) -> Response:
        """Make one file of the parts."""
        upload = self._pending(request)
        body = await json_object(request)
        part_ids = body.get("part_ids")
        if not isinstance(part_ids, list) or not all(isinstance(each, str) for each in part_ids):
            raise bad_value("part_ids", "Invalid 'part_ids': a list of ids is expected.")
        sizes = self._uploads.parts(upload.id)
        unknown = [part_id for part_id in part_ids if part_id not in sizes]
        if unknown or len(set(part_ids)) != len(part_ids):
            raise bad_value(
                "part_ids", "Invalid 'part_ids': each must be a part of this upload, named once."
            )
        total = sum(sizes[part_id] for part_id in part_ids)
        if total != upload.bytes:
            raise bad_value(
                "part_ids",
                f"The parts have {total:,} bytes together, and the upload was made for "
                f"{upload.bytes:,}.",
            )
        md5 = body.get("md5")
        if md5 is not None and not isinstance(md5, str):
            raise bad_value("md5", "Invalid type for 'md5': a text is expected.", "invalid_type")
        try:
            stored = await asyncio.to_thread(self._uploads.complete, upload, part_ids, md5)
        except Md5Differs as error:
            raise bad_value(
                "md5", "The md5 of the parts is another one: send them again."
            ) from error
        return JSONResponse(upload_object(self._uploads.get(upload.id), stored))

    async def cancel(self, request: Request) -> Response:
        """Give up an upload."""
        upload = self._pending(request)
        await asyncio.to_thread(self._uploads.end, upload.id, "cancelled")
        return JSONResponse(upload_object(self._uploads.get(upload.id)))

    def _pending(self, request: Request) -> StoredUpload:
        given = request.path_params["id"]
        upload = self._uploads.find(given)
        if upload is None:
            raise not_found("Upload object", given)
        if upload.status == "pending" and upload.expires_at <= now():
            self._uploads.end(upload.id, "expired")
            upload = self._uploads.get(upload.id)
        if upload.status != "pending":
            raise ApiError(
                400,
                f"This upload is {upload.status}: nothing more can be done with it.",
                "id",
                "upload_not_pending",
            )
        return upload


def upload_object(upload: StoredUpload, file: StoredFile | None = None) -> dict[str, Any]:
    """The upload as the API shows it."""
    shown: dict[str, Any] = {
        "id": upload.id,
        "object": "upload",
        "bytes": upload.bytes,
        "created_at": upload.created_at,
        "expires_at": upload.expires_at,
        "filename": upload.filename,
        "purpose": upload.purpose,
        "status": upload.status,
    }
    if file is not None:
        shown["file"] = file.as_object()
    return shown
