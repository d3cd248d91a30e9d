"""Files and uploads: a row each; the bytes in `files/`, the parts of an upload in `uploads/`."""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.store.database import (
    Database,
    ListPage,
    expiry_now,
    new_id,
    now,
    read_page,
)


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
        self._lock = threading.Lock()
        self._readers: Counter[str] = Counter()
        self._deleted: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob("*.part"):
            part.unlink()

    def path(self, file_id: str) -> Path:
        """Where the bytes of a file lie; for ids from the database only."""
        return self._folder / file_id

    def add(
        self,
        content: BinaryIO,
        filename: str,
        purpose: str,
        seconds: int | None = None,
        also: Callable[[sqlite3.Connection, str], None] | None = None,
    ) -> StoredFile:
        """Keep a file; it is there as a whole or not at all.

        The bytes are copied without the database's lock: nobody waits for them.

        Args:
            content: Its bytes, read from where it stands.
            filename: The user's name for it.
            purpose: What it is for.
            seconds: How long it is kept; None: for good.
            also: Done with the file's id in the transaction that notes the file; what it raises
                leaves no file behind.
        """
        file_id = new_id("file-")
        part = self._folder / f"{file_id}.part"
        try:
            size = _copy(content, part)
            part.replace(self.path(file_id))
            created = now()
            expires = None if seconds is None else created + seconds
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO file (id, created_at, expires_at, filename, purpose, bytes)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (file_id, created, expires, filename, purpose, size),
                )
                if also is not None:
                    also(connection, file_id)
        except BaseException:
            for path in (part, self.path(file_id)):
                path.unlink(missing_ok=True)
            raise
        return StoredFile(file_id, created, expires, filename, purpose, size)

    def find(self, file_id: str) -> StoredFile | None:
        """The file of an id; None if there is none or its time is over."""
        row = self._database.row(
            "SELECT * FROM file WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)",
            file_id,
            expiry_now(),
        )
        return None if row is None else _file(row)

    def page(
        self, after: str | None, limit: int, ascending: bool, purpose: str | None
    ) -> ListPage[StoredFile]:
        """A page of the files."""
        where, values = "(expires_at IS NULL OR expires_at > ?)", (expiry_now(),)
        every: tuple[Any, ...] = values
        if purpose is not None:
            where, every = f"{where} AND purpose = ?", (*values, purpose)
        page = read_page(self._database, "file", where, every, after, limit, ascending)
        return ListPage([_file(row) for row in page.items], page.has_more)

    def open_for_reading(self, file_id: str) -> StoredFile | None:
        """The file of an id, whose bytes stay until `close_reading`; None if there is none."""
        with self._lock:
            stored = self.find(file_id)
            if stored is not None:
                self._readers[file_id] += 1
        return stored

    def close_reading(self, file_id: str) -> None:
        """Let go of a file; if it was deleted meanwhile, its bytes go now."""
        with self._lock:
            self._readers[file_id] -= 1
            if self._readers[file_id] > 0:
                return
            del self._readers[file_id]
            if file_id in self._deleted:
                self._deleted.discard(file_id)
                self.path(file_id).unlink(missing_ok=True)

    def delete(self, file_id: str) -> bool:
        """Delete a file; whether it was there."""
        with self._lock:
            try:
                was_there = self._delete_row(file_id)
            except OSError as error:
                if not is_disk_full(error):
                    raise
                # Its bytes make room for the word that they are gone.
                self.path(file_id).unlink(missing_ok=True)
                was_there = self._delete_row(file_id)
            is_read = self._readers[file_id] > 0
            if is_read:
                self._deleted.add(file_id)
            else:
                del self._readers[file_id]
        if not is_read:
            # Without the lock: of a large file it takes its time.
            self.path(file_id).unlink(missing_ok=True)
        return was_there

    def _delete_row(self, file_id: str) -> bool:
        with self._database.writing() as connection:
            done = connection.execute("DELETE FROM file WHERE id = ?", (file_id,))
        return done.rowcount == 1

    def delete_expired(self) -> None:
        """Delete the files whose time is over."""
        for row in self._database.rows("SELECT id FROM file WHERE expires_at <= ?", expiry_now()):
            self.delete(row["id"])

    def total_bytes(self) -> int:
        """The size of all files together."""
        row = self._database.row("SELECT coalesce(sum(bytes), 0) AS total FROM file")
        return 0 if row is None else int(row["total"])


_SYNCED = 32 * 2**20
"""Bytes: so many wait for the disk at most. Others, who write a word, would wait for all."""


def _copy(content: BinaryIO, path: Path) -> int:
    """Write a file that is on the disk for good; how many bytes it has."""
    waiting = 0
    with path.open("wb") as out:
        while data := content.read(2**20):
            out.write(data)
            waiting += len(data)
            if waiting >= _SYNCED:
                out.flush()
                os.fsync(out.fileno())
                waiting = 0
        out.flush()
        os.fsync(out.fileno())
        return out.tell()


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
        status: "pending", "completing" while one file is made of the parts, "completed",
            "cancelled" or "expired".
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


