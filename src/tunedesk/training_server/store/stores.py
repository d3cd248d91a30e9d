"""All that the server keeps, in one hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tunedesk.training_server.job_folder import JobFolder
from tunedesk.training_server.store.database import Database
from tunedesk.training_server.store.file_store import FileStore, UploadStore
from tunedesk.training_server.store.job_store import CheckpointStore, EventStore, JobStore


@dataclass(frozen=True)
class Stores:
    """The database and what is kept in it."""

    folder: Path
    database: Database
    files: FileStore
    uploads: UploadStore
    jobs: JobStore
    events: EventStore
    checkpoints: CheckpointStore

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the data directory, or make what it lacks."""
        database = Database(folder / "server.sqlite3")
        files = FileStore(database, folder / "files")
        return cls(
            folder,
            database,
            files,
            UploadStore(database, folder / "uploads", files),
            JobStore(database),
            EventStore(database),
            CheckpointStore(database),
        )

    @property
    def jobs_folder(self) -> Path:
        """Where the folders of the jobs stand."""
        return self.folder / "jobs"

    def job_folder(self, job_id: str) -> JobFolder:
        """The folder of a job; for ids from the database only."""
        return JobFolder(self.jobs_folder / job_id)
