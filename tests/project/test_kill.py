"""A writing process is killed again and again: the project opens whole, with all it was given."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.project.made_examples import add, example_text

from tunedesk.project.project import Project

TYPING = """
import sys, time
from pathlib import Path
from tests.project.made_examples import example_text, facts_of
from tunedesk.project.project import Project

with Project.open(Path(sys.argv[1])) as project:
    example = project.ids()[0]
    number = int(project.text(example)[43:-4])
    while True:
        number += 1
        text = example_text(str(number))
        project.set_text(example, text, facts_of(text), "Edit message 1", "field")
        print(number, flush=True)
        time.sleep(0.002)
"""

BULK = """
import sys
from pathlib import Path
from tests.project.made_examples import new_example
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery

with Project.open(Path(sys.argv[1])) as project:
    print("open", flush=True)
    while True:
        project.add_examples([new_example(str(number)) for number in range(1200)])
        project.set_state(ExampleQuery(), "approved")
        project.add_tag(ExampleQuery(), "law")
        project.undo()
        project.undo()
        project.undo()
"""

IMPORT = """
import sys
from pathlib import Path
from tunedesk.project.importing import import_file
from tunedesk.project.project import Project

with Project.open(Path(sys.argv[1])) as project:
    print("open", flush=True)
    import_file(project, Path(sys.argv[2]), on_first_rows=lambda: print("first", flush=True))
    print("done", flush=True)
"""


def run_and_kill(script: str, arguments: list[Path], until: str, after: float) -> list[str]:
    """Start a script, wait for a line, kill it some time later; returns the lines it wrote."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if until in line or not until:
            break
    time.sleep(after)
    process.kill()
    lines += [line.strip() for line in process.stdout]
    process.stdout.close()
    process.wait()
    return lines


def check_whole(project: Project) -> None:
    assert not project.read_only
    assert project.find_damage(thorough=True) == []
    assert project.context.store.value("SELECT count(*) FROM change WHERE incomplete") == 0


def test_typing_survives_kill(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        example = add(project, "0")
    chance = random.Random(1)
    for _round in range(5):
        lines = run_and_kill(TYPING, [path], "", chance.uniform(0.0, 0.15))
        with Project.open(path) as project:
            check_whole(project)
            found = int(project.text(example)[43:-4])
            # What was told to be written is there; the one under way may be there too.
            assert int(lines[-1]) <= found <= int(lines[-1]) + 1
            assert project.undo_name() == "Edit message 1"


def test_bulk_work_survives_kill(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        add(project, "0")
    chance = random.Random(2)
    interrupted = []
    for _round in range(5):
        run_and_kill(BULK, [path], "open", chance.uniform(0.0, 0.4))
        with Project.open(path) as project:
            check_whole(project)
            interrupted += project.interrupted
            # All of a step or nothing of it.
            assert (project.count() - 1) % 1200 == 0
            totals = project.totals()
            assert totals.by_state["approved"] in (0, totals.count)
            assert [tag.examples for tag in project.tags()] in ([], [totals.count])
            while project.undo():
                pass
            assert project.count() == 0
            while project.redo():
                pass
            assert project.count() in (1, 1201)
            while project.count() > 1:
                project.undo()
    assert all("1,20" in name for name in interrupted)


def test_a_killed_import_keeps_what_came(tmp_path):
    data = tmp_path / "data.jsonl"
    data.write_text("".join(example_text(f"word {n}") + "\n" for n in range(30_000)))
    chance = random.Random(3)
    kept = []
    for number in range(4):
        path = tmp_path / f"Test{number}.tunedesk"
        Project.create(path).close()
        run_and_kill(IMPORT, [path, data], "first", chance.uniform(0.0, 0.25))
        with Project.open(path) as project:
            check_whole(project)
            count = project.count()
            kept.append(count)
            assert count >= 200
            rows = project.rows(project.ids()[-1:])
            assert (rows[0].source_line, rows[0].number) == (count, count)
            if count < 30_000:
                assert project.interrupted == (f"Import {count:,} examples from data.jsonl",)
            assert project.undo_name() == f"Import {count:,} examples from data.jsonl"
            project.undo()
            assert project.count() == 0
    assert min(kept) < 30_000
