"""`tunedesk check`, `fix` and `tokens`: what can be done with a data file without a project."""

import argparse
import datetime
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tunedesk.catalogue.cost import cut_at_limit, estimate
from tunedesk.catalogue.models import Catalogue, HostedModel, default_model
from tunedesk.catalogue.targets import DEFAULT_TARGET, THIS_COMPUTER, target
from tunedesk.catalogue.token_encodings import (
    DEFAULT_ENCODING,
    encoding_names,
    is_encoding,
    model_encoding,
)
from tunedesk.checks.fixes import BY_CHOICE, FixedText, FixJob, fix_texts, fixable
from tunedesk.checks.messages.sentences import sentence, title
from tunedesk.checks.parse_record import parse_record
from tunedesk.checks.problem import codes
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.examples.json_text import to_pointer
from tunedesk.formats.check_file import FIXED_BY_WRITING, FileReport, LineProblem, check_file
from tunedesk.formats.inspect_file import describe, inspect_file
from tunedesk.formats.read_records import join_single_messages, read_batches
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.writers.jsonl import RecordWriter
from tunedesk.workers import WorkerPool

SHOWN_ALIKE = 20
"""Problems of one rule that are printed for people; --json prints all."""


def run_check(options: argparse.Namespace) -> int:
    """Check the files one after another; the worst of their exit statuses."""
    target(options.target)
    encoding = None if options.no_tokens else _usual_encoding(options.target)
    return max(_check(file, options.target, encoding, options.json) for file in options.files)


def _usual_encoding(target_name: str) -> str:
    """The encoding that a new project with that target counts by."""
    own = model_encoding(default_model(target_name)) if target_name == THIS_COMPUTER else None
    return DEFAULT_ENCODING if own is None else own.name


def _check(file: Path, target_name: str, encoding: str | None, as_json: bool) -> int:
    try:
        with ProgressLine(file.name) as line:
            report = check_file(file, target_name, encoding, line.progress, try_fixes=as_json)
    except UserError as error:
        if as_json:
            print(json.dumps({"file": str(file), "error": str(error)}, ensure_ascii=False))
        print(f"tunedesk: {error}", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps(as_object(report), ensure_ascii=False))
    else:
        print_report(report)
    if not report.info.is_checked:
        print(f"tunedesk: {describe(report.info)}", file=sys.stderr)
        return 2
    return 1 if report.count("error") else 0


def as_object(report: FileReport) -> dict[str, Any]:
    """The report as `--json` prints it."""
    return {
        "file": str(report.info.path),
        "format": report.info.format,
        "encoding": report.info.encoding,
        "records": report.records,
        "examples": report.examples,
        "unreadable": report.unreadable,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "hints": report.count("hint"),
        "with_errors": report.with_errors,
        "with_problems": report.with_problems,
        "tokens": None
        if report.encoding is None
        else {
            "encoding": report.encoding,
            "messages": report.message_tokens,
            "tools": report.tool_tokens,
            "images": report.image_tokens,
            "max": max(report.lengths, default=0),
        },
        "issues": [
            {
                "line": found.line,
                "code": found.problem.code,
                "severity": found.severity,
                "path": to_pointer(found.problem.path),
                "message": sentence(found.problem),
                "fixable": found.fixable,
                **_lines_of(found),
            }
            for found in report.problems
        ],
    }