class NotPending(Exception):  # noqa: N818  it is an answer, not a fault
    """The upload has ended, or is being completed."""


class TooManyBytes(Exception):  # noqa: N818  it is an answer, not a fault
    """The parts would be larger together than the upload was made for."""


class UploadStore:
    """Keeps uploads and their parts."""

    def __init__(self, database: Database, folder: Path, files: FileStore) -> None:
        self._database = database
        self._folder = folder
        self._files = files
        folder.mkdir(parents=True, exist_ok=True)
        with database.writing() as connection:
            # A server that was killed while it put one together has left its parts.
            connection.execute("UPDATE upload SET status = 'pending' WHERE status = 'completing'")

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
            # Without a folder for its parts an upload would only take away room, for an hour.
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
            "SELECT coalesce(sum(bytes), 0) AS total FROM upload"
            " WHERE status IN ('pending', 'completing')"
        )
        return 0 if row is None else int(row["total"])

    def parts(self, upload_id: str) -> dict[str, int]:
        """The parts and their sizes."""
        rows = self._database.rows(
            "SELECT id, bytes FROM upload_part WHERE upload_id = ?", upload_id
        )
        return {row["id"]: row["bytes"] for row in rows}

    def add_part(self, upload_id: str, content: BinaryIO) -> tuple[str, int]:
        """Keep a part: its id and when it was made.

        Raises:
            NotPending: The upload has ended meanwhile.
            TooManyBytes: With what other parts have brought meanwhile it would be too large.
        """
        part_id = new_id("part_")
        path = self._folder / upload_id / part_id
        try:
            size = _copy(content, path)
            created = now()
            # Looked at and noted at once: several parts may come at the same time.
            with self._database.writing() as connection:
                upload = self.get(upload_id)
                if upload.status != "pending":
                    raise NotPending
                if self.received(upload_id) + size > upload.bytes:
                    raise TooManyBytes
                connection.execute(
                    "INSERT INTO upload_part (id, upload_id, created_at, bytes)"
                    " VALUES (?, ?, ?, ?)",
                    (part_id, upload_id, created, size),
                )
        except FileNotFoundError as error:
            # Its folder went with the end of the upload.
            raise NotPending from error
        except BaseException:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                # It may have come between the files of the folder and the folder itself.
                if self.get(upload_id).status != "pending":
                    path.parent.rmdir()
            raise
        return part_id, created

    def complete(self, upload: StoredUpload, part_ids: list[str], md5: str | None) -> StoredFile:
        """Make one file of the parts; of several who ask for it at once, one does it.

        Args:
            upload: The upload.
            part_ids: Its parts in their order.
            md5: The sum that the file must have; None: any.

        Raises:
            NotPending: It has ended meanwhile, or is being completed.
            Md5Differs: It has another sum; the upload stays pending.
        """
        self._move(upload.id, "pending", "completing")
        folder = self._folder / upload.id
        reader = _Joined([folder / part_id for part_id in part_ids])

        def note(connection: sqlite3.Connection, file_id: str) -> None:
            if md5 is not None and reader.md5.hexdigest() != md5.lower():
                raise Md5Differs
            connection.execute(
                "UPDATE upload SET status = 'completed', file_id = ? WHERE id = ?",
                (file_id, upload.id),
            )

        try:
            stored = self._files.add(
                cast("BinaryIO", reader), upload.filename, upload.purpose, upload.file_seconds, note
            )
        except BaseException:
            self._move(upload.id, "completing", "pending")
            raise
        finally:
            reader.close()
        shutil.rmtree(folder, ignore_errors=True)
        return stored

    def end(self, upload_id: str, status: str) -> None:
        """Give up an upload: "cancelled" or "expired"; its parts are removed.

        Raises:
            NotPending: It has ended already, or is being completed.
        """
        self._move(upload_id, "pending", status)
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def _move(self, upload_id: str, source: str, status: str) -> None:
        """Change the status, if it is the one that it should be."""
        with self._database.writing() as connection:
            done = connection.execute(
                "UPDATE upload SET status = ? WHERE id = ? AND status = ?",
                (status, upload_id, source),
            )
        if done.rowcount != 1:
            raise NotPending

    def end_expired(self) -> None:
        """Give up the uploads whose time is over."""
        rows = self._database.rows(
            "SELECT id FROM upload WHERE status = 'pending' AND expires_at <= ?", expiry_now()
        )
        for row in rows:
            with contextlib.suppress(NotPending):
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
            self.close()

    def close(self) -> None:
        """Close the file that is being read."""
        if self._file is not None:
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
