"""Check a whole file without a project: every problem with its line, and the token totals."""

import gc
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tunedesk.checks.check import CheckJob, check_texts
from tunedesk.checks.problem import Problem
from tunedesk.checks.set_rules import SetFacts, check_set
from tunedesk.checks.severity import Severity, severity
from tunedesk.formats.file_info import FileInfo
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.records import read_batches
from tunedesk.progress import Progress, no_progress
from tunedesk.workers import WorkerPool

SMALL_FILE = 8_000_000
"""Bytes below which starting worker processes costs more than it saves."""


class LineProblem(NamedTuple):
    """A problem and the line where its record begins (from 1); None for the whole set."""

    line: int | None
    problem: Problem
    severity: Severity


@dataclass
class FileReport:
    """What a check of a file found.

    Attributes:
        info: The file's format, encoding and shape.
        target: Whose rules were applied.
        encoding: The token encoding; None if tokens were not counted.
        records: What stands in the file, readable or not.
        unreadable: How many of them are no JSON object.
        problems: All problems: those of the file and its records by line, then the set's.
        message_tokens: The exact part of the tokens.
        tool_tokens: The estimate for tools and tool calls.
        image_tokens: The estimate for images.
        lengths: Tokens of each example, in the order of the file.
    """

    info: FileInfo
    target: str
    encoding: str | None
    records: int = 0
    unreadable: int = 0
    problems: list[LineProblem] = field(default_factory=list)
    message_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    lengths: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def examples(self) -> int:
        """How many records are JSON objects."""
        return self.records - self.unreadable

    def add(self, batch: RecordBatch, found: "BatchResult") -> None:
        """Take in a batch and what was found in it."""
        self.records += len(batch.texts)
        self.unreadable += found.unreadable
        self.message_tokens += found.message_tokens
        self.tool_tokens += found.tool_tokens
        self.image_tokens += found.image_tokens
        self.lengths.extend(found.lengths)
        by_line = [*batch.problems, *((batch.lines[row], each) for row, each in found.problems)]
        by_line.sort(key=lambda place: place[0] or 0)
        if self.info.format in ("chat", "empty"):
            self.problems += [self._judged(line, problem) for line, problem in by_line]

    def add_set(self, whole: SetFacts) -> None:
        """Take in what is wrong with the set, named at the first of the lines concerned."""
        for found in check_set(whole, self.target):
            line = min(found.members, default=None)
            parameters = {**found.parameters, "lines": list(found.members[:100])}
            self.problems.append(self._judged(line, Problem(found.code, (), parameters)))

    def _judged(self, line: int | None, problem: Problem) -> LineProblem:
        return LineProblem(line, problem, severity(problem.code, self.target))

    def count(self, level: Severity) -> int:
        """How many problems are of this severity."""
        return sum(found.severity == level for found in self.problems)


def check_file(
    path: Path,
    target: str,
    encoding: str | None,
    progress: Progress = no_progress,
) -> FileReport:
    """Read a file to its end and name every problem.

    The records of a file of another format than chat are counted, not judged.

    Args:
        path: The file.
        target: Whose rules to apply.
        encoding: The encoding to count tokens in; None to count none.
        progress: Told bytes read and the size of the file.

    Raises:
        UserError: The file cannot be read.
    """
    info = inspect_file(path)
    report = FileReport(info, target, encoding)
    if not info.holds_records:
        return report
    whole = SetFacts()
    # Nothing here makes circles of objects, and looking for them takes a fifth of the time.
    gc.disable()
    try:
        for batch, found in _checked(info, target, encoding):
            report.add(batch, found)
            whole.merge(found.set_facts)
            progress(batch.bytes_read, info.size)
    finally:
        gc.enable()
    if info.format in ("chat", "empty"):
        report.add_set(whole)
    return report


class BatchResult(NamedTuple):
    """What a worker tells of a batch: sums, not the facts of each record.

    Attributes:
        unreadable: How many records are no JSON object.
        problems: Index of the record in the batch, and the problem.
        message_tokens: The sum of the exact tokens.
        tool_tokens: The sum of the estimates for tools.
        image_tokens: The sum of the estimates for images.
        lengths: The tokens of each example.
        set_facts: What the rules for the whole set need; members are lines.
    """

    unreadable: int
    problems: list[tuple[int, Problem]]
    message_tokens: int
    tool_tokens: int
    image_tokens: int
    lengths: "array[int]"
    set_facts: SetFacts


class BatchJob(NamedTuple):
    """What a worker is given.

    Attributes:
        lines: The line on which each record begins.
        check: The records and how to check them.
    """

    lines: list[int]
    check: CheckJob


def check_batch(job: BatchJob) -> BatchResult:
    """Check the records of a batch: for a pool of worker processes."""
    facts = check_texts(job.check)
    set_facts = SetFacts()
    set_facts.add(job.lines, facts, job.check.texts)
    return BatchResult(
        sum(fact.kind == "unreadable" for fact in facts),
        [(row, problem) for row, fact in enumerate(facts) for problem in fact.problems],
        sum(fact.message_tokens for fact in facts),
        sum(fact.tool_tokens for fact in facts),
        sum(fact.image_tokens for fact in facts),
        array("q", (fact.tokens for fact in facts if fact.kind != "unreadable")),
        set_facts,
    )


def _checked(
    info: FileInfo, target: str, encoding: str | None
) -> Iterator[tuple[RecordBatch, BatchResult]]:
    batches = read_batches(info.path, info)

    def job(batch: RecordBatch) -> BatchJob:
        return BatchJob(batch.lines, CheckJob(batch.texts, target, encoding))

    if info.size < SMALL_FILE:
        for batch in batches:
            yield batch, check_batch(job(batch))
        return
    waiting: list[RecordBatch] = []

    def jobs() -> Iterator[BatchJob]:
        for batch in batches:
            waiting.append(batch)
            yield job(batch)

    with WorkerPool() as pool:
        for found in pool.map_ordered(check_batch, jobs()):
            yield waiting.pop(0), found
