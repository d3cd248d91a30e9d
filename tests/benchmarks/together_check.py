"""Together's own checker on a file, in an environment of its own; prints the seconds as JSON.

Run with the Python of an environment that has the package `together`.
"""

import json
import sys
import time
from pathlib import Path

from together.lib.utils.files import check_file

if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    report = check_file(Path(sys.argv[1]))
    seconds = time.perf_counter() - started
    cpu = time.process_time() - cpu
    print(json.dumps({"examples": report["num_samples"], "seconds": seconds, "cpu": cpu}))
