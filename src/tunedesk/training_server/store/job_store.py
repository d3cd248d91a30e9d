"""The jobs, their events and their checkpoints: a row each.

The models lie in the folders of the jobs (`job_folder`).
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from tunedesk.training_server.store.database import (
    Database,
    ListPage,
    json_value,
    new_id,
    now,
    read_page,
)

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Job:
    """A job as the database holds it.

    Attributes:
        number: Its place in the order of making.
        id: Its id.
        created_at: When it was made.
        finished_at: When it ended.
        status: Where it stands.
        model: The base model, as asked for.
        method: "supervised" or "dpo".
        hyperparameters: As asked for; "auto" replaced by numbers once it runs.
        model_name: The name that the tuned model has or will have.
        suffix: The user's part of that name.
        seed: Of everything random.
        metadata: The user's own notes.
        integrations: As asked for.
        training_file: The file to train on.
        validation_file: The file to measure with.
        error: Why it failed: code, message, param.
        trained_tokens: How many tokens it was trained on.
        result_file: The file of its results.
        has_model: Whether the tuned model is there.
        progress_offset: How far its progress was read.
        started_at: When the process that runs now began to train.
        started_step: At which step.
        last_step: The last step told.
        total_steps: How many there will be.
    """

    number: int
    id: str
    created_at: int
    finished_at: int | None
    status: str
    model: str
    method: str
    hyperparameters: dict[str, Any]
    model_name: str
    suffix: str | None
    seed: int
    metadata: dict[str, str] | None
    integrations: list[dict[str, Any]] | None
    training_file: str
    validation_file: str | None
    error: dict[str, Any] | None
    trained_tokens: int | None
    result_file: str | None
    has_model: bool
    progress_offset: int
    started_at: float | None
    started_step: int | None
    last_step: int | None
    total_steps: int | None

    @property
    def skip_bad(self) -> bool:
        """Whether bad examples are left out instead of failing the job."""
        return (self.metadata or {}).get("tunedesk_skip_bad") == "true"


@dataclass(frozen=True)
class NewJob:
    """What a request to make a job asks for, checked; as in `Job`."""

    model: str
    method: str
    hyperparameters: dict[str, Any]
    suffix: str | None
    seed: int
    metadata: dict[str, str] | None
    integrations: list[dict[str, Any]] | None
    training_file: str
    validation_file: str | None


class JobStore:
    """Keeps the jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: NewJob, name_of_model: str) -> Job:
        """Make a job; it is validated next."""
        job_id = new_id("ftjob-")
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO job (id, created_at, status, turn, model, method, hyperparameters,"
                " model_name, suffix, seed, metadata, integrations, training_file,"
                " validation_file)"
                " VALUES (?, ?, 'validating_files', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job_id,
                    now(),
                    new.model,
                    new.method,
                    json.dumps(new.hyperparameters),
                    name_of_model,
                    new.suffix,
                    new.seed,
                    _text(new.metadata),
                    _text(new.integrations),
                    new.training_file,
                    new.validation_file,
                ),
            )
        return self.get(job_id)

    def find(self, job_id: str) -> Job | None:
        """The job of an id."""
        row = self._database.row("SELECT * FROM job WHERE id = ?", job_id)
        return self._first(row)

    def _first(self, row: sqlite3.Row | None) -> Job | None:
        found = self._database.readable([] if row is None else [row], _job)
        return found[0] if found else None

    def get(self, job_id: str) -> Job:
        """The job of an id that is there."""
        job = self.find(job_id)
        if job is None:
            raise KeyError(job_id)
        return job

    def find_by_model(self, name: str) -> Job | None:
        """The job whose tuned model has this name."""
        row = self._database.row("SELECT * FROM job WHERE model_name = ?", name)
        return self._first(row)

    def page(
        self, after: str | None, limit: int, metadata: dict[str, str] | None, without: bool
    ) -> ListPage[Job]:
        """A page of the jobs, newest first.

        Args:
            after: The id of the last job of the page before.
            limit: How many at most.
            metadata: What must stand in the metadata; None: anything.
            without: Only jobs without metadata.
        """
        where, values = ["1"], []
        for key, value in (metadata or {}).items():
            where.append("EXISTS (SELECT 1 FROM json_each(metadata) WHERE key = ? AND value = ?)")
            values += [key, value]
        if without:
            where.append("metadata IS NULL")
        page = read_page(self._database, "job", " AND ".join(where), tuple(values), after, limit)
        return ListPage(self._database.readable(page.items, _job), page.has_more)

    def with_status(self, *statuses: str) -> list[Job]:
        """The jobs of these statuses, in the order in which they are to run."""
        marks = ", ".join("?" * len(statuses))
        rows = self._database.rows(
            f"SELECT * FROM job WHERE status IN ({marks}) ORDER BY turn, number", *statuses
        )
        return self._database.readable(rows, _job)

    def with_model(self) -> list[Job]:
        """The jobs whose tuned models are there."""
        rows = self._database.rows("SELECT * FROM job WHERE has_model")
        return self._database.readable(rows, _job)

    def move(self, job_id: str, sources: tuple[str, ...], status: str) -> bool:
        """Change the status, if it is one of these; whether it was."""
        marks = ", ".join("?" * len(sources))
        finished = now() if status in TERMINAL else None
        with self._database.writing() as connection:
            done = connection.execute(
                # A clock that was set back must not make an end that lies before the beginning.
                "UPDATE job SET status = ?, finished_at = max(?, created_at, coalesce((SELECT"
                " max(created_at) FROM event WHERE job_id = job.id), 0))"
                f" WHERE id = ? AND status IN ({marks})",
                (status, finished, job_id, *sources),
            )
        return done.rowcount == 1

    def enqueue(self, job_id: str, sources: tuple[str, ...]) -> bool:
        """Put a job at the end of the queue, if its status is one of these; whether it was."""
        with self._database.writing() as connection:
            moved = self.move(job_id, sources, "queued")
            if moved:
                connection.execute(
                    "UPDATE job SET turn = (SELECT max(turn) + 1 FROM job) WHERE id = ?", (job_id,)
                )
        return moved

    def clear_model(self, job_id: str) -> bool:
        """Note that a job's tuned model is deleted; whether it was there."""
        with self._database.writing() as connection:
            done = connection.execute(
                "UPDATE job SET has_model = 0 WHERE id = ? AND has_model", (job_id,)
            )
        return done.rowcount == 1

    def set(self, job_id: str, **columns: Any) -> None:
        """Set columns of a job; lists and objects are kept as JSON."""
        names = ", ".join(f"{name} = ?" for name in columns)
        values = [
            _text(value) if isinstance(value, dict | list) else value for value in columns.values()
        ]
        with self._database.writing() as connection:
            connection.execute(f"UPDATE job SET {names} WHERE id = ?", (*values, job_id))


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _job(row: sqlite3.Row) -> Job:
    hyperparameters = json_value(row["hyperparameters"])
    if not isinstance(hyperparameters, dict):
        raise ValueError("its hyperparameters are not an object")
    return Job(
        number=row["number"],
        id=row["id"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        status=row["status"],
        model=row["model"],
        method=row["method"],
        hyperparameters=hyperparameters,
        model_name=row["model_name"],
        suffix=row["suffix"],
        seed=row["seed"],
        metadata=json_value(row["metadata"]),
        integrations=json_value(row["integrations"]),
        training_file=row["training_file"],
        validation_file=row["validation_file"],
        error=json_value(row["error"]),
        trained_tokens=row["trained_tokens"],
        result_file=row["result_file"],
        has_model=bool(row["has_model"]),
        progress_offset=row["progress_offset"],
        started_at=row["started_at"],
        started_step=row["started_step"],
        last_step=row["last_step"],
        total_steps=row["total_steps"],
    )


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
    ) -> bool:
        """Tell something of a job; whether it is told now, and was not before.

        Args:
            job_id: The job.
            message: The sentence.
            level: "info", "warn" or "error".
            data: The figures, of an event with metrics: one with a "step". Of another, what it
                says as values for programs.
            once: A name under which a job tells something only once, such as its step.
        """
        with self._database.writing() as connection:
            done = connection.execute(
                "INSERT OR IGNORE INTO event"
                " (id, job_id, created_at, level, type, message, data, once)"
                # Nor an event that comes before the one it follows.
                " VALUES (?, ?, max(?, coalesce((SELECT created_at FROM event WHERE job_id = ?"
                " ORDER BY number DESC LIMIT 1), 0)), ?, ?, ?, ?, ?)",
                (
                    new_id("ftevent-"),
                    job_id,
                    now(),
                    job_id,
                    level,
                    "metrics" if data and "step" in data else "message",
                    message,
                    json.dumps(data or {}),
                    once,
                ),
            )
        return done.rowcount == 1

    def page(self, job_id: str, after: str | None, limit: int) -> ListPage[dict[str, Any]]:
        """A page of a job's events as the API shows them, newest first."""
        page = read_page(self._database, "event", "job_id = ?", (job_id,), after, limit)
        return ListPage(self._database.readable(page.items, _event), page.has_more)

    def metrics(self, job_id: str) -> list[dict[str, Any]]:
        """The figures of all steps of a job, in their order."""
        rows = self._database.rows(
            "SELECT number, data FROM event WHERE job_id = ? AND type = 'metrics' ORDER BY number",
            job_id,
        )
        return self._database.readable(rows, _figures)


