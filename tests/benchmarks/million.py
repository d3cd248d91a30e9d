"""The work of the benchmark at 1,000,000 examples."""

import shutil
import sys
from pathlib import Path

from bench import HERE, Bench
from table import Row, seconds
from works import remove_projects, stall_row, table_rows

QUESTION = 0.3
MEMORY = 800_000_000


def million(bench: Bench) -> list[Row]:
    """Open a very large file in the window, open its project again, and ask it questions."""
    file = bench.million_file
    size = f"{bench.million:,} examples ({file.stat().st_size / 1e9:.2f} GB)"
    shown, used = bench.run(sys.executable, HERE / "measure_import_in_window.py", file)
    project = bench.new_project("million")
    shutil.move(Path(shown["project"]), project)
    remove_projects(bench)
    first = shown["first_rows"]
    rows = [Row(f"open {size}: first rows", "2 s", seconds(first), first / 2)]
    stored = f"{seconds(shown['stored'])}; closing {seconds(shown['closing'])}"
    rows.append(Row("the same, all stored, checked and token-counted in the window", "", stored))
    for name, memory in (("the window", shown["memory"]), ("with its workers", used.memory)):
        rows.append(
            Row(
                f"memory throughout, {name}",
                "800 MB",
                f"{memory / 1e6:.0f} MB" if memory else "not told by this system",
                memory / MEMORY if memory else None,
            )
        )
    rows.append(stall_row(f"importing {bench.million:,}", shown["stalls"]))
    found, used = bench.run(sys.executable, HERE / "measure_table.py", project)
    opened = found["opened"]
    rows.append(Row("opening the project again", "1 s", seconds(opened), opened))
    rows += table_rows(found)
    return rows + questions(bench, project)


def questions(bench: Bench, project: Path) -> list[Row]:
    """Filter, sort and search: the slowest of each kind, and what it was."""
    found, used = bench.run(sys.executable, HERE / "measure_queries.py", project)
    rows = []
    asked = {name: first for name, (first, _all, _count) in found["queries"].items()}
    for kind in ("filter", "sort", "search"):
        took = {name: first for name, first in asked.items() if name.startswith(kind)}
        slowest = max(took, key=lambda name: took[name])
        others = sorted(took.values())
        measured = f"{seconds(took[slowest])} ({slowest.removeprefix(kind + ': ')};"
        measured += f" median of {len(took)}: {seconds(others[len(others) // 2])})"
        work = f"{kind} at {bench.million:,}: slowest to the first rows"
        rows.append(Row(work, "300 ms", measured, took[slowest] / QUESTION))
    memory = f"{used.memory / 1e6:.0f} MB"
    rows.append(Row("memory meanwhile", "800 MB", memory, used.memory / MEMORY))
    return rows
