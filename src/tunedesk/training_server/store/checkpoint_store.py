"""The checkpoints of the jobs: a row each; the models lie in the folders of the jobs."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from tunedesk.training_server.store.database import Database, new_id, now
from tunedesk.training_server.store.page import Page, read_page


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of a job.

    Attributes:
        id: Its id.
        job_id: The job.
        created_at: When it was made.
        step: After which step.
        name: The name to talk to it by.
        metrics: The figures of that step.
    """

    id: str
    job_id: str
    created_at: int
    step: int
    name: str
    metrics: dict[str, Any]

    def as_object(self) -> dict[str, Any]:
        """The checkpoint as the API shows it."""
        return {
            "object": "fine_tuning.job.checkpoint",
            "id": self.id,
            "created_at": self.created_at,
            "fine_tuned_model_checkpoint": self.name,
            "fine_tuning_job_id": self.job_id,
            "metrics": self.metrics,
            "step_number": self.step,
        }


class CheckpointStore:
    """Keeps what is known of the checkpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job_id: str, step: int, name: str, metrics: dict[str, Any]) -> None:
        """Note a checkpoint; one that is noted already stays as it is."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO checkpoint (id, job_id, created_at, step, name, metrics)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (new_id("ftckpt_"), job_id, now(), step, name, json.dumps(metrics)),
            )

    def keep_only(self, job_id: str, steps: list[int]) -> None:
        """Forget the checkpoints of other steps: the process has removed them."""
        marks = ", ".join("?" * len(steps))
        with self._database.writing() as connection:
            connection.execute(
                f"DELETE FROM checkpoint WHERE job_id = ? AND step NOT IN ({marks})",
                (job_id, *steps),
            )

    def page(self, job_id: str, after: str | None, limit: int) -> Page[Checkpoint]:
        """A page of a job's checkpoints, newest first."""
        page = read_page(self._database, "checkpoint", "job_id = ?", (job_id,), after, limit)
        return Page([_checkpoint(row) for row in page.items], page.has_more)

    def find_by_name(self, name: str) -> Checkpoint | None:
        """The checkpoint of a name."""
        row = self._database.row("SELECT * FROM checkpoint WHERE name = ?", name)
        return None if row is None else _checkpoint(row)

    def delete(self, checkpoint_id: str) -> None:
        """Forget a checkpoint."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM checkpoint WHERE id = ?", (checkpoint_id,))


def _checkpoint(row: sqlite3.Row) -> Checkpoint:
    return Checkpoint(
        row["id"],
        row["job_id"],
        row["created_at"],
        row["step"],
        row["name"],
        json.loads(row["metrics"]),
    )
