"""Measures what Tunedesk must reach and prints the table: `python tests/benchmarks/run.py`.

Each work runs in a process of its own, on project files and in a window as users have them. The
data is made once and kept in the folder for temporary files.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from bench import Bench
from million import million
from own_together import together_python
from server_works import server
from table import Row, markdown
from works import bulk, chart, check, open_file, stalls, start, table, typing

WORKS = {
    "start": start,
    "open": open_file,
    "check": check,
    "typing": typing,
    "table": table,
    "stalls": stalls,
    "bulk": bulk,
    "chart": chart,
    "million": million,
    "server": server,
}


def main() -> None:
    """Measure what was asked for."""
    options = options_given()
    folder = options.folder or Path(tempfile.gettempdir()) / "tunedesk-benchmark"
    bench = Bench(folder, options.rows, options.million_rows, options.repeats)
    for project in folder.glob("**/*.tunedesk*"):
        project.unlink()  # of an earlier run, by an earlier Tunedesk
    if options.together:
        bench.together_python = together_python(folder / "together")
    wanted = {"million": options.million, "server": options.server}
    chosen = options.only or [name for name in WORKS if wanted.get(name, True)]
    rows: list[Row] = []
    for name in chosen:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        began = time.perf_counter()
        found = WORKS[name](bench)
        took = time.perf_counter() - began
        print(f"{name}: measured in {took:.0f} s; load before it {load:.1f}", file=sys.stderr)
        for row in found:
            print(f"  {row.work}: {row.measured}  {row.verdict}", file=sys.stderr, flush=True)
        rows += found
    text = markdown(rows)
    print(text, end="")
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")


def options_given() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", choices=WORKS, metavar="NAME", help=f"of {', '.join(WORKS)}")
    add("--rows", type=int, default=100_000, help="examples of the large file")
    add("--million", action=argparse.BooleanOptionalAction, default=True, help="with 1,000,000")
    add("--million-rows", type=int, default=1_000_000, help="examples of the very large file")
    add("--repeats", type=int, default=3, help="how often what is short is done; the best counts")
    add("--server", action="store_true", help="with the training server: needs the extra local")
    add("--together", action="store_true", help="install Together's checker beside, and compare")
    add("--folder", type=Path, help="where the data is kept; among the temporary files by default")
    add("--markdown", type=Path, metavar="FILE", help="write the table there too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
