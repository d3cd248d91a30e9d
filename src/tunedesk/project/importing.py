"""Bringing a file in: its records are checked in worker processes and stored as they come.

The first rows are checked here and stored at once, so that they can be read while the rest
arrives. An import is one change over many short transactions; what came is kept when it is
cancelled or cut off, and can be undone. One that a full disk stopped goes on from there.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from tunedesk.checks.checker import Checker, CheckJob, check_texts
from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.errors import Cancelled, UserError
from tunedesk.formats.inspect_file import FileInfo, describe, inspect_file
from tunedesk.formats.mapping import mapped_batches, parse_mapping, propose
from tunedesk.formats.read_records import read_batches
from tunedesk.formats.readers.csv_table import CsvTable
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.table import HEAD_ROWS, TableLayout
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project import change_log, change_names, row_order, undo
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import State
from tunedesk.project.reads import add_source
from tunedesk.project.row_edits import NewExample, last_key, write_new_examples
from tunedesk.project.store import BatchSize
from tunedesk.project.versions import KEPT_PROBLEMS
from tunedesk.workers import WorkerPool

FIRST_ROWS = 200
_PUBLISH_SECONDS = 0.3
_JOBS_AHEAD = 32  # so that the workers have work while the disk is waited for
_SMALL_FILE = 2_000_000
"""Bytes below which starting worker processes costs more than it saves."""


@dataclass
class ImportSummary:
    """What came in.

    Attributes:
        info: What the file is.
        added: How many rows were added; every record of the file is one.
        unreadable: How many of them are not JSON objects.
        with_errors: How many of them have errors.
        with_problems: How many of them have errors or warnings, as in `Totals`.
        tokens: Their length together.
        problems: What was odd about the file itself: line (None for the whole file), problem.
        change_id: The change that undo takes back; None when the file had no records.
        cancelled: Whether the user stopped it; what came is kept.
        failure: Why it could not go on, with what came by then kept; None if all came.
        seconds: How long it took.
    """

    info: FileInfo
    added: int = 0
    unreadable: int = 0
    with_errors: int = 0
    with_problems: int = 0
    tokens: int = 0
    problems: list[tuple[int | None, Problem]] = field(default_factory=list)
    change_id: int | None = None
    cancelled: bool = False
    failure: UserError | None = None
    seconds: float = 0.0

    @property
    def odd(self) -> bool:
        """Whether the user should be told more than a number."""
        return bool(self.problems or self.unreadable)


def import_file(
    project: Project,
    path: Path,
    pool: WorkerPool | None = None,
    progress: Progress = no_progress,
    on_first_rows: Callable[[], None] | None = None,
    state: State = "to_review",
    resume: ImportSummary | None = None,
    mapping: str = "",
) -> ImportSummary:
    """Import a file of examples, of one kind or several, as one change.

    Args:
        project: The project, or a handle of it in a background thread.
        path: The file.
        pool: Worker processes for the checks; without it they are done here.
        progress: Told bytes read and the size of the file; if it cancels, what came is kept.
        on_first_rows: Called once the first rows are stored.
        state: The state of review that the rows begin with.
        resume: What came of the same file before its `failure`: the rest follows, as one change
            with what came, unless that was undone.
        mapping: What the columns of a table become, as `parse_mapping` reads it; empty: by their
            names and the first rows.

    Raises:
        UserError: The file cannot be read, the mapping does not fit it, or it holds no examples
            that a project can keep; or nothing of it could be written.
    """
    info = inspect_file(path)
    if info.is_empty:
        raise UserError(_("“{name}” is empty.").format(name=path.name))
    if not info.can_be_imported:
        raise UserError(describe(info))
    undo.finish_unfinished(project.context)
    if resume is not None and resume.info.size != info.size:
        raise UserError(
            _("“{name}” has changed since its first part came in.").format(name=path.name),
            _("Undo that part and import the file anew."),
        )
    batches = _table_batches(path, mapping) if info.is_table else read_batches(path, info)
    importing = _Import(project.context, info, batches, state, resume)
    return importing.run(pool, progress, on_first_rows)


def _table_batches(path: Path, mapping: str) -> Iterator[RecordBatch]:
    """The examples that the rows of a table become."""
    table = CsvTable(path, TableLayout())
    if mapping:
        becomes = parse_mapping(mapping, table.columns)
    else:
        with contextlib.closing(table.rows()) as rows:
            becomes = propose(table.columns, list(islice(rows, HEAD_ROWS)))
    if becomes.lacks is not None:
        raise UserError(
            _("No column of “{name}” is known to hold the part “{role}”.").format(
                name=path.name, role=becomes.lacks
            ),
            _("The columns are: {names}. Name them User and Assistant in the first row.").format(
                names=", ".join(table.columns)
            ),
        )
    return mapped_batches(table, becomes)


class _Import:
    """One import under way."""

    def __init__(
        self,
        context: ProjectContext,
        info: FileInfo,
        batches: Iterator[RecordBatch],
        state: State,
        resume: ImportSummary | None,
    ) -> None:
        self._context = context
        self._batches = batches
        self._store = context.store
        self._state = state
        self._summary = ImportSummary(info)
        if resume is not None and self._reopen(resume):
            self._summary = replace(resume, failure=None, cancelled=False)
        self._size = BatchSize(FIRST_ROWS)
        self._source_id = 0
        self._published_at = 0.0

    def run(
        self,
        pool: WorkerPool | None,
        progress: Progress,
        on_first_rows: Callable[[], None] | None,
    ) -> ImportSummary:
        began = time.monotonic()
        summary = self._summary
        checked = self._checked(pool)
        try:
            for batch, facts in checked:
                first = not summary.added and bool(batch.texts)
                self._add(batch, facts)
                if first and on_first_rows is not None:
                    on_first_rows()
                progress(batch.bytes_read, summary.info.size)
        except Cancelled:
            summary.cancelled = True
        except DiskFullError as error:
            summary.failure = error
        finally:
            # Jobs still under way in the workers are dropped.
            checked.close()
            self._end()
            summary.seconds = time.monotonic() - began
        if summary.failure is not None:
            if not summary.added:
                raise summary.failure
            summary.failure = _stopped_by_full_disk(summary)
        return summary

    def _reopen(self, resume: ImportSummary) -> bool:
        """Go on with the change of the first part; False if that was undone meanwhile."""
        with self._store.transaction():
            reopened = self._store.execute(
                "UPDATE change SET incomplete = 1 WHERE id = ? AND stack = ?",
                (resume.change_id, change_log.UNDOABLE),
            )
        if reopened:
            self._source_id = int(
                self._store.value(
                    "SELECT source_id FROM example WHERE created_change = ? LIMIT 1",
                    (resume.change_id,),
                )
            )
            self._store.last_change = resume.change_id
        return bool(reopened)

    def _checked(
        self, pool: WorkerPool | None
    ) -> Generator[tuple[RecordBatch, list[Facts]], None, None]:
        """The batches of the file with their facts, in order."""
        info = self._summary.info
        target, encoding, model = self._context.check_settings
        batches = _without_first(self._batches, self._summary.added)
        first = next(batches, None)
        if first is None:
            return
        head, rest = _split(first, FIRST_ROWS)
        checker = Checker(target, encoding, model)
        yield head, checker.check_many(head.texts)
        if pool is None or info.size < _SMALL_FILE:
            for batch in _chain(rest, batches):
                yield batch, checker.check_many(batch.texts)
            return
        waiting: deque[RecordBatch] = deque()

        def jobs() -> Iterator[CheckJob]:
            for batch in _chain(rest, batches):
                waiting.append(batch)
                yield CheckJob(batch.texts, target, encoding, model)

        for facts in pool.map_ordered(check_texts, jobs(), ahead=_JOBS_AHEAD):
            yield waiting.popleft(), facts

    def _add(self, batch: RecordBatch, facts: Sequence[Facts]) -> None:
        """Store a batch, in short transactions."""
        summary = self._summary
        of_rows: dict[int, list[Problem]] = {}
        for line, problem in batch.problems:
            if line is not None and problem.code in KEPT_PROBLEMS:
                of_rows.setdefault(line, []).append(problem)
            else:
                summary.problems.append((line, problem))
        new = [
            NewExample(text, fact, line)
            for text, fact, line in zip(batch.texts, facts, batch.lines, strict=True)
        ]
        if batch.tags:
            new = [entry._replace(tags=tags) for entry, tags in zip(new, batch.tags, strict=True)]
        if of_rows:
            new = [
                entry._replace(
                    facts=entry.facts._replace(
                        problems=(*of_rows.get(entry.line or 0, ()), *entry.facts.problems)
                    )
                )
                for entry in new
            ]
        done = 0
        while done < len(new):
            part = new[done : done + self._size.rows]
            before = summary.change_id
            try:
                with self._size.measured(), self._store.transaction(bulk=True):
                    self._write(part)
            except BaseException:
                summary.change_id = before  # what the transaction began is not there
                raise
            done += len(part)
            summary.added += len(part)
            summary.unreadable += sum(not entry.facts.is_readable for entry in part)
            summary.tokens += sum([entry.facts.tokens for entry in part])
            self._store.checkpoint_if_large()
        if time.monotonic() - self._published_at > _PUBLISH_SECONDS:
            self._publish()

    def _write(self, part: Sequence[NewExample]) -> None:
        summary = self._summary
        if summary.change_id is None:
            name = summary.info.path.name
            summary.change_id = change_log.begin(
                self._store, ChangeName("import", {"file": name, "count": 0}), incomplete=True
            )
            change_log.drop_redo(self._store)
            self._source_id = add_source(
                self._store,
                "imported",
                name,
                path=str(summary.info.path.absolute()),
                encoding=summary.info.encoding,
            )
        keys = row_order.keys_after(last_key(self._context), len(part))
        write_new_examples(
            self._context, summary.change_id, part, keys, self._state, self._source_id
        )

    def _end(self) -> None:
        """The import is whole, or as whole as it gets."""
        summary = self._summary
        if summary.change_id is None:
            return
        name = ChangeName("import", {"file": summary.info.path.name, "count": summary.added})
        try:
            with self._store.transaction():
                change_log.end(self._store, summary.change_id, name)
        except DiskFullError as error:
            # It is ended as soon as there is room; until then nothing can be undone.
            self._store.shared.unfinished.add(summary.change_id)
            summary.failure = error
        counts = self._store.row(
            "SELECT sum(errors > 0), sum(errors + warnings > 0) FROM example"
            " WHERE created_change = ? AND id >= (SELECT first_added FROM change WHERE id = ?)",
            (summary.change_id, summary.change_id),
        )
        summary.with_errors, summary.with_problems = (int(count or 0) for count in counts or (0, 0))
        self._publish(change_names.worded(name))

    def _publish(self, name: str | None = None) -> None:
        self._published_at = time.monotonic()
        self._store.publish(
            ProjectChange(frozenset({"added", "set"}), None, self._store.shared.author, name)
        )


def _stopped_by_full_disk(summary: ImportSummary) -> UserError:
    return DiskFullError(
        ngettext(
            "The disk is full. {n} example of {file} came in and is kept.",
            "The disk is full. {n} examples of {file} came in and are kept.",
            summary.added,
        ).format(n=f"{summary.added:,}", file=summary.info.path.name),
        _("Make room on the disk; then the import can go on from there."),
    )


def _without_first(batches: Iterator[RecordBatch], records: int) -> Iterator[RecordBatch]:
    """The batches of a file without its first records, and without what was told of them."""
    left = records
    for batch in batches:
        if left >= len(batch.texts) and left:
            left -= len(batch.texts)
        elif left:
            _head, rest = _split(batch, left)
            left = 0
            if rest is not None:
                yield rest
        else:
            yield batch


def _split(batch: RecordBatch, rows: int) -> tuple[RecordBatch, RecordBatch | None]:
    """The first rows of a batch, and the rest if there is any."""
    if len(batch.texts) <= rows:
        return batch, None
    lines, texts, problems, bytes_read, tags = batch
    head = RecordBatch(lines[:rows], texts[:rows], problems, 0, tags[:rows])
    rest = RecordBatch(lines[rows:], texts[rows:], [], bytes_read, tags[rows:])
    return head, rest


def _chain(first: RecordBatch | None, others: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
    if first is not None:
        yield first
    yield from others
