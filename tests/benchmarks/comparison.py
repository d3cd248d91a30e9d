"""Measures two source trees in one run, by turns, and lays their rows beside each other.

Each tree is measured by its own `tests/benchmarks/run.py` in a process of its own, so that what the
modules are called there does not matter; rows are matched by their names.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from table import aligned, seconds

HERE = Path(__file__).resolve().parents[2]
NOISE = 1.05
"""Up to this ratio a row counts as unchanged."""
UNITS = {"ms": 0.001, "s": 1.0, "MB": 1.0, "GB": 1000.0}
FIGURE = re.compile(r"([\d.,]+) (ms|s|MB|GB)\b")
RUN = """
import runpy, sys
from pathlib import Path
sys.argv = sys.argv[1:]
sys.path.insert(0, str(Path(sys.argv[0]).parent))
import table
table.seconds = lambda value: f"{value * 1000:.2f} ms"  # more digits than people want
runpy.run_path(sys.argv[0], run_name="__main__")
"""

Key = tuple[str, int]
"""The name of a row, and the how manieth of this name it is: there are two undos."""


def compare(
    other: Path, names: Sequence[str], options: Sequence[str], folder: Path, pairs: int
) -> str:
    """Measure another tree and this one by turns; the table with both, the best of each.

    Args:
        other: The root of the other tree.
        names: What to measure, in the words of `run.py --only`.
        options: What else to say to `run.py`.
        folder: Where each tree's data and projects are made.
        pairs: How often each tree is measured.
    """
    found: dict[Path, dict[Key, str]] = {other: {}, HERE: {}}
    for name in names:
        for number in range(pairs):
            # The order turns, so that what grows warm or busy meanwhile falls on both.
            for tree in (other, HERE) if number % 2 == 0 else (HERE, other):
                own = folder / ("this" if tree == HERE else "other")
                rows = _rows(tree, [*options, "--only", name, "--folder", str(own)])
                found[tree] |= {
                    key: _better(found[tree].get(key), measured) for key, measured in rows
                }
    return comparison(found[other], found[HERE])


def comparison(before: dict[Key, str], after: dict[Key, str]) -> str:
    """The table of two sets of rows; a row that one of them lacks has a dash there."""
    lines = []
    for key in [*before, *(key for key in after if key not in before)]:
        one, two = before.get(key, "-"), after.get(key, "-")
        figure_before, figure_after = _figure(one), _figure(two)
        ratio = ""
        if figure_before and figure_after is not None:
            share = figure_after / figure_before
            ratio = f"{share:.2f}" + (" SLOWER" if share > NOISE else "")
        elif one != two:
            ratio = "DIFFERS"
        lines.append((key[0], _short(one), _short(two), ratio))
    return aligned([("work", "other tree", "this tree", "this / other"), *lines])


def _rows(tree: Path, options: Sequence[str]) -> Iterable[tuple[Key, str]]:
    """Run a tree's benchmark; the names of its rows and what was measured."""
    script = tree / "tests" / "benchmarks" / "run.py"
    command = [sys.executable, "-c", RUN, str(script), *options]
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    done = subprocess.run(
        command, env=environment, cwd=tree, stdout=subprocess.PIPE, encoding="utf-8", check=False
    )
    if done.returncode:
        # The rest is measured all the same; what went wrong stands on stderr.
        print(f"{tree}: {' '.join(options)} FAILED", file=sys.stderr)
        yield (f"{options[-3]}: FAILED", 1), "failed"
        return
    seen: dict[str, int] = {}
    for line in done.stdout.splitlines()[2:]:
        work, _target, measured, _verdict = map(str.strip, line.strip("|").split(" | "))
        seen[work] = seen.get(work, 0) + 1
        yield (work, seen[work]), measured


def _better(one: str | None, two: str) -> str:
    """The smaller of two measured cells; the later one where there is nothing to compare."""
    first, second = _figure(one or ""), _figure(two)
    if one is None or first is None or second is None:
        return two
    return one if first < second else two


def _figure(measured: str) -> float | None:
    """The first figure: seconds, or megabytes; None where there is none."""
    found = FIGURE.match(measured)
    return float(found[1].replace(",", "")) * UNITS[found[2]] if found else None


def _short(measured: str) -> str:
    """A measured cell without what stands in brackets, in as many digits as people want."""
    found = FIGURE.match(measured)
    if found is None:
        return measured
    return seconds(float(found[1].replace(",", "")) / 1000) if found[2] == "ms" else found[0]
