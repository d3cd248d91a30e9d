"""/v1/files: what is trained on, and the results; /v1/uploads: files that come in parts."""

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tunedesk.training_server.settings import FILE_BYTES, PART_BYTES
from tunedesk.training_server.store.database import CursorUnknown, expiry_now
from tunedesk.training_server.store.file_store import (
    PURPOSES,
    FileStore,
    Md5Differs,
    NotPending,
    StoredFile,
    StoredUpload,
    TooManyBytes,
)
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.thread_pools import FILES, REQUESTS, run
from tunedesk.training_server.web.requests import (
    LOADING,
    cursor_error,
    form,
    query_choice,
    query_whole,
    read_json,
)
from tunedesk.training_server.web.responses import ApiError, bad_value, not_found, storage_full

if TYPE_CHECKING:
    from tunedesk.training_server.api.file_requests import (
        Expiry,
        FileFields,
        UploadCompletion,
        UploadRequest,
    )

_LISTED = (*PURPOSES, "evals", "assistants_output", "batch_output", "fine-tune-results")
_FREE_BYTES = 512 * 2**20


class _StoredFileResponse(FileResponse):
    """The bytes of a file; they stay until the last one is sent, whoever deletes it meanwhile."""

    def __init__(self, files: FileStore, file: StoredFile) -> None:
        super().__init__(
            files.path(file.id),
            media_type="application/octet-stream",
            headers={"X-Content-Type-Options": "nosniff"},
            filename=file.filename,
        )
        self._files = files
        self._file_id = file.id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._files.close_reading(self._file_id)


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
            asked = await run(REQUESTS, _read_fields, fields)
            file = asked.file
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
            stored = await run(
                FILES,
                self._files.add,
                file.file,
                filename,
                asked.purpose,
                _kept_seconds(asked.expires_after),
            )
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
        given = request.path_params["id"]
        file = self._files.open_for_reading(given)
        if file is None:
            raise not_found("File object", given)
        return _StoredFileResponse(self._files, file)

    async def delete(self, request: Request) -> Response:
        """Delete a file."""
        file = self._find(request)
        if not await run(FILES, self._files.delete, file.id):
            raise not_found("File object", file.id)
        return JSONResponse({"id": file.id, "object": "file", "deleted": True})

    def _find(self, request: Request) -> StoredFile:
        given = request.path_params["id"]
        file = self._files.find(given)
        if file is None:
            raise not_found("File object", given)
        return file


def _kept_seconds(expiry: "Expiry | None") -> int | None:
    """For how many seconds a file is kept; None: for good."""
    return None if expiry is None else expiry.seconds


def _read_fields(fields: FormData) -> "FileFields":
    with LOADING:
        from tunedesk.training_server.api.file_requests import read_file_fields
    return read_file_fields(fields)


def _read_part(fields: FormData) -> UploadFile:
    with LOADING:
        from tunedesk.training_server.api.file_requests import PartFields
    part: UploadFile = PartFields.read({"data": fields.get("data")}).data
    return part


def _read_upload(body: dict[str, Any]) -> "UploadRequest":
    with LOADING:
        from tunedesk.training_server.api.file_requests import UploadRequest
    return UploadRequest.read(body)


def _read_completion(body: dict[str, Any]) -> "UploadCompletion":
    with LOADING:
        from tunedesk.training_server.api.file_requests import UploadCompletion
    return UploadCompletion.read(body)


def check_filename(given: str, param: str) -> str:
    """The user's name for a file: shown, never used as a path.

    Raises:
        ApiError: Nothing of it can be shown, or it is too long.
    """
    name = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name or len(name) > 255:
        raise bad_value(param, f"Invalid '{param}': the file needs a name of 1 to 255 letters.")
    return name


class UploadEndpoints:
    """Answers the requests about uploads."""

    def __init__(self, stores: Stores, files: FileEndpoints) -> None:
        self._uploads = stores.uploads
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
        asked = await read_json(request, _read_upload)
        name = check_filename(asked.filename, "filename")
        # The parts and the file made of them lie side by side for a moment.
        self._files.check_room(2 * asked.bytes + self._uploads.pending_bytes())
        upload = self._uploads.add(
            name, asked.purpose, asked.bytes, _kept_seconds(asked.expires_after)
        )
        return JSONResponse(upload_object(upload))

    async def add_part(self, request: Request) -> Response:
        """Keep a part."""
        upload = self._pending(request)
        fields = await form(request)
        try:
            part = await run(REQUESTS, _read_part, fields)
            size = part.size or 0
            if size > PART_BYTES:
                raise ApiError(
                    413,
                    f"The part is too large: at most {PART_BYTES:,} bytes are taken.",
                    "data",
                    "part_too_large",
                )
            if self._uploads.received(upload.id) + size > upload.bytes:
                raise TooManyBytes
            part_id, created = await run(FILES, self._uploads.add_part, upload.id, part.file)
        except TooManyBytes as error:
            raise bad_value(
                "data",
                f"The parts would be larger together than the {upload.bytes:,} bytes that this "
                "upload was made for.",
            ) from error
        except NotPending as error:
            raise self._not_pending(upload.id) from error
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
        asked = await read_json(request, _read_completion)
        part_ids = asked.part_ids
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
        try:
            stored = await run(FILES, self._uploads.complete, upload, part_ids, asked.md5)
        except NotPending as error:
            raise self._not_pending(upload.id) from error
        except Md5Differs as error:
            raise bad_value(
                "md5", "The md5 of the parts is another one: send them again."
            ) from error
        return JSONResponse(upload_object(self._uploads.get(upload.id), stored))

    async def cancel(self, request: Request) -> Response:
        """Give up an upload."""
        upload = self._pending(request)
        try:
            await run(FILES, self._uploads.end, upload.id, "cancelled")
        except NotPending as error:
            raise self._not_pending(upload.id) from error
        return JSONResponse(upload_object(self._uploads.get(upload.id)))

    def _pending(self, request: Request) -> StoredUpload:
        given = request.path_params["id"]
        upload = self._uploads.find(given)
        if upload is None:
            raise not_found("Upload object", given)
        if upload.status == "pending" and upload.expires_at <= expiry_now():
            with contextlib.suppress(NotPending):
                self._uploads.end(upload.id, "expired")
            upload = self._uploads.get(upload.id)
        if upload.status != "pending":
            raise self._not_pending(upload.id)
        return upload

    def _not_pending(self, upload_id: str) -> ApiError:
        status = self._uploads.get(upload_id).status
        return ApiError(
            400,
            f"This upload is {status}: nothing more can be done with it.",
            "id",
            "upload_not_pending",
        )


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
