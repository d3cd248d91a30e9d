"""/v1/uploads: files that come in parts."""

import asyncio
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.api.files import (
    FileEndpoints,
    check_expiry,
    check_filename,
    check_purpose,
)
from tunedesk.training_server.server_settings import PART_BYTES, UPLOAD_BYTES
from tunedesk.training_server.store.database import now
from tunedesk.training_server.store.file_store import StoredFile
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.store.upload_store import Md5Differs, StoredUpload
from tunedesk.training_server.web.api_error import ApiError, bad_value, not_found
from tunedesk.training_server.web.reading import form, json_object, only_known

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
