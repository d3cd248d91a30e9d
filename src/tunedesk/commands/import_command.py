"""`tunedesk import`: bring data files into a project, made if it is not there."""

import argparse
import sys

from tunedesk.checks.messages.sentences import sentence
from tunedesk.commands.open_project import open_for_writing
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.project.importing import ImportSummary, import_file
from tunedesk.workers import WorkerPool


def run(options: argparse.Namespace) -> int:
    """Import the files in their order; each is one change that the window can undo."""
    with open_for_writing(options.project, make=True) as project, WorkerPool() as pool:
        for file in options.files:
            with ProgressLine(file.name) as line:
                summary = import_file(project, file, pool, line.progress)
            print(_told(summary))
            for place, problem in summary.problems:
                where = "the file" if place is None else f"line {place:,}"
                print(f"  {where}: {sentence(problem)}", file=sys.stderr)
    return 0


def _told(summary: ImportSummary) -> str:
    told = f"{summary.info.path}: {summary.added:,} rows imported"
    if summary.unreadable:
        told += f", {summary.unreadable:,} of them no JSON object"
    if summary.with_errors:
        told += f", {summary.with_errors:,} with errors"
    return told
