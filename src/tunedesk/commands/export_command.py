"""`tunedesk export`: write the examples of a project as JSONL."""

import argparse
import sys

from tunedesk.commands.progress_line import ProgressLine
from tunedesk.project.exporting import export
from tunedesk.project.project import Project
from tunedesk.project.query_language import parse_query


def run(options: argparse.Namespace) -> int:
    """Write the file, and name on stderr what was left out and why."""
    query = parse_query(options.where)
    with Project.open(options.project, read_only=True) as project:
        with ProgressLine(options.out.name) as line:
            summary = export(
                project,
                options.out,
                query,
                line.progress,
                leave_out_errors=options.without_errors,
            )
        print(f"{summary.path}: {summary.written:,} examples written")
        for reason, ids in summary.left_out_ids.items():
            numbers = [project.number_of(example_id) for example_id in ids]
            named = ", ".join(f"{number:,}" for number in numbers if number is not None)
            print(f"  left out ({reason}): examples {named}", file=sys.stderr)
    return 0
