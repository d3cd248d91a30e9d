"""Brings a data file into a new project without a window, with worker processes.

Run as `python measure_import.py FILE PROJECT`; prints the seconds until all is stored, checked and
counted, those until the first rows are stored, and the CPU seconds of all processes.
"""

import json
import resource
import sys
import time
from pathlib import Path

from tunedesk.project.importing import import_file
from tunedesk.project.project import Project
from tunedesk.workers import WorkerPool


def main(file: Path, path: Path) -> None:
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
