"""Files and uploads: a row each; the bytes in `files/`, the parts of an upload in `uploads/`."""

import hashlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from tunedesk.training_server.store.database import Database, Page, new_id, now, read_page


@dataclass(frozen=True)
class StoredFile:
    """A file of the server.

    Attributes:
        id: Its id; also its name in the folder.
        created_at: When it was made.
        expires_at: When it goes; None: never.
        filename: The name that the user gave; only ever shown.
        purpose: What it is for.
        bytes: Its size.
    """

    id: str
    created_at: int
    expires_at: int | None
    filename: str
    purpose: str
    bytes: int

    def as_object(self) -> dict[str, Any]:
        """The file as the API shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }
        if self.expires_at is not None:
            shown["expires_at"] = self.expires_at
        return shown


class FileStore:
    """Keeps files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob("*.part"):
            part.unlink()

    def path(self, file_id: str) -> Path:
        """Where the bytes of a file lie; for ids from the database only."""
        return self._folder / file_id

    def add(
        self, content: BinaryIO, filename: str, purpose: str, seconds: int | None = None
    ) -> StoredFile:
        """Keep a file; it is there as a whole or not at all.

        Args:
            content: Its bytes, read from where it stands.
            filename: The user's name for it.
            purpose: What it is for.
            seconds: How long it is kept; None: for good.
        """
        file_id = new_id("file-")
        part = self._folder / f"{file_id}.part"
        try:
            with part.open("wb") as out:
                shutil.copyfileobj(content, out, 2**20)
                size = out.tell()
                out.flush()
                os.fsync(out.fileno())
            part.replace(self.path(file_id))
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        created = now()
        expires = None if seconds is None else created + seconds
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO file (id, created_at, expires_at, filename, purpose, bytes)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (file_id, created, expires, filename, purpose, size),
            )
        return StoredFile(file_id, created, expires, filename, purpose, size)

    def find(self, file_id: str) -> StoredFile | None:
        """The file of an id; None if there is none or its time is over."""
        row = self._database.row(
            "SELECT * FROM file WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)",
            file_id,
            now(),
        )
        return None if row is None else _file(row)

    def page(
        self, after: str | None, limit: int, ascending: bool, purpose: str | None
    ) -> Page[StoredFile]:
        """A page of the files."""
        where, values = "(expires_at IS NULL OR expires_at > ?)", (now(),)
        every: tuple[Any, ...] = values
        if purpose is not None:
            where, every = f"{where} AND purpose = ?", (*values, purpose)
        page = read_page(self._database, "file", where, every, after, limit, ascending)
        return Page([_file(row) for row in page.items], page.has_more)

    def delete(self, file_id: str) -> None:
        """Delete a file."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM file WHERE id = ?", (file_id,))
        self.path(file_id).unlink(missing_ok=True)

    def delete_expired(self) -> None:
        """Delete the files whose time is over."""
        for row in self._database.rows("SELECT id FROM file WHERE expires_at <= ?", now()):
            self.delete(row["id"])

    def total_bytes(self) -> int:
        """The size of all files together."""
        row = self._database.row("SELECT coalesce(sum(bytes), 0) AS total FROM file")
        return 0 if row is None else int(row["total"])


def _file(row: sqlite3.Row) -> StoredFile:
    return StoredFile(
        row["id"],
        row["created_at"],
        row["expires_at"],
        row["filename"],
        row["purpose"],
        row["bytes"],
    )


LIFE_SECONDS = 3600
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data")
"""What a file can be uploaded for."""


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