def print_report(report: FileReport) -> None:
    """Print the report for people."""
    info = report.info
    examples = _counted(report.examples, "example", "examples")
    print(f"{info.path}: {info.format}, {info.encoding}, {examples}")
    in_every_row = _in_every_row(report)
    differing = _said_differently(report, in_every_row)
    shown: Counter[str] = Counter()
    for found in report.problems:
        code = found.problem.code
        shown[code] += 1
        if code in in_every_row:
            if shown[code] == 1:
                rows = f"all {report.records:,} rows"
                said = sentence(found.problem)
                if code in differing:
                    said = f"{title(code)}; the first: {said}"
                print(f"  {rows:>12}  {found.severity:<7}  {said}")
        elif shown[code] <= SHOWN_ALIKE:
            said = f"{sentence(found.problem)}{_named_lines(found)}"
            print(f"  {_location_text(found):>12}  {found.severity:<7}  {said}")
    for code, number in shown.items():
        if number > SHOWN_ALIKE and code not in in_every_row:
            print(f"  {'':>12}  ... and {number - SHOWN_ALIKE:,} more {code} (--json names them)")
    counts = ", ".join(
        (
            _counted(report.count("error"), "error", "errors"),
            _counted(report.count("warning"), "warning", "warnings"),
            _counted(report.count("hint"), "hint", "hints"),
        )
    )
    if report.unreadable:
        counts += ", " + _counted(report.unreadable, "unreadable record", "unreadable records")
    if report.encoding is not None:
        counts += f"; {report.message_tokens:,} tokens in messages ({report.encoding})"
        estimates = report.tool_tokens + report.image_tokens
        if estimates:
            counts += f", about {estimates:,} more in tools and images"
    print(f"  {counts}")
    if report.with_problems:
        share = f"{report.with_problems:,} of {_counted(report.records, 'row', 'rows')}"
        print(f"  {share} with problems, {report.with_errors:,} with errors")


def _lines_of(found: LineProblem) -> dict[str, list[int]]:
    """The lines of a problem that several examples have together."""
    lines = found.problem.parameters.get("lines")
    return {"lines": lines} if lines else {}


def _named_lines(found: LineProblem) -> str:
    """The same in words: " (lines 1, 4 and 7)"; empty for a problem of one line."""
    lines = _lines_of(found).get("lines", [])
    if len(set(lines)) < 2:
        return ""  # all rows stand in one line
    named = [f"{line:,}" for line in lines[:_MOST_LINES_NAMED]]
    rest = len(lines) - len(named)
    last = f"{rest:,} more" if rest else named.pop()
    return f" (lines {', '.join(named)} and {last})"


_MOST_LINES_NAMED = 12
_FEW_ROWS = 3


def _in_every_row(report: FileReport) -> set[str]:
    """The codes of problems that every row has: they are told once."""
    if report.records <= _FEW_ROWS:
        return set()
    return {code for code, rows in report.codes.items() if rows == report.records}


def _said_differently(report: FileReport, told_once: set[str]) -> set[str]:
    """The codes told once whose problems do not all name the same."""
    named: dict[str, dict[str, Any]] = {}
    differing: set[str] = set()
    for found in report.problems:
        code = found.problem.code
        if code in told_once and named.setdefault(code, found.problem.parameters) != (
            found.problem.parameters
        ):
            differing.add(code)
    return differing


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _location_text(found: LineProblem) -> str:
    return "whole file" if found.line is None else f"line {found.line:,}"