def _figures(row: sqlite3.Row) -> dict[str, Any]:
    return dict(json_value(row["data"]))


def _event(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "object": "fine_tuning.job.event",
        "id": row["id"],
        "created_at": row["created_at"],
        "level": row["level"],
        "message": row["message"],
        "type": row["type"],
        "data": json_value(row["data"]),
    }


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

    def page(self, job_id: str, after: str | None, limit: int) -> ListPage[Checkpoint]:
        """A page of a job's checkpoints, newest first."""
        page = read_page(self._database, "checkpoint", "job_id = ?", (job_id,), after, limit)
        return ListPage(self._database.readable(page.items, _checkpoint), page.has_more)

    def find_by_name(self, name: str) -> Checkpoint | None:
        """The checkpoint of a name."""
        row = self._database.row("SELECT * FROM checkpoint WHERE name = ?", name)
        found = self._database.readable([] if row is None else [row], _checkpoint)
        return found[0] if found else None

    def delete(self, checkpoint_id: str) -> bool:
        """Forget a checkpoint; whether it was there."""
        with self._database.writing() as connection:
            done = connection.execute("DELETE FROM checkpoint WHERE id = ?", (checkpoint_id,))
        return done.rowcount == 1


def _checkpoint(row: sqlite3.Row) -> Checkpoint:
    return Checkpoint(
        row["id"],
        row["job_id"],
        row["created_at"],
        row["step"],
        row["name"],
        json_value(row["metrics"]),
    )
