"""Edits all examples of a project without a window; prints the seconds of each step.

Run as `python measure_bulk.py PROJECT OUT`. What has blanks around it is mended, if there is any.
The worker processes start with the first edit, and that counts.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tunedesk.project.exporting import export
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import find_and_replace, fix_all
from tunedesk.workers import WorkerPool


def main(path: Path, out: Path) -> None:
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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
