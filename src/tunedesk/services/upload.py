"""Sending a file to a service: in one piece or in parts, with progress, found again if need be."""

import contextlib
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.progress import Progress, Wait, no_progress
from tunedesk.services.connection import Connection
from tunedesk.services.service_errors import errors_explained

if TYPE_CHECKING:
    import openai


MIME_TYPE = "application/jsonl"
SEND_SECONDS = 600.0
PART_BYTES = 64_000_000
"""The most that a part of an upload may hold is 64 MB (facts 1.2)."""
_MOST_LOOKED_THROUGH = 200
_READY_SECONDS = 1800.0


def upload_file(
    connection: Connection,
    path: Path,
    wait: Wait,
    progress: Progress = no_progress,
) -> str:
    """Send a training file and return its id at the service.

    Args:
        connection: Where to.
        path: The file; its name is unique, and by it a file is found whose answer was lost.
        wait: How to wait until the service has looked at it.
        progress: Told the bytes sent; may cancel.

    Raises:
        ServiceError: It was not taken.
        Cancelled: By `progress`; what was sent in parts is cancelled at the service too.
    """
    provider, size = connection.provider, path.stat().st_size
    most = provider.upload_bytes or provider.file_bytes
    if size > most:
        raise UserError(
            _("The file has {size} MB; {provider} takes at most {most} MB.").format(
                size=f"{size / 1e6:,.0f}", provider=provider.title, most=f"{most / 1e6:,.0f}"
            ),
            _("Train on fewer examples, or with another provider."),
        )
    with (
        connection.client(timeout=SEND_SECONDS) as client,
        errors_explained(provider, connection.key_value),
    ):
        found = find_file(client, path.name, size)
        if found:
            return found
        if size > provider.file_bytes:
            file_id = _send_parts(client, path, size, progress)
        else:
            with _Watched(path, size, progress) as body:
                made = client.files.create(file=(path.name, body, MIME_TYPE), purpose="fine-tune")
            file_id = _id_of(made)
        _wait_until_ready(client, file_id, wait)
    return file_id


class _Watched(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, size: int, progress: Progress) -> None:
        super().__init__(path)
        self._size = size
        self._progress = progress

    def read(self, size: int | None = -1, /) -> bytes | None:  # type: ignore[override]
        block = super().read(-1 if size is None else size)
        self._progress(min(self.tell(), self._size), self._size)
        return block


def _send_parts(client: "openai.OpenAI", path: Path, size: int, progress: Progress) -> str:
    upload = client.uploads.create(
        bytes=size, filename=path.name, mime_type=MIME_TYPE, purpose="fine-tune"
    )
    try:
        parts: list[str] = []
        sent = 0
        with path.open("rb") as file:
            while block := file.read(PART_BYTES):
                progress(sent, size)
                parts.append(client.uploads.parts.create(upload.id, data=block).id)
                sent += len(block)
        progress(sent, size)
        return _id_of(client.uploads.complete(upload.id, part_ids=parts).file)
    except BaseException:
        with contextlib.suppress(Exception):
            client.uploads.cancel(upload.id)
        raise


def find_file(client: "openai.OpenAI", name: str, size: int) -> str:
    """The id of a file that was sent before, and its answer was lost; empty: it is not there.

    Args:
        client: A client of the service.
        name: Its name, which is unique.
        size: Its bytes.

    Raises:
        openai.OpenAIError: The service cannot be reached.
    """
    with importing("openai"):
        import openai

    try:
        page = client.files.list(purpose="fine-tune", limit=_MOST_LOOKED_THROUGH, order="desc")
        found = list(page.data or [])
    except (openai.APIStatusError, AttributeError, TypeError):
        # Not every server lists files; then it is sent, at worst a second time.
        return ""
    for file in found:
        if getattr(file, "filename", "") == name and getattr(file, "bytes", None) in (size, None):
            return str(file.id)
    return ""


def _wait_until_ready(client: "openai.OpenAI", file_id: str, wait: Wait) -> None:
    """Wait while the service says that it looks at the file (Azure does); None is ready, too."""
    until, pause = time.monotonic() + _READY_SECONDS, 1.0
    while time.monotonic() < until:
        file = client.files.retrieve(file_id)
        status = str(getattr(file, "status", None) or "processed").casefold()
        if status == "error":
            raise UserError(
                _("The service could not read the file: {reason}").format(
                    reason=getattr(file, "status_details", None) or _("it does not say why")
                )
            )
        if status not in ("pending", "running", "uploading"):
            return
        wait(pause)
        pause = min(pause * 1.5, 15.0)


def _id_of(made: Any) -> str:
    file_id = getattr(made, "id", None)
    if not isinstance(file_id, str) or not file_id:
        raise UserError(
            _("The service took the file but did not say under which name."),
            _("Try again; it is looked for first."),
        )
    return file_id
