"""Check a whole file without a project: every problem with its line, and the token totals."""

import gc
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tunedesk.checks.checker import CheckJob, check_texts
from tunedesk.checks.facts import Facts
from tunedesk.checks.fixes import BY_CHOICE, can_fix
from tunedesk.checks.kinds.preference import check_pairs
from tunedesk.checks.parse_record import parse_record
from tunedesk.checks.problem import Problem, SetProblem, Severity, severity
from tunedesk.checks.set_rules import (
    SetFacts,
    alike_examples,
    check_set,
    perhaps_alike,
    whole_merges,
)
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.formats.inspect_file import FileInfo, inspect_file
from tunedesk.formats.read_records import (
    LAST,
    FileRange,
    RangeReader,
    ReadPosition,
    file_problems,
    file_ranges,
    read_batches,
)
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.progress import Progress, no_progress
from tunedesk.workers import WorkerPool


@dataclass
class CheckTotals:
    """What was found, in the order of the file.

    Attributes:
        records: What stands there, readable or not.
        unreadable: How many of them are not JSON objects.
        with_errors: How many of them have errors.
        with_problems: How many of them have errors or warnings.
        codes: By the code of a problem, how many of them have it.
        problems: All problems with the line; None for the whole file.
        fixable: The numbers of those, from 0, that have a fix, if that was asked for.
        message_tokens: The sum of the exact tokens.
        tool_tokens: The sum of the estimates for tools.
        image_tokens: The sum of the estimates for images.
        lengths: The tokens of each example.
        set_facts: What the rules for the whole set need; members are lines.
        bytes_read: How far the file has been read.
    """

    records: int = 0
    unreadable: int = 0
    with_errors: int = 0
    with_problems: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int | None, Problem]] = field(default_factory=list)
    fixable: set[int] = field(default_factory=set)
    message_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    lengths: "array[int]" = field(default_factory=lambda: array("q"))
    set_facts: SetFacts = field(default_factory=SetFacts)
    bytes_read: int = 0

    def add(
        self, batch: RecordBatch, facts: Sequence[Facts], target: str, try_fixes: bool = False
    ) -> None:
        """Take in a batch and the facts of its records.

        Args:
            batch: The batch.
            facts: What is known of each record.
            target: Whose severities count.
            try_fixes: Find out which problems have a fix.
        """
        self.records += len(facts)
        found = batch.problems.copy()
        of_file: dict[int | None, set[Severity]] = {}
        for line, problem in found:
            self.codes[problem.code] += 1
            if problem.code != "container_array":  # that is said of the file, not of its first row
                of_file.setdefault(line, set()).add(severity(problem.code, target))
        for line, fact in zip(batch.lines, facts, strict=True):
            levels = of_file.get(line, _NO_LEVELS)
            if fact.problems:
                self.codes.update({problem.code for problem in fact.problems})
                found += [(line, problem) for problem in fact.problems]
                levels = levels | {severity(problem.code, target) for problem in fact.problems}
            if levels:
                self.with_errors += "error" in levels
                self.with_problems += not levels <= {"hint"}
        found.sort(key=lambda entry: entry[0] or 0)
        if try_fixes and found:
            texts = dict(zip(batch.lines, batch.texts, strict=True))
            self.fixable.update(
                number
                for number, (line, problem) in enumerate(found, len(self.problems))
                if problem.code in FIXED_BY_WRITING
                or (
                    line is not None
                    and line in texts
                    and problem.code not in BY_CHOICE
                    and can_fix(texts[line], problem)
                )
            )
        self.problems += found
        lengths = [fact.tokens for fact in facts if fact.kind != UNREADABLE.name]
        self.unreadable += len(facts) - len(lengths)
        self.lengths.extend(lengths)
        if any(lengths):
            self.message_tokens += sum(fact.message_tokens for fact in facts)
            self.tool_tokens += sum(fact.tool_tokens for fact in facts)
            self.image_tokens += sum(fact.image_tokens for fact in facts)
        self.set_facts.add(batch.lines, facts, batch.texts)
        self.bytes_read = batch.bytes_read


_NO_LEVELS: set[Severity] = set()
_MOST_LINES = 10_000
"""Lines of one group that are named."""

SMALL_FILE = 8_000_000
"""Bytes below which starting worker processes costs more than it saves."""


FIXED_BY_WRITING = frozenset(
    {
        "encoding_guessed",
        "encoding_not_utf8",
        "byte_order_mark",
        "blank_line",
        "line_ends",
        "comma_between_rows",
        "container_array",
        "record_over_lines",
        "messages_bare",
    }
)
"""Problems of a file that are gone once its records are written one a line."""


class LineProblem(NamedTuple):
    """A problem and the line where its record begins (from 1); None for the whole set.

    Attributes:
        line: The line.
        problem: The problem.
        severity: How bad it is at the target.
        fixable: Whether it has a fix, if that was asked for.
    """

    line: int | None
    problem: Problem
    severity: Severity
    fixable: bool = False


