"""`tunedesk import`, `export`, `merge` and `rescue`: what goes into a project and out of it."""

import argparse
import json
import sys
from pathlib import Path

from tunedesk.checks.messages.sentences import sentence
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.formats.writers.jsonl import is_stream
from tunedesk.i18n import ngettext
from tunedesk.project.exporting import export
from tunedesk.project.importing import ImportSummary, import_file
from tunedesk.project.merging import MergeConflict, merge
from tunedesk.project.project import Project
from tunedesk.project.query_language import parse_query
from tunedesk.project.rescue import rescue
from tunedesk.project.undo import MOST_TOLD_APART, interrupted_sentence, interrupted_summary
from tunedesk.workers import WorkerPool


def open_for_writing(path: Path, make: bool = False) -> Project:
    """Open a project to change it.

    Args:
        path: The project file.
        make: Make it if it is not there.

    Raises:
        UserError: It is not there, damaged, or open elsewhere.
    """
    if make and not path.exists():
        return Project.create(path)
    with ProgressLine(path.name) as line:
        project = Project.open(path, progress=line.progress)
    if project.read_only:
        holder = project.held_by
        project.close()
        if holder is None:
            raise UserError(
                f"“{path.name}” can only be read here.",
                "Copy it to a folder that you can write to, and name the copy.",
            )
        who = f" by {holder.user} on {holder.machine}" if holder.user else ""
        raise UserError(
            f"“{path.name}” is open elsewhere{who}.",
            "Close it there and run the command again.",
        )
    if len(project.interrupted) > MOST_TOLD_APART:
        print(interrupted_summary(project.interrupted), file=sys.stderr)
    else:
        for step in project.interrupted:
            print(interrupted_sentence(step), file=sys.stderr)
    return project


def run_import(options: argparse.Namespace) -> int:
    """Import the files in their order; each is one change that the window can undo."""
    with open_for_writing(options.project, make=True) as project, WorkerPool() as pool:
        for file in options.files:
            with ProgressLine(file.name) as line:
                summary = import_file(project, file, pool, line.progress, mapping=options.map)
            print(_told(summary))
            for place, problem in summary.problems:
                row = "row" if summary.info.is_table else "line"
                where = "the file" if place is None else f"{row} {place:,}"
                print(f"  {where}: {sentence(problem)}", file=sys.stderr)
            if summary.failure is not None:
                raise summary.failure
    return 0


def _told(summary: ImportSummary) -> str:
    """One line: the file, how many rows came in, and how many of those are not right.

    The numbers are those that `check` and the window name.
    """
    file, added = summary.info.path, summary.added
    parts = [ngettext("{n} row imported", "{n} rows imported", added).format(n=f"{added:,}")]
    if summary.unreadable:
        parts.append(f"{summary.unreadable:,} of them not a JSON object")
    if summary.with_problems:
        parts.append(f"{summary.with_problems:,} with problems")
    if summary.with_errors:
        parts.append(f"{summary.with_errors:,} with errors")
    return f"{file}: {', '.join(parts)}"


def run_export(options: argparse.Namespace) -> int:
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
        written = ngettext("{n} example written", "{n} examples written", summary.written)
        said = f"{summary.path}: {written.format(n=f'{summary.written:,}')}"
        # Where the examples go to a pipe, they have it for themselves.
        print(said, file=sys.stderr if is_stream(options.out) else None)
        rejected = project.totals(query).by_state.get("rejected", 0)
        if rejected and not query.states:
            note = ngettext(
                "{n} of them is rejected; --where leaves it out, such as --where state:approved",
                "{n} of them are rejected; --where leaves them out, such as --where state:approved",
                rejected,
            )
            print(f"  {note.format(n=f'{rejected:,}')}", file=sys.stderr)
        for reason, ids in summary.left_out_ids.items():
            numbers = [project.number_of(example_id) for example_id in ids]
            named = ", ".join(f"{number:,}" for number in numbers if number is not None)
            print(f"  left out ({reason}): examples {named}", file=sys.stderr)
    return 0


def run_merge(options: argparse.Namespace) -> int:
    """Bring in what was done in the copy, and name on stderr what both had changed."""
    with (
        open_for_writing(options.project) as project,
        Project.open(options.copy, read_only=True) as copy,
    ):
        summary = merge(project.context, copy.context)
        parts = [
            ngettext("{n} row added", "{n} rows added", summary.added),
            ngettext("{n} row changed", "{n} rows changed", summary.changed),
            ngettext("{n} row deleted", "{n} rows deleted", summary.deleted),
        ]
        counts = (summary.added, summary.changed, summary.deleted)
        told = ", ".join(
            part.format(n=f"{count:,}") for part, count in zip(parts, counts, strict=True)
        )
        print(f"{options.copy}: {told}")
        for wanted, name in summary.renamed.items():
            print(f"  “{wanted}” is called “{name}” here: the name was taken", file=sys.stderr)
        for conflict in summary.conflicts:
            print(f"  {_conflict(project, conflict)}", file=sys.stderr)
    return 0


_CONFLICTS = {
    "version_id": "its text was changed in both",
    "state": "its state was changed in both",
    "tag_set": "its tags were changed in both",
    "position": "it was moved in both",
    "deleted": "one deleted it, the other went on with it",
}


def _conflict(project: Project, conflict: MergeConflict) -> str:
    """What both copies changed, and that it stays as it is here."""
    store = project.context.store
    row_id = store.value(f"SELECT id FROM {conflict.table} WHERE uid = ?", (conflict.uid,))
    number = project.number_of(int(row_id)) if conflict.table == "example" else None
    if number is not None:
        named = f"example {number:,}"
    elif conflict.table == "example":
        named = "a deleted example"
    else:
        name = store.value(f"SELECT name FROM {conflict.table} WHERE id = ?", (row_id,))
        named = f"the {conflict.table} “{name}”"
    what = _CONFLICTS.get(conflict.column, f"its {conflict.column} was changed in both")
    return f"{named}: {what}; it stays as it is here"


def run_rescue(options: argparse.Namespace) -> int:
    """Write the new project, and name on stderr what could not be read."""
    with ProgressLine(options.file.name) as line:
        report = rescue(options.file, options.output, line.progress)
    if options.json:
        told = {
            "output": str(report.path),
            "examples": report.examples,
            "runs": report.runs,
            "presets": report.presets,
            "lost_examples": report.lost_examples,
            "pages": report.pages,
            "damaged_pages": report.damaged_pages,
            "not_read": report.lines,
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(
            f"{report.path}: {report.examples:,} examples, {report.runs:,} runs and"
            f" {report.presets:,} presets rescued, {report.lost_examples:,} examples lost"
        )
    for lost in report.lines:
        print(f"  {lost}", file=sys.stderr)
    return 1 if report.lines else 0
