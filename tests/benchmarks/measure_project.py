"""Measures work on a project without a window, with worker processes; prints seconds as JSON.

Run as
    python measure_project.py import FILE PROJECT    until all is stored, checked and counted, and
                                                     until the first rows are stored
    python measure_project.py edits PROJECT OUT      find and replace, or where there is any blank
                                                     to fix fix all; its undo; export

The worker processes start with the first edit, and that counts.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tunedesk.project.exporting import export
from tunedesk.project.importing import import_file
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import find_and_replace, fix_all
from tunedesk.workers import WorkerPool


def measure_import(file: Path, path: Path) -> None:
    """Bring a file into a new project."""
    first: list[float] = []
    began = time.perf_counter()
    with Project.create(path) as project:
        with WorkerPool() as pool:
            summary = import_file(
                project, file, pool, on_first_rows=lambda: first.append(time.perf_counter())
            )
            stored = time.perf_counter() - began
        tokens = project.totals().tokens
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(
        json.dumps(
            {
                "seconds": stored,
                "first_rows": first[0] - began,
                "examples": summary.added,
                "tokens": tokens,
                "cpu": [round(use.ru_utime + use.ru_stime, 2) for use in used],
            }
        )
    )


def measure_edits(path: Path, out: Path) -> None:
    """Change all examples, and take that back."""
    took: dict[str, float] = {}
    cpu: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        began, used = time.perf_counter(), time.process_time()
        work()
        took[name] = min(time.perf_counter() - began, took.get(name, 1e9))
        cpu[name] = min(time.process_time() - used, cpu.get(name, 1e9))

    changed: dict[str, int] = {}
    with Project.open(path) as project, WorkerPool() as pool:

        def replace() -> None:
            summary = find_and_replace(project.context, pool, re.compile("never"), "at no time")
            changed["replace"] = summary.examples

        def fix() -> None:
            changed["fix"] = fix_all(project.context, pool, ["blanks_around"]).examples

        to_fix = project.count(ExampleQuery(problems=("blanks_around",)))
        for _round in range(2):
            if to_fix:
                timed("fix", fix)
                timed("undo_fix", project.undo)
            else:
                timed("replace", replace)
                timed("undo_replace", project.undo)
        for _round in range(3):
            timed("export", lambda: export(project, out))
    print(json.dumps({"seconds": took, "cpu": cpu, "changed": changed}))


if __name__ == "__main__":
    {"import": measure_import, "edits": measure_edits}[sys.argv[1]](*map(Path, sys.argv[2:]))
