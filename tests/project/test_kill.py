"""A writing process is killed again and again: the project opens whole, with all it was given."""

import contextlib
import gzip
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.project.made_examples import add, example_text, new_example, undo_name

from tunedesk.project.project import Project
from tunedesk.project.schema import SCHEMA_VERSION

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

EVERYTHING = """
import re, sys
from pathlib import Path
from tests.project.made_examples import new_example
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import find_and_replace

with Project.open(Path(sys.argv[1])) as project:
    print("open", flush=True)
    while True:
        project.set_preset("Kind", "Be kind.")
        find_and_replace(project.context, None, re.compile("law"), "paper")
        project.delete(ExampleQuery())
        project.set_preset("Kind", "Be very kind.")
        for _step in range(4):
            project.undo()
        for _step in range(4):
            project.redo()
        for _step in range(4):
            project.undo()
"""

MIGRATE = """
import sys
from pathlib import Path
from tunedesk.project.project import Project

print("begin", flush=True)
for path in sys.argv[1:]:
    Project.open(Path(path)).close()
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


def run_and_kill(
    script: str,
    arguments: list[Path],
    until: str,
    after: float,
    meanwhile: Callable[[], object] | None = None,
) -> list[str]:
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
    if meanwhile is not None:
        meanwhile()
    time.sleep(after)
    process.kill()
    lines += [line.strip() for line in process.stdout]
    process.stdout.close()
    process.wait()
    return lines


def check_whole(project: Project) -> None:
    assert not project.read_only
    assert project.find_damage() == []
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
            assert undo_name(project) == "Edit message 1"


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
    assert all("1,20" in step.name for step in interrupted)


def contents(project: Project) -> list[object]:
    """All that undo has to bring back: texts, order, states, tags, what is deleted, presets."""
    return [
        *project.context.store.rows(
            "SELECT uid, position, text, state, tag_set, deleted FROM example"
            " JOIN version_text ON version_text.id = version_id ORDER BY uid"
        ),
        *project.presets().items(),
    ]


def test_whatever_is_cut_off_all_is_undone_and_redone(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        project.add_examples([new_example(f"law {number}") for number in range(1500)])
        first = contents(project)
    chance = random.Random(4)
    for _round in range(6):
        run_and_kill(EVERYTHING, [path], "open", chance.uniform(0.0, 0.6))
        with Project.open(path) as project:
            check_whole(project)
            while project.redo():
                pass
            last = contents(project)
            while undo_name(project) != "Add 1,500 examples":
                project.undo()
            assert contents(project) == first
            while project.redo():
                pass
            assert contents(project) == last
            while undo_name(project) != "Add 1,500 examples":
                project.undo()


def test_a_migration_that_is_cut_off_loses_nothing(tmp_path):
    packed = Path(__file__).parent / "files" / "version-2.tunedesk.gz"
    old = gzip.decompress(packed.read_bytes())
    chance = random.Random(5)
    made = tmp_path / "Made.tunedesk"
    made.write_bytes(old)
    with Project.open(made) as project:
        expected = contents(project)
    cut_off = 0
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths = [folder / f"{copy}.tunedesk" for copy in range(40)]
        for path in paths:
            path.write_bytes(old)
        run_and_kill(MIGRATE, paths, "begin", chance.uniform(0.2, 0.6))
        for path in paths:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
            cut_off += version < SCHEMA_VERSION
            with Project.open(path) as project:
                check_whole(project)
                assert contents(project) == expected
        for backup in folder.glob("*.version-2*"):
            with contextlib.closing(sqlite3.connect(backup)) as connection:
                assert connection.execute("PRAGMA user_version").fetchone() == (2,)
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert cut_off


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
                (step,) = project.interrupted
                assert (step.outcome, step.examples, step.file) == ("kept", count, "data.jsonl")
            assert undo_name(project) == f"Import {count:,} examples from data.jsonl"
            project.undo()
            assert project.count() == 0
    assert min(kept) < 30_000
