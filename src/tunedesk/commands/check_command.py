"""`tunedesk check`: name every problem of data files, and count their tokens."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tunedesk.checks.encodings import DEFAULT_ENCODING
from tunedesk.checks.fixes import fixable
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.targets import target
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.examples.json_text import to_pointer
from tunedesk.formats.check_file import FileReport, LineProblem, check_file
from tunedesk.formats.inspect_file import describe

SHOWN_ALIKE = 20
"""Problems of one rule that are printed for people; --json prints all."""


def run(options: argparse.Namespace) -> int:
    """Check the files one after another; the worst of their exit statuses."""
    target(options.target)
    encoding = None if options.no_tokens else DEFAULT_ENCODING
    return max(_check(file, options.target, encoding, options.json) for file in options.files)


def _check(file: Path, target_name: str, encoding: str | None, as_json: bool) -> int:
    try:
        with ProgressLine(file.name) as line:
            report = check_file(file, target_name, encoding, progress=line.progress)
    except UserError as error:
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
                "fixable": fixable(found.problem.code),
            }
            for found in report.problems
        ],
    }


def print_report(report: FileReport) -> None:
    """Print the report for people."""
    info = report.info
    print(f"{info.path}: {info.format}, {info.encoding}, {report.examples:,} examples")
    shown: Counter[str] = Counter()
    for found in report.problems:
        shown[found.problem.code] += 1
        if shown[found.problem.code] <= SHOWN_ALIKE:
            print(f"  {_place(found):>12}  {found.severity:<7}  {sentence(found.problem)}")
    for code, number in shown.items():
        if number > SHOWN_ALIKE:
            print(f"  {'':>12}  ... and {number - SHOWN_ALIKE:,} more {code} (--json names them)")
    counts = f"{report.count('error'):,} errors, {report.count('warning'):,} warnings, "
    counts += f"{report.count('hint'):,} hints"
    if report.unreadable:
        counts += f", {report.unreadable:,} unreadable records"
    if report.encoding is not None:
        counts += f"; {report.message_tokens:,} tokens in messages ({report.encoding})"
        estimates = report.tool_tokens + report.image_tokens
        if estimates:
            counts += f", about {estimates:,} more in tools and images"
    print(f"  {counts}")


def _place(found: LineProblem) -> str:
    return "whole file" if found.line is None else f"line {found.line:,}"
