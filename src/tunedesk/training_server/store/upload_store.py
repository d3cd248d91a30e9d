"""Files that come in parts: a row each, the parts in `uploads/` until they are one file."""

import hashlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tunedesk.training_server.store.database import Database, new_id, now
from tunedesk.training_server.store.file_store import FileStore, StoredFile

LIFE_SECONDS = 3600


@dataclass(frozen=True)
class StoredUpload:
    """A file that comes in parts.

    Attributes:
        id: Its id.
        created_at: When it began.
        expires_at: Until when it must be complete.
        filename: The user's name for the file.
        purpose: What the file is for.
        bytes: How many there will be.
        file_seconds: How long the file is kept; None: for good.
        status: "pending", "completed", "cancelled" or "expired".
        file_id: The file it became.
    """

    id: str
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    bytes: int
    file_seconds: int | None
    status: str
    file_id: str | None


class Md5Differs(Exception):  # noqa: N818  it is an answer, not a fault
    """The parts are not the file whose sum was given."""


class UploadStore:
    """Keeps uploads and their parts."""

    def __init__(self, database: Database, folder: Path, files: FileStore) -> None:
        self._database = database
        self._folder = folder
        self._files = files
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, filename: str, purpose: str, size: int, seconds: int | None) -> StoredUpload:
        """Begin an upload."""
        upload_id = new_id("upload_")
        created = now()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO upload (id, created_at, expires_at, filename, purpose, bytes,"
                " file_seconds, status) VALUES (?, ?, ?, ?, ?, ?, ?, 'pending')",
                (upload_id, created, created + LIFE_SECONDS, filename, purpose, size, seconds),
            )
        (self._folder / upload_id).mkdir()
        return self.get(upload_id)

    def find(self, upload_id: str) -> StoredUpload | None:
        """The upload of an id."""
        row = self._database.row("SELECT * FROM upload WHERE id = ?", upload_id)
        return None if row is None else _upload(row)

    def get(self, upload_id: str) -> StoredUpload:
        """The upload of an id that is there."""
        upload = self.find(upload_id)
        if upload is None:
            raise KeyError(upload_id)
        return upload

    def received(self, upload_id: str) -> int:
        """The bytes of all parts so far."""
        return sum(self.parts(upload_id).values())

    def pending_bytes(self) -> int:
        """What all pending uploads together will need."""
        row = self._database.row(
            "SELECT coalesce(sum(bytes), 0) AS total FROM upload WHERE status = 'pending'"
        )
        return 0 if row is None else int(row["total"])

    def parts(self, upload_id: str) -> dict[str, int]:
        """The parts and their sizes."""
        rows = self._database.rows(
            "SELECT id, bytes FROM upload_part WHERE upload_id = ?", upload_id
        )
        return {row["id"]: row["bytes"] for row in rows}

    def add_part(self, upload_id: str, content: BinaryIO) -> tuple[str, int]:
        """Keep a part: its id and when it was made."""
        part_id = new_id("part_")
        path = self._folder / upload_id / part_id
        with path.open("wb") as out:
            shutil.copyfileobj(content, out, 2**20)
            size = out.tell()
            out.flush()
            os.fsync(out.fileno())
        created = now()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO upload_part (id, upload_id, created_at, bytes) VALUES (?, ?, ?, ?)",
                (part_id, upload_id, created, size),
            )
        return part_id, created

    def complete(self, upload: StoredUpload, part_ids: list[str], md5: str | None) -> StoredFile:
        """Make one file of the parts.

        Args:
            upload: The upload.
            part_ids: Its parts in their order.
            md5: The sum that the file must have; None: any.

        Raises:
            Md5Differs: It has another one.
        """
        folder = self._folder / upload.id
        reader = _Joined([folder / part_id for part_id in part_ids])
        with self._database.writing() as connection:
            stored = self._files.add(
                cast("BinaryIO", reader), upload.filename, upload.purpose, upload.file_seconds
            )
            if md5 is not None and reader.md5.hexdigest() != md5.lower():
                self._files.delete(stored.id)
                raise Md5Differs
            connection.execute(
                "UPDATE upload SET status = 'completed', file_id = ? WHERE id = ?",
                (stored.id, upload.id),
            )
        shutil.rmtree(folder, ignore_errors=True)
        return stored

    def end(self, upload_id: str, status: str) -> None:
        """Give up an upload: "cancelled" or "expired"; its parts are removed."""
        with self._database.writing() as connection:
            connection.execute("UPDATE upload SET status = ? WHERE id = ?", (status, upload_id))
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def end_expired(self) -> None:
        """Give up the uploads whose time is over."""
        rows = self._database.rows(
            "SELECT id FROM upload WHERE status = 'pending' AND expires_at <= ?", now()
        )
        for row in rows:
            self.end(row["id"], "expired")


class _Joined:
    """Reads files one after another, and sums them up as they pass."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = iter(paths)
        self._file: BinaryIO | None = None
        self.md5 = hashlib.md5(usedforsecurity=False)

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end of the last file."""
        while True:
            if self._file is None:
                path = next(self._paths, None)
                if path is None:
                    return b""
                self._file = path.open("rb")
            data = self._file.read(size)
            if data:
                self.md5.update(data)
                return data
            self._file.close()
            self._file = None


def _upload(row: sqlite3.Row) -> StoredUpload:
    return StoredUpload(
        row["id"],
        row["created_at"],
        row["expires_at"],
        row["filename"],
        row["purpose"],
        row["bytes"],
        row["file_seconds"],
        row["status"],
        row["file_id"],
    )