def run_fix(options: argparse.Namespace) -> int:
    """Write every record, fixed where a rule has a safe fix; nothing is left out."""
    rules = frozenset(options.rule) or None
    unknown = [code for code in options.rule if code not in codes() or not fixable(code)]
    if unknown:
        raise UserError(
            f"There is no fix for “{unknown[0]}”.",
            f"Rules with a fix: {', '.join(code for code in codes() if fixable(code))}.",
        )
    if BY_CHOICE.issubset(rules or ()):
        raise UserError(
            f"{' and '.join(sorted(BY_CHOICE))} undo each other.", "Choose one of the two."
        )
    info = inspect_file(options.file)
    if info.is_empty or not info.is_checked:
        raise UserError(describe(info))
    waiting: list[RecordBatch] = []
    put_right: Counter[str] = Counter()

    def jobs() -> Iterator[FixJob]:
        for batch in join_single_messages(read_batches(options.file, info), info):
            _refuse_what_is_left_out(batch)
            waiting.append(batch)
            put_right.update(
                problem.code for _line, problem in batch.problems if problem.code in PUT_RIGHT
            )
            yield FixJob(batch.texts, rules, pictures=options.pictures)

    if options.pictures is not None and not options.pictures.is_dir():
        raise UserError(f"“{options.pictures}” is not a folder.")
    changed = fixes = errors = embedded = 0
    missing: dict[str, None] = {}
    with (
        ProgressLine(options.file.name) as line,
        WorkerPool() as pool,
        RecordWriter(options.out) as writer,
    ):
        for results in pool.map_ordered(fix_texts, jobs()):
            batch = waiting.pop(0)
            put_right["blank_line"] -= _write_fixed(writer, batch, results)
            changed += sum(fixed.fixes > 0 for fixed in results)
            fixes += sum(fixed.fixes for fixed in results)
            errors += sum(fixed.errors for fixed in results)
            embedded += sum(fixed.embedded for fixed in results)
            for fixed in results:
                missing.update(dict.fromkeys(fixed.missing))
            line.progress(batch.bytes_read, info.size)
    said = _counted(writer.records, "record", "records")
    if fixes or not +put_right:
        said += f", {_counted(fixes, 'fix', 'fixes')} in {changed:,} of them"
    # Where the records go to a pipe, they have it for themselves.
    print(f"{options.out}: {said}", file=sys.stderr if writer.is_stream else None)
    if options.pictures is not None:
        print(
            f"  {_counted(embedded, 'picture', 'pictures')} embedded",
            file=sys.stderr if writer.is_stream else None,
        )
    if missing:
        names = ", ".join(list(missing)[:_MOST_NAMED]) + (
            " ..." if len(missing) > _MOST_NAMED else ""
        )
        print(
            f"  {_counted(len(missing), 'picture', 'pictures')} not found: {names}", file=sys.stderr
        )
    put_right = +put_right
    for code, number in put_right.items():
        times = f"  {_counted(number, 'time', 'times')} in the file: {title(code)}"
        print(times, file=sys.stderr if writer.is_stream else None)
    if fixes == 0 and not put_right and errors == 0 and not embedded:
        print("  nothing was to be fixed; the file is a copy", file=sys.stderr)
    elif errors:
        remain = f"{_counted(errors, 'error remains', 'errors remain')}"
        did_nothing = fixes == 0 and not put_right and not embedded
        nothing = "nothing could be fixed, " if did_nothing else ""
        print(f"  {nothing}{remain}", file=sys.stderr)
    return 0


_MOST_NAMED = 5


def _refuse_what_is_left_out(batch: RecordBatch) -> None:
    for line, problem in batch.problems:
        if problem.code == "record_too_long":
            raise UserError(f"Line {line:,}: {sentence(problem)}", "Nothing was written.")


def _write_fixed(writer: RecordWriter, batch: RecordBatch, results: Sequence[FixedText]) -> int:
    """Write the records of a batch; what could not be read keeps its lines and blank lines.

    A blank line between good rows is left out. Beside a row that nobody could read it may be a
    part of that row's text.

    Returns:
        How many blank lines were written.
    """
    blank = {line for line, problem in batch.problems if problem.code == "blank_line"}
    broken = [fixed.errors > 0 and not _is_json(fixed.text) for fixed in results]
    if not any(broken):
        writer.write_all(fixed.text for fixed in results)
        return 0
    kept = 0
    for number, (line, fixed) in enumerate(zip(batch.lines, results, strict=True)):
        if not broken[number]:
            writer.write(fixed.text)
        else:
            writer.write_lines(fixed.text)
        beside = broken[number] or broken[number + 1 : number + 2] == [True]
        after = line + batch.texts[number].count(b"\n") + 1
        while beside and after in blank:
            writer.write_blank_line()
            kept += 1
            after += 1
    return kept


def _is_json(text: bytes) -> bool:
    return parse_record(text).record is not None


