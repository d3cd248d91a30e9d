"""The events of the jobs: messages and metrics, each told once."""

import json
import sqlite3
from typing import Any

from tunedesk.training_server.store.database import Database, new_id, now
from tunedesk.training_server.store.page import Page, read_page


class EventStore:
    """Keeps the events of the jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        job_id: str,
        message: str,
        level: str = "info",
        data: dict[str, Any] | None = None,
        once: str | None = None,
    ) -> None:
        """Tell something of a job.

        Args:
            job_id: The job.
            message: The sentence.
            level: "info", "warn" or "error".
            data: The figures, of an event with metrics.
            once: A name under which a job tells something only once, such as its step.
        """
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO event"
                " (id, job_id, created_at, level, type, message, data, once)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new_id("ftevent-"),
                    job_id,
                    now(),
                    level,
                    "message" if data is None else "metrics",
                    message,
                    json.dumps(data or {}),
                    once,
                ),
            )

    def page(self, job_id: str, after: str | None, limit: int) -> Page[dict[str, Any]]:
        """A page of a job's events as the API shows them, newest first."""
        page = read_page(self._database, "event", "job_id = ?", (job_id,), after, limit)
        return Page([_event(row) for row in page.items], page.has_more)

    def metrics(self, job_id: str) -> list[dict[str, Any]]:
        """The figures of all steps of a job, in their order."""
        rows = self._database.rows(
            "SELECT data FROM event WHERE job_id = ? AND type = 'metrics' ORDER BY number", job_id
        )
        return [json.loads(row["data"]) for row in rows]


def _event(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "object": "fine_tuning.job.event",
        "id": row["id"],
        "created_at": row["created_at"],
        "level": row["level"],
        "message": row["message"],
        "type": row["type"],
        "data": json.loads(row["data"]),
    }
