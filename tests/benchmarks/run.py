"""Measures what Tunedesk must reach and prints the table: `python tests/benchmarks/run.py`.

Each measurement runs in a process of its own, on project files and in a window as users have them.
The data is made once and kept in the folder for temporary files. With `--against TREE` another
source tree is measured in the same run, by turns, and the table has both and the ratio; the million
rows and the training server are then measured only if `--million` or `--server` says so.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from baselines import together_python
from bench import Bench
from comparison import compare
from measurements import bulk, chart, check, million, open_file, stalls, start, table, typing
from server_measurements import server
from table import Row, markdown

MEASUREMENTS = {
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
    wanted = {"million": options.million, "server": options.server}
    chosen = options.only or [name for name in MEASUREMENTS if wanted.get(name, True)]
    if options.against:
        other, more = options.against.resolve(), passed_on(options)
        text = compare(other, chosen, more, folder_of(options), options.pairs)
    else:
        text = markdown(measured(chosen, options))
    print(text, end="")
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")


def measured(chosen: list[str], options: argparse.Namespace) -> list[Row]:
    """The rows of what was chosen; each is told on stderr as soon as it is there."""
    folder = folder_of(options)
    bench = Bench(folder, options.rows, options.million_rows, options.repeats)
    for project in folder.glob("**/*.tunedesk*"):
        project.unlink()  # of an earlier run, by an earlier Tunedesk
    if options.together:
        bench.together_python = together_python(folder / "together")
    rows: list[Row] = []
    for name in chosen:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        began = time.perf_counter()
        found = MEASUREMENTS[name](bench)
        took = time.perf_counter() - began
        print(f"{name}: measured in {took:.0f} s; load before it {load:.1f}", file=sys.stderr)
        for row in found:
            print(f"  {row.work}: {row.measured}  {row.verdict}", file=sys.stderr, flush=True)
        rows += found
    return rows


def folder_of(options: argparse.Namespace) -> Path:
    """Where the data and the projects are made."""
    return options.folder or Path(tempfile.gettempdir()) / "tunedesk-benchmark"


def options_given() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add(
        "--only",
        nargs="+",
        choices=MEASUREMENTS,
        metavar="NAME",
        help=f"of {', '.join(MEASUREMENTS)}",
    )
    add("--rows", type=int, default=100_000, help="examples of the large file")
    add("--million", action=argparse.BooleanOptionalAction, help="with 1,000,000")
    add("--million-rows", type=int, default=1_000_000, help="examples of the very large file")
    add("--repeats", type=int, default=3, help="how often what is short is done; the best counts")
    add("--server", action="store_true", help="with the training server: needs the extra local")
    add("--together", action="store_true", help="install Together's checker beside, and compare")
    add("--folder", type=Path, help="where the data is kept; among the temporary files by default")
    add("--markdown", type=Path, metavar="FILE", help="write the table there too")
    add("--against", type=Path, metavar="TREE", help="another source tree to measure beside this")
    add("--pairs", type=int, default=2, help="how often each of the two trees is measured")
    options = parser.parse_args()
    if options.million is None:
        options.million = options.against is None
    return options


def passed_on(options: argparse.Namespace) -> list[str]:
    """What each of two trees is asked to measure with."""
    rows = ["--rows", str(options.rows), "--million-rows", str(options.million_rows)]
    return [*rows, "--repeats", str(options.repeats)]


if __name__ == "__main__":
    main()
