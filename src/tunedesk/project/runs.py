"""The fine-tuning runs of a project: kept, found, and brought up to date by who follows them."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project import damage
from tunedesk.project.context import ProjectContext, as_json_array
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.run_records import (
    STAGES,
    Metric,
    Part,
    Run,
    RunCheckpoint,
    RunError,
    RunEvent,
    RunExample,
    RunFile,
)
from tunedesk.project.store import Row
from tunedesk.project.stored_values import loaded

_RUN_COLUMNS = (
    "id, key, name, created_at, provider, base_url, base_model, settings, stage, status, job_id,"
    " job, training, validation, program_version, finished_at, fine_tuned_model, trained_tokens,"
    " error, step, total_steps, note"
)
_RUN_TEXTS = (
    "key", "name", "provider", "base_url", "base_model", "stage", "status", "job_id",
    "program_version", "fine_tuned_model", "note",
)  # fmt: skip
_METRIC_COLUMNS = ", ".join(Metric._fields)
_PARTS: tuple[Part, Part] = ("training", "validation")
_BATCH = 2000


class Runs:
    """The runs of one project, read and written through one handle."""

    def __init__(self, context: ProjectContext) -> None:
        self._context = context
        self._store = context.store

    # Reading

    def all(self) -> list[Run]:
        """The runs of the list, the newest first."""
        return self._runs("WHERE deleted = 0 ORDER BY created_at DESC, id DESC")

    def get(self, run_id: int) -> Run:
        """A run.

        Raises:
            UserError: There is none of that number.
        """
        found = self._runs("WHERE id = ?", (run_id,))
        if not found:
            raise UserError(_("This run is not in the project any more."))
        return found[0]

    def find(self, word: str) -> Run:
        """A run by its number, name, key or job, as the command line names it.

        Raises:
            UserError: None or several are meant.
        """
        found = [
            run
            for run in self.all()
            if word in (str(run.id), run.key, run.job_id, run.fine_tuned_model) or word == run.name
        ]
        if len(found) == 1:
            return found[0]
        raise UserError(
            _("There is no run “{word}” in this project.").format(word=word)
            if not found
            else _("Several runs are called “{word}”.").format(word=word),
            _("`tunedesk jobs list --project FILE` shows the runs with their numbers."),
        )

    def of_model(self, model: str) -> Run | None:
        """The run that a tuned model, or a checkpoint, came of; None if none here did."""
        found = self._runs(
            "WHERE ?1 != '' AND (fine_tuned_model = ?1 OR id IN"
            " (SELECT run_id FROM run_checkpoint WHERE model = ?1)) ORDER BY deleted, id DESC",
            (model,),
        )
        return found[0] if found else None

    def parents(self, run: Run) -> list[Run]:
        """The runs whose tuned models a run goes on from, the nearest first."""
        found: list[Run] = []
        while (parent := self.of_model(run.base_model)) is not None and parent not in found:
            found.append(parent)
            run = parent
        return found

    def unseen_examples(self, run: Run) -> list[int]:
        """The examples that neither a run nor its parents had as they are now, in their order.

        What was held back counts as seen: it was looked at to choose between runs.
        """
        seen = [run.id, *(parent.id for parent in self.parents(run))]
        rows = self._store.rows(
            "SELECT id FROM example WHERE deleted = 0 AND version_id NOT IN (SELECT version_id"
            " FROM run_example WHERE run_id IN (SELECT value FROM json_each(?)))"
            " ORDER BY position",
            (as_json_array(seen),),
        )
        return [row[0] for row in rows]

    def changed_examples(self, run_id: int) -> int:
        """How many examples of a run have been changed or deleted since it was launched."""
        row = self._store.row(
            "SELECT count(*) FROM run_example LEFT JOIN example ON example.id = example_id"
            " WHERE run_id = ? AND (example.id IS NULL OR example.deleted != 0"
            " OR example.version_id != run_example.version_id)",
            (run_id,),
        )
        return 0 if row is None else int(row[0])

    def metrics(self, run_id: int, after_step: int = -1) -> list[Metric]:
        """The figures of the steps after one, in the order of the steps."""
        return [
            _metric(row)
            for row in self._store.rows(
                f"SELECT {_METRIC_COLUMNS} FROM run_metric WHERE run_id = ? AND step > ?"
                " ORDER BY step",
                (run_id, after_step),
            )
        ]

    def last_metric(self, run_id: int) -> Metric | None:
        """The latest of every figure, as one; None without any."""
        latest = ", ".join(
            f"(SELECT {name} FROM run_metric WHERE run_id = ?1 AND {name} IS NOT NULL"
            " ORDER BY step DESC LIMIT 1)"
            for name in Metric._fields
        )
        row = self._store.row(f"SELECT {latest}", (run_id,))
        return None if row is None or row[0] is None else _metric(row)

    def model_step(self, run_id: int) -> int | None:
        """The step whose weights the tuned model has, where the service said; None else."""
        rows = self._store.rows(
            "SELECT data FROM run_event WHERE run_id = ? AND data LIKE '%\"model_step\"%'"
            " ORDER BY time DESC, arrival DESC LIMIT 10",
            (run_id,),
        )
        nothing: dict[str, Any] = {}
        told = (loaded(data, nothing).get("model_step") for (data,) in rows)
        return next((step for step in told if type(step) is int), None)

    def events(self, run_id: int) -> list[RunEvent]:
        """The log, the newest first."""
        return [
            RunEvent(
                id=damage.text(event_id),
                time=damage.time_of(time),
                level=damage.text(level),
                message=damage.text(message),
                kind=damage.text(kind),
                data=loaded(data, {}),
            )
            for event_id, time, level, message, kind, data in self._store.rows(
                "SELECT event_id, time, level, message, kind, data FROM run_event"
                " WHERE run_id = ? ORDER BY time DESC, arrival DESC LIMIT ?",
                (run_id, _MOST_EVENTS),
            )
        ]

    def event_ids(self, run_id: int) -> set[str]:
        """The ids of the events that are kept."""
        return {
            row[0]
            for row in self._store.rows(
                "SELECT event_id FROM run_event WHERE run_id = ?", (run_id,)
            )
        }

    def checkpoints(self, run_id: int) -> list[RunCheckpoint]:
        """The checkpoints that can be talked to, by step."""
        return [
            RunCheckpoint(
                id=damage.text(checkpoint_id),
                step=damage.whole(step),
                model=damage.text(model),
                time=damage.time_of(time),
                metrics=loaded(metrics, {}),
            )
            for checkpoint_id, step, model, time, metrics in self._store.rows(
                "SELECT checkpoint_id, step, model, time, metrics FROM run_checkpoint"
                " WHERE run_id = ? ORDER BY step",
                (run_id,),
            )
        ]

    def examples(self, run_id: int) -> list[RunExample]:
        """What was trained on and held back, line by line."""
        return [
            RunExample(_PARTS[row[0]], *row[1:])
            for row in self._store.rows(
                "SELECT part, line, example_id, version_id FROM run_example"
                " WHERE run_id = ? ORDER BY part, line",
                (run_id,),
            )
            if row[0] in (0, 1) and all(type(value) is int for value in row)
        ]

    def example_at(self, run_id: int, part: Part, line: int) -> RunExample | None:
        """The example of a line of one of the files; None if there is none."""
        row = self._store.row(
            "SELECT example_id, version_id FROM run_example"
            " WHERE run_id = ? AND part = ? AND line = ?",
            (run_id, _PARTS.index(part), line),
        )
        if row is None or not all(type(value) is int for value in row):
            return None
        return RunExample(part, line, *row)

    def _runs(self, clause: str, parameters: Sequence[Any] = ()) -> list[Run]:
        rows = self._store.rows(f"SELECT {_RUN_COLUMNS} FROM run {clause}", parameters)
        return [_run(row) for row in rows]

    # Writing

    def add(
        self,
        *,
        name: str,
        provider: str,
        base_url: str,
        base_model: str,
        settings: Mapping[str, Any],
        program_version: str,
        **more: Any,
    ) -> Run:
        """Write a run down before anything else is done for it.

        Args:
            name: What the user calls it.
            provider: The short name of the provider.
            base_url: The address of its API.
            base_model: The model to train further.
            settings: The launch settings, as JSON.
            program_version: The version of Tunedesk.
            more: Other attributes of `Run` that are known already.
        """
        key = uuid.uuid4().hex
        with self._store.transaction():
            number = self._store.connection.execute(
                "INSERT INTO run(key, name, deleted, created_at, provider, base_url, base_model,"
                " settings, stage, status, job_id, job, program_version, fine_tuned_model, note)"
                " VALUES (?, ?, 0, ?, ?, ?, ?, ?, 'preparing', '', '', '{}', ?, '', '')",
                (
                    key,
                    name,
                    self._store.now(),
                    provider,
                    base_url,
                    base_model,
                    json.dumps(settings),
                    program_version,
                ),
            ).lastrowid
            run_id = int(number or 0)
            if more:
                self._set(run_id, more)
            self._publish("runs", run_id)
        return self.get(run_id)

    def update(self, run_id: int, **values: Any) -> None:
        """Set attributes of a run, by their names in `Run`; nothing is told if none changes."""
        with self._store.transaction():
            before = self.get(run_id)
            changed = {name: value for name, value in values.items() if _of(before, name) != value}
            if changed:
                self._set(run_id, changed)
                self._publish("runs", run_id)

    def rename(self, run_id: int, name: str) -> None:
        """Give a run another name; that of its model stays."""
        self.update(run_id, name=" ".join(name.split()))

    def delete(self, run_id: int) -> None:
        """Take a run off the list; what it was is kept."""
        with self._store.transaction():
            self._store.execute("UPDATE run SET deleted = 1 WHERE id = ?", (run_id,))
            self._publish("runs", run_id)

    def set_examples(self, run_id: int, examples: Iterable[RunExample]) -> None:
        """Write down what a run is made of, in short transactions; replaces what was there."""
        with self._store.transaction():
            self._store.execute("DELETE FROM run_example WHERE run_id = ?", (run_id,))
        rows = [(run_id, _PARTS.index(example.part), *example[1:]) for example in examples]
        for start in range(0, len(rows), _BATCH):
            with self._store.transaction(bulk=True):
                self._store.connection.executemany(
                    "INSERT INTO run_example(run_id, part, line, example_id, version_id)"
                    " VALUES (?, ?, ?, ?, ?)",
                    rows[start : start + _BATCH],
                )

    def add_metrics(self, run_id: int, metrics: Iterable[Metric]) -> None:
        """Add figures; what is told twice of a step is kept once, and completes it."""
        names = Metric._fields[1:]
        later = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in names)
        rows = [(run_id, *metric) for metric in metrics]
        for start in range(0, len(rows), _BATCH):
            with self._store.transaction(bulk=True):
                self._store.connection.executemany(
                    f"INSERT INTO run_metric(run_id, {_METRIC_COLUMNS})"
                    f" VALUES ({', '.join('?' * (len(Metric._fields) + 1))})"
                    f" ON CONFLICT(run_id, step) DO UPDATE SET {later}",
                    rows[start : start + _BATCH],
                )
        if rows:
            self._publish("metrics", run_id)

    def add_events(self, run_id: int, events: Sequence[RunEvent]) -> None:
        """Add lines of the log, the oldest first; one that is there already stays as it is."""
        if not events:
            return
        with self._store.transaction():
            count = self._store.value("SELECT count(*) FROM run_event WHERE run_id = ?", (run_id,))
            self._store.connection.executemany(
                "INSERT OR IGNORE INTO run_event"
                "(run_id, event_id, time, arrival, level, message, kind, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        run_id,
                        event.id,
                        event.time,
                        arrival,
                        event.level,
                        event.message,
                        event.kind,
                        json.dumps(dict(event.data)),
                    )
                    for arrival, event in enumerate(events, count)
                ],
            )
            self._publish("events", run_id)

    def set_checkpoints(self, run_id: int, checkpoints: Sequence[RunCheckpoint]) -> None:
        """Keep the checkpoints that the service still has."""
        if list(checkpoints) == self.checkpoints(run_id):
            return
        with self._store.transaction():
            self._store.execute("DELETE FROM run_checkpoint WHERE run_id = ?", (run_id,))
            self._store.connection.executemany(
                "INSERT OR REPLACE INTO run_checkpoint"
                "(run_id, checkpoint_id, step, model, time, metrics) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        run_id,
                        point.id,
                        point.step,
                        point.model,
                        point.time,
                        json.dumps(dict(point.metrics)),
                    )
                    for point in checkpoints
                ],
            )
            self._publish("checkpoints", run_id)

    def _set(self, run_id: int, values: Mapping[str, Any]) -> None:
        names = list(values)
        self._store.execute(
            f"UPDATE run SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
            [*(_stored(values[name]) for name in names), run_id],
        )

    def _publish(self, kind: str, run_id: int) -> None:
        self._store.publish(ProjectChange(frozenset({kind}), (), runs=(run_id,)))


def _of(run: Run, name: str) -> Any:
    if name not in Run.__dataclass_fields__ or name in ("id", "key"):
        raise ValueError(f"A run has no attribute {name} that can be set.")
    return getattr(run, name)


def _stored(value: Any) -> Any:
    if isinstance(value, RunFile | RunError):
        return json.dumps(asdict(value))
    return json.dumps(value) if isinstance(value, dict) else value


_MOST_EVENTS = 100_000


def _metric(row: Row) -> Metric:
    """A step's figures; what is not a finite number is as if it had not been told."""
    figures = map(damage.finite_or_none, row[1:-1])
    return Metric._make((damage.whole(row[0]), *figures, damage.time_of(row[-1])))