@dataclass
class FileReport:
    """What a check of a file found.

    Attributes:
        info: The file's format, encoding and shape.
        target: Whose rules were applied.
        encoding: The token encoding; None if tokens were not counted.
        records: What stands in the file, readable or not.
        unreadable: How many of them are not JSON objects.
        with_errors: How many of them have errors.
        with_problems: How many of them have errors or warnings.
        codes: By the code of a problem, how many of them have it.
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
    with_errors: int = 0
    with_problems: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    problems: list[LineProblem] = field(default_factory=list)
    message_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    lengths: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def examples(self) -> int:
        """How many records are JSON objects."""
        return self.records - self.unreadable

    def add(self, found: CheckTotals, lines: int) -> None:
        """Take in what was found in a part of the file that begins after so many lines."""
        self.records += found.records
        self.unreadable += found.unreadable
        self.with_errors += found.with_errors
        self.with_problems += found.with_problems
        self.codes.update(found.codes)
        self.message_tokens += found.message_tokens
        self.tool_tokens += found.tool_tokens
        self.image_tokens += found.image_tokens
        self.lengths.extend(found.lengths)
        fixable, target = found.fixable, self.target
        for number, (line, problem) in enumerate(found.problems):
            if line is not None:
                line += lines
                if problem.code == "control_character_raw":
                    problem = _with_lines(problem, line)
            level = severity(problem.code, target)
            self.problems.append(LineProblem(line, problem, level, number in fixable))

    def add_set(self, problems: Iterable[SetProblem]) -> None:
        """Take in what is wrong with the set, named at the first of the lines concerned."""
        for found in problems:
            line = min(found.members, default=None)
            parameters = {**found.parameters, "lines": list(found.members[:_MOST_LINES])}
            problem = Problem(found.code, (), parameters)
            level = severity(found.code, self.target)
            self.problems.append(LineProblem(line, problem, level))

    def join_merge_markers(self) -> None:
        """Make one problem of the marks of each merge: where the two versions begin and end."""
        markers = [each for each in self.problems if each.problem.code == "merge_marker"]
        sides = [each.problem.parameters.get("reason") for each in markers]
        whole: dict[int, LineProblem | None] = {}
        for merge in whole_merges(sides):
            first, *others = (markers[number] for number in merge)
            *base, middle, last = others
            lines: dict[str, Any] = {"reason": "whole", "middle": middle.line}
            if base:
                lines |= {"reason": "whole_of_three", "base": base[0].line}
            lines |= {"first": first.line, "last": last.line}
            whole[id(first)] = first._replace(problem=first.problem._replace(parameters=lines))
            whole |= {id(each): None for each in others}
        if whole:
            told = [whole.get(id(each), each) for each in self.problems]
            self.problems = [each for each in told if each is not None]

    def count(self, level: Severity) -> int:
        """How many problems are of this severity."""
        return sum(found.severity == level for found in self.problems)


def _with_lines(problem: Problem, line: int) -> Problem:
    """A problem of raw line breaks, with the lines of the file over which its record goes."""
    breaks = problem.parameters.get("count")
    if not isinstance(breaks, int):
        return problem
    lines = {"reason": "lines", "first": line, "last": line + breaks}
    return problem._replace(parameters={**problem.parameters, **lines})


def check_file(
    path: Path,
    target: str,
    encoding: str | None,
    progress: Progress = no_progress,
    try_fixes: bool = False,
) -> FileReport:
    """Read a file to its end and name every problem.

    The records of a file that holds no examples are counted, not judged.

    Args:
        path: The file.
        target: Whose rules to apply.
        encoding: The encoding to count tokens in; None to count none.
        progress: Told bytes read and the size of the file.
        try_fixes: Find out which problems have a fix; it takes some time.

    Raises:
        UserError: The file cannot be read.
    """
    info = inspect_file(path)
    report = FileReport(info, target, encoding)
    if not info.holds_records:
        return report
    if not info.is_checked:
        _count_records(report, progress)
        return report
    whole = SetFacts()
    was_enabled = gc.isenabled()
    # Nothing here makes circles of objects, and looking for them takes a fifth of the time.
    gc.disable()
    try:
        for found, lines in _checked(info, CheckHow(target, encoding, try_fixes)):
            report.add(found, lines)
            whole.merge(found.set_facts, lines)
            progress(found.bytes_read, info.size)
    finally:
        if was_enabled:
            gc.enable()
    report.join_merge_markers()
    report.add_set(check_set(whole, target))
    wanted = frozenset(perhaps_alike(whole.members, whole.looks, whole.fingerprints))
    report.add_set(alike_examples(_records_at(info, wanted)) if wanted else ())
    pairs = frozenset(whole.pairs)
    report.add_set(check_pairs(_records_at(info, pairs)) if pairs else ())
    return report


def _records_at(info: FileInfo, lines: frozenset[int]) -> Iterator[tuple[int, bytes]]:
    """The records that begin on these lines."""
    for batch in read_batches(info.path, info):
        for line, text in zip(batch.lines, batch.texts, strict=True):
            if line in lines:
                yield line, text


def _count_records(report: FileReport, progress: Progress) -> None:
    """Count what stands in a file that is not judged."""
    info = report.info
    for batch in read_batches(info.path, info):
        objects = sum(map(_is_object, batch.texts))
        report.records += len(batch.texts)
        report.unreadable += len(batch.texts) - objects
        report.lengths.extend([0] * objects)
        progress(batch.bytes_read, info.size)


def _is_object(text: bytes) -> bool:
    # A broken file often repeats a few short lines very many times.
    return _is_short_object(text) if len(text) <= _SHORT else _parses(text)


def _parses(text: bytes) -> bool:
    if text[:1] != b"{":
        return False
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return parse_record(text).record is not None


_is_short_object = lru_cache(maxsize=1_000)(_parses)
_SHORT = 200


class CheckHow(NamedTuple):
    """How records are to be checked.

    Attributes:
        target: The name of the target.
        encoding: The encoding to count tokens in; None to count none.
        try_fixes: Whether to find out which problems have a fix.
    """

    target: str
    encoding: str | None
    try_fixes: bool = False


class BatchJob(NamedTuple):
    """Records to check.

    Attributes:
        batch: The records.
        how: How to check them.
    """

    batch: RecordBatch
    how: CheckHow


def check_batch(job: BatchJob) -> CheckTotals:
    """Check the records of a batch: for a pool of worker processes."""
    totals = CheckTotals()
    _add_checked(totals, job.batch, job.how)
    return totals


def _add_checked(totals: CheckTotals, batch: RecordBatch, how: CheckHow) -> None:
    facts = check_texts(CheckJob(batch.texts, how.target, how.encoding))
    totals.add(batch, facts, how.target, how.try_fixes)


class RangeJob(NamedTuple):
    """A part of a file to read and check.

    Attributes:
        part: The part.
        how: How to check it.
    """

    part: FileRange
    how: CheckHow


class RangeTotals(NamedTuple):
    """What was found in a part of a file.

    Attributes:
        begin: Where it was begun.
        end: Where the next part begins.
        lines: How many lines it has.
        totals: What was found; lines count from its beginning.
    """

    begin: ReadPosition
    end: ReadPosition
    lines: int
    totals: CheckTotals


def check_range(job: RangeJob) -> RangeTotals:
    """Read and check a part of a file: for a pool of worker processes."""
    begin = job.part.begin()
    reader = RangeReader(job.part.path, begin, job.part.end, job.part.block)
    totals = CheckTotals()
    for batch in reader.batches():
        _add_checked(totals, batch, job.how)
    return RangeTotals(begin, reader.reached, reader.lines, totals)


def _checked(info: FileInfo, how: CheckHow) -> Iterator[tuple[CheckTotals, int]]:
    """What was found part by part, and how many lines stand before the part."""
    if info.size < SMALL_FILE:
        for batch in read_batches(info.path, info):
            yield check_batch(BatchJob(batch, how)), 0
        return
    with WorkerPool() as pool:
        if info.encoding == "utf-8" and info.container == "jsonl":
            yield CheckTotals(problems=file_problems(info)), 0
            yield from _by_ranges(pool, info, how)
        else:
            batches = read_batches(info.path, info)
            for found in _by_batches(pool, batches, how):
                yield found, 0


def _by_batches(
    pool: WorkerPool, batches: Iterable[RecordBatch], how: CheckHow
) -> Iterator[CheckTotals]:
    """Read here, check in the workers."""
    jobs = (BatchJob(batch, how) for batch in batches)
    return pool.map_ordered(check_batch, jobs)


def _by_ranges(
    pool: WorkerPool, info: FileInfo, how: CheckHow
) -> Iterator[tuple[CheckTotals, int]]:
    """Let the workers read too, as long as each part begins where the one before it ended."""
    parts = file_ranges(info)
    reached, lines = parts[0].begin(), 0
    jobs = (RangeJob(part, how) for part in parts)
    with closing(pool.map_ordered(check_range, jobs)) as results:
        for part, found in zip(parts, results, strict=True):
            if found.begin != reached:
                break
            yield found.totals, lines
            lines += found.lines
            reached = found.end
            if part.end == LAST:
                return
    # A record goes on from one part into the next: from here on only one process reads.
    rest = RangeReader(info.path, reached, LAST, parts[0].block)
    for totals in _by_batches(pool, rest.batches(), how):
        yield totals, lines
