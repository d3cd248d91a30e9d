"""What is measured, at 100,000 and at 1,000,000 examples: each measurement gives its rows."""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from bench import HERE, Bench
from example_data import write_examples, write_long_example
from table import Row, seconds

FRAME = 0.016
STALL = 0.05
QUESTION = 0.3
MEMORY = 800_000_000


def start(bench: Bench) -> list[Row]:
    """From the start of the process to a window that can be used."""
    small = write_examples(bench.folder / "small.jsonl", 60)
    project = bench.project_of(small)
    rows = []
    for work, arguments in (("welcome page", []), ("on a small project", [project])):
        took = []
        for _time in range(bench.repeats):
            took.append(bench.measure("measure_start.py", time.time(), *arguments)["seconds"])
        best = min(took)
        rows.append(Row(f"start to a usable window, {work}", "1 s", seconds(best), best / 1.0))
    return rows


def open_file(bench: Bench) -> list[Row]:
    """Open a file in the window; import it whole, beside the plain script."""
    file = bench.file
    shown = bench.measure("measure_window.py", "import", file)
    remove_projects(bench)
    path = bench.folder / f"{file.stem}.tunedesk"
    path.unlink(missing_ok=True)
    times = max(1, bench.repeats - 1)
    bench.measure("measure_project.py", "import", file, path)  # kept for the works after this one
    stored = []
    alone = []
    for _time in range(times):
        stored.append(
            bench.measure("measure_project.py", "import", file, bench.new_project("again"))
        )
        alone.append(bench.measure("baselines.py", "tiktoken", file))
    ours = min(stored, key=lambda found: float(found["seconds"]))
    plain = min(alone, key=lambda found: float(found["seconds"]))
    if ours["tokens"] != plain["tokens"]:
        raise RuntimeError(f"Tunedesk counts {ours['tokens']} tokens, tiktoken {plain['tokens']}.")
    size = f"{bench.rows:,} examples ({file.stat().st_size / 1e6:.0f} MB)"
    first = shown["first_rows"]
    return [
        Row(f"open {size}: first rows on the screen", "1 s", seconds(first), first),
        Row(
            "the same, all stored, checked and token-counted",
            f"json + tiktoken alone: {seconds(plain['seconds'])} (CPU {plain['cpu']:.1f} s)",
            f"{seconds(ours['seconds'])} (CPU {ours['cpu'][0]:.1f} + {ours['cpu'][1]:.1f} s;"
            f" in the window {seconds(shown['stored'])})",
            ours["seconds"] / plain["seconds"],
        ),
        stall_row("importing", shown["stalls"]),
    ]


def check(bench: Bench) -> list[Row]:
    """The command without tokens, the whole process, beside Together's checker."""
    command = [sys.executable, "-m", "tunedesk", "check", "--no-tokens", bench.file]
    work = "`tunedesk check --no-tokens` on that file, the whole process"
    ours, theirs = [], []
    for _time in range(bench.repeats):
        ours.append(bench.run(*command)[1])
        if bench.together_python is not None:
            theirs.append(
                bench.run(bench.together_python, HERE / "baselines.py", "together", bench.file)
            )
    best = min(ours, key=lambda used: used.wall)
    measured = f"{seconds(best.wall)} (CPU {min(used.cpu for used in ours):.1f} s)"
    if not theirs:
        return [Row(work, "2x Together's checker (--together)", measured)]
    call = min(found["seconds"] for found, _used in theirs)
    cpu = min(found["cpu"] for found, _used in theirs)
    whole = min(used.wall for _found, used in theirs)
    target = f"2x Together's check_file: 2x {seconds(call)} (CPU {cpu:.2f} s;"
    target += f" its whole process {seconds(whole)})"
    return [Row(work, target, measured, best.wall / (2 * call))]


def typing(bench: Bench) -> list[Row]:
    """Type into an example of 4,000 tokens."""
    file = write_long_example(bench.folder / "long.jsonl", 56)
    found = bench.measure("measure_window.py", "typing", bench.project_of(file))
    measured = f"{seconds(found['work'])} (CPU; until shown {seconds(found['wall'])},"
    measured += f" of it checks {seconds(found['check'])})"
    work = f"keystroke to updated checks and tokens, {found['tokens']:,}-token example"
    return [Row(work, "16 ms of work", measured, found["work"] / FRAME)]


def table(bench: Bench) -> list[Row]:
    """Next row and scrolling."""
    return table_rows(bench.measure("measure_window.py", "table", bench.project_of(bench.file)))