def _run(row: Row) -> Run:
    values = dict(zip(_RUN_COLUMNS.replace(" ", "").split(","), row, strict=True))
    for name in _RUN_TEXTS:
        values[name] = damage.text(values[name])
    for name in ("trained_tokens", "step", "total_steps"):
        values[name] = damage.whole_or_none(values[name])
    values["created_at"] = damage.time_of(values["created_at"])
    values["finished_at"] = damage.whole_or_none(values["finished_at"], 0, damage.LATEST_TIME)
    if values["stage"] not in STAGES:
        # Of a newer Tunedesk, or damaged: it is shown, and nothing is done for it.
        values["stage"] = "ended"
    for name in ("settings", "job"):
        values[name] = loaded(values[name], {})
    for name in ("training", "validation"):
        values[name] = _file(loaded(values[name], {}))
    values["error"] = _error(loaded(values["error"], {}))
    return Run(**values)


def _file(stored: dict[str, Any]) -> RunFile | None:
    try:
        return RunFile(
            str(stored["file_id"]),
            str(stored["sha256"]),
            int(stored["bytes"]),
            int(stored["examples"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _error(stored: dict[str, Any]) -> RunError | None:
    if not stored:
        return None
    return RunError(*(str(stored.get(name) or "") for name in ("code", "message", "param")))
