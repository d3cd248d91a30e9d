"""The files that were uploaded, and those of results: a row each, the bytes in `files/`."""

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tunedesk.training_server.store.database import Database, new_id, now
from tunedesk.training_server.store.page import Page, read_page


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