def table_rows(found: dict[str, Any]) -> list[Row]:
    """The rows of what `measure_window.py table` printed."""
    names = {"next_row": "next row", "wheel": "scroll frame", "leap": "scroll frame, far away"}
    at = f"at {found['examples']:,}"
    return [
        Row(
            f"{name} {at}",
            "16 ms",
            f"{seconds(found[key]['median'])} (95 of 100 under {seconds(found[key]['most'])};"
            f" CPU {seconds(found[key]['work'])})",
            found[key]["median"] / FRAME,
        )
        for key, name in names.items()
    ]


def stalls(bench: Bench) -> list[Row]:
    """The event loop while bulk work runs."""
    project = bench.project_of(bench.file_with_blanks)
    found = bench.measure("measure_window.py", "stalls", project, bench.folder / "out.jsonl")
    return [stall_row(name, stall) for name, stall in found.items()]


def stall_row(name: str, stall: dict[str, Any]) -> Row:
    """The row of a `StallWatch`."""
    measured = f"{seconds(stall['longest'])} (CPU {seconds(stall['cpu'])} of it;"
    measured += f" {stall['over_50_ms']} over 50 ms in {stall['seconds']:.1f} s;"
    measured += f" most CPU {seconds(stall['most_cpu'])})"
    work = f"longest stall of the event loop while {name}"
    return Row(work, "50 ms", measured, stall["longest"] / STALL)


def chart(bench: Bench) -> list[Row]:
    """The loss chart of a run with as many steps as the large file has examples."""
    found = bench.best("measure_chart.py", bench.rows)
    names = {
        "redraw": ("redraw the loss chart as figures come", STALL),
        "move": ("move its crosshair", FRAME),
    }
    return [
        Row(
            f"{name}, {bench.rows:,} steps",
            f"{limit * 1000:.0f} ms",
            f"{seconds(found[key]['median'])} (CPU {seconds(found[key]['work'])})",
            found[key]["median"] / limit,
        )
        for key, (name, limit) in names.items()
    ]


def bulk(bench: Bench) -> list[Row]:
    """Find and replace, fix all, their undo, and export."""
    out = bench.folder / "out.jsonl"
    found = bench.measure("measure_project.py", "edits", bench.project_of(bench.file), out)
    same = same_bytes(bench.file, out)
    fixed = bench.measure(
        "measure_project.py", "edits", bench.project_of(bench.file_with_blanks), out
    )
    names = {
        "replace": f"find and replace in {bench.rows:,} ({found['changed']['replace']:,} changed)",
        "undo_replace": "its undo",
        "fix": f"fix all {fixed['changed']['fix']:,}",
        "undo_fix": "its undo",
        "export": f"export {bench.rows:,}",
    }
    limits = {"replace": 3.0, "undo_replace": 3.0, "export": 1.0}
    took, cpu = fixed["seconds"] | found["seconds"], fixed["cpu"] | found["cpu"]
    rows = []
    for key, name in names.items():
        limit = limits.get(key)
        measured = f"{seconds(took[key])} (CPU {cpu[key]:.1f} s without the workers)"
        target = f"{limit:.0f} s" if limit else "none set"
        rows.append(Row(name, target, measured, took[key] / limit if limit else None))
    equal = "equal" if same else "NOT EQUAL"
    rows.append(Row("rows never edited come out byte for byte", "equal", equal, 1.0 if same else 2))
    return rows


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files hold the same."""
    with one.open("rb") as first, other.open("rb") as second:
        return all(a == b for a, b in zip(first, second, strict=True))


def remove_projects(bench: Bench) -> None:
    """Remove the projects that a window made in its folder of documents."""
    for path in bench.folder.glob("home/**/*.tunedesk"):
        path.unlink()


def million(bench: Bench) -> list[Row]:
    """Open a very large file in the window, open its project again, and ask it questions."""
    file = bench.million_file
    size = f"{bench.million:,} examples ({file.stat().st_size / 1e9:.2f} GB)"
    shown, used = bench.run(sys.executable, HERE / "measure_window.py", "import", file)
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
    found, used = bench.run(sys.executable, HERE / "measure_window.py", "table", project)
    opened = found["opened"]
    rows.append(Row("opening the project again", "1 s", seconds(opened), opened))
    rows += table_rows(found)
    return rows + questions(bench, project)


def questions(bench: Bench, project: Path) -> list[Row]:
    """Filter, sort and search: the slowest of each kind, and what it was."""
    found, used = bench.run(sys.executable, HERE / "measure_window.py", "queries", project)
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