PUT_RIGHT = FIXED_BY_WRITING | {"single_message"}
"""Problems of a file that its fixed copy has no more."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def run_tokens(options: argparse.Namespace) -> int:
    """Count and print; 2 for a file that is not in the chat format."""
    catalogue = Catalogue.load()
    model = catalogue.find(options.model) if options.model else None
    encoding = options.encoding or DEFAULT_ENCODING
    if options.model:
        encoding = catalogue.encoding_of(options.model)
    if not is_encoding(encoding):
        raise UserError(
            f"There is no encoding named “{encoding}”.",
            f"Choose one of these: {', '.join(encoding_names())}.",
        )
    with ProgressLine(options.file.name) as line:
        report = check_file(options.file, DEFAULT_TARGET, encoding, progress=line.progress)
    if not report.info.is_checked:
        raise UserError(describe(report.info))
    local = None if model is not None else catalogue.find_local(encoding.partition("@")[0])
    usual = target(DEFAULT_TARGET).token_limit if local is None else local.context
    limit = usual if model is None else model.token_limit
    found: dict[str, Any] = {
        "file": str(options.file),
        "encoding": encoding,
        "examples": report.examples,
        "tokens": report.message_tokens + report.tool_tokens + report.image_tokens,
        "messages": report.message_tokens,
        "tools_estimate": report.tool_tokens,
        "images_estimate": report.image_tokens,
        "per_example": quantiles(report.lengths),
        "limit": limit,
        "over_limit": [row for row, length in enumerate(report.lengths, 1) if length > limit],
        "cost_estimate": _cost(report.lengths, limit, model, catalogue),
    }
    print(json.dumps(found, ensure_ascii=False) if options.json else _tokens_text(found))
    return 0


def quantiles(lengths: Sequence[int]) -> dict[str, int | float]:
    """Least, mean, most and the quantiles by the nearest rank; empty for no lengths."""
    if not lengths:
        return {}
    ordered = sorted(lengths)
    last = len(ordered) - 1
    by_rank: dict[str, int | float] = {
        f"p{round(share * 100)}": ordered[round(share * last)] for share in QUANTILES
    }
    mean = round(sum(ordered) / len(ordered), 1)
    return {"min": ordered[0], **by_rank, "max": ordered[-1], "mean": mean}


def _cost(
    lengths: Sequence[int], limit: int, model: HostedModel | None, catalogue: Catalogue
) -> dict[str, Any]:
    trained = cut_at_limit(lengths, limit)
    found = estimate(trained.examples, trained.tokens, DEFAULT_TARGET, model)
    cost: dict[str, Any] = {"epochs": found.epochs, "billable_tokens": found.billable_tokens}
    if model is not None:
        cost["model"] = model.id
        cost["shutdown_date"] = model.shutdown_date and model.shutdown_date.isoformat()
    if found.price is not None:
        cost["price"] = round(found.price, 4)
        cost["currency"] = catalogue.currency
        cost["price_date"] = catalogue.price_date.isoformat()
    return cost


def _tokens_text(found: dict[str, Any]) -> str:
    about = "about " if found["tools_estimate"] + found["images_estimate"] else ""
    lines = [
        (
            f"{found['file']}: {found['examples']:,} examples, {about}{found['tokens']:,} tokens "
            f"({found['encoding']})"
        ),
        (
            f"  messages {found['messages']:,} exact; tools {found['tools_estimate']:,} and "
            f"images {found['images_estimate']:,} estimated"
        ),
    ]
    spread = ", ".join(f"{name} {value:,}" for name, value in found["per_example"].items())
    estimated = ", with the estimates" if about else ""
    lines.append(f"  per example{estimated}: {spread or 'none'}")
    over = found["over_limit"]
    named = ", ".join(map(str, over[:20])) + (", ..." if len(over) > 20 else "")
    lines.append(
        f"  over the limit of {found['limit']:,} tokens: {len(over):,}"
        + (f" (examples {named})" if over else "")
    )
    cost = found["cost_estimate"]
    lines.append(
        f"  epochs by default {cost['epochs']}, billable tokens {about}{cost['billable_tokens']:,}"
    )
    if "price" in cost:
        lines.append(
            f"  training {cost['model']}: about {cost['price']:,.2f} {cost['currency']} "
            f"(prices of {cost['price_date']})"
        )
    if cost.get("shutdown_date"):
        ended = datetime.date.fromisoformat(cost["shutdown_date"]) <= datetime.date.today()
        lines.append(f"  {cost['model']} {'ended' if ended else 'ends'} on {cost['shutdown_date']}")
    return "\n".join(lines)
