"""Opens a data file in the window; prints when the first rows show and how the window behaves.

Run as `python measure_import_in_window.py FILE`. The project stays in the folder of documents.
"""

import json
import sys
import time
from pathlib import Path

from memory_watch import most_of_this_process
from window_driver import StallWatch, WindowDriver


def main(file: Path) -> None:
    driver = WindowDriver()
    began = time.perf_counter()
    first_rows = driver.open(file)
    stalls = StallWatch()
    driver.wait_until(lambda: not driver.page.imports.busy)
    stored = time.perf_counter() - began
    found = stalls.stop()
    assert driver.window.desk is not None
    project = driver.window.desk.project
    examples, path = project.count(), str(project.path)
    began = time.perf_counter()
    driver.close()
    print(
        json.dumps(
            {
                "first_rows": first_rows,
                "stored": stored,
                "stalls": found,
                "closing": time.perf_counter() - began,
                "examples": examples,
                "project": path,
                "memory": most_of_this_process(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
