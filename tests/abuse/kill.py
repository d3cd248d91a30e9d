"""Kills writing processes at any moment: the project opens whole, and says what is true of it.

The file may be renamed, or another one put in its place, before the kill. What was told to be
written is there afterwards, under the name that the file has then; of what was cut off everything
or nothing is there, or of an import the part that is named.
"""

import json
import os
import random
import tempfile
from pathlib import Path
from unittest.mock import patch

from tests.abuse.outcome import Outcome
from tests.project.made_examples import example_text, new_example
from tests.project.test_kill import BULK, EVERYTHING, IMPORT, TYPING, run_and_kill

from tunedesk.project.project import Project

ROWS = 20_000
"""Of a file that is imported: enough to be killed on the way."""


def run(count: int, seed: int) -> Outcome:
    """Kill a process so many times.

    Args:
        count: How many kills.
        seed: The beginning of what is random: which work, when, what happens to the file.
    """
    chance = random.Random(seed)
    failures = []
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ):
        os.environ["HOME"] = os.environ["XDG_DATA_HOME"] = folder
        data = Path(folder) / "data.jsonl"
        data.write_text("".join(example_text(f"word {n}") + "\n" for n in range(ROWS)))
        for number in range(count):
            place = Path(folder) / str(number)
            place.mkdir()
            work = chance.choice([_typing, _bulk, _everything, _import])
            moved = chance.choice([None, None, "renamed", "moved", "replaced"])
            after = chance.uniform(0.0, 0.4)
            try:
                wrong = work(place, data, moved, after)
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            if wrong:
                failures.append(f"kill {number}: {work.__name__}, {moved}, {after:.3f} s: {wrong}")
    return Outcome(count, failures)


def _move(path: Path, how: str | None) -> Path:
    """Do something to the file while it is open; returns its name then."""
    if how is None:
        return path
    new = path.with_name("New name.tunedesk")
    if how == "moved":
        new = path.parent / "elsewhere" / path.name
        new.parent.mkdir()
    path.rename(new)
    if how == "replaced":
        other = path.with_name("Other.tunedesk")
        with Project.create(other) as project:
            project.add_examples([new_example("other")])
        other.rename(path)
    return new


def _look(path: Path, name: str) -> str:
    """What is wrong with the projects after a kill, whichever they are: "" if nothing is."""
    for file in sorted(path.rglob("*.tunedesk")):
        if file.name.startswith("."):
            return f"{file.name} was left behind"
        with Project.open(file) as project:
            if project.read_only:
                return f"{file.name} can only be read"
            if project.find_damage():
                return f"{file.name} is damaged"
            if project.context.store.value("SELECT count(*) FROM change WHERE incomplete"):
                return f"{file.name} has unfinished changes"
            if file.name != name and project.count() != 1:
                return f"{file.name} has something of another project"
    return ""


def _prepared(place: Path, examples: int) -> Path:
    path = place / "Test.tunedesk"
    with Project.create(path) as project:
        if examples:
            project.add_examples([new_example(str(number)) for number in range(examples)])
    return path


def _typing(place: Path, _data: Path, moved: str | None, after: float) -> str:
    path = _prepared(place, 1)
    names: list[Path] = []
    lines = run_and_kill(TYPING, [path], "", after, lambda: names.append(_move(path, moved)))
    with Project.open(names[0]) as project:
        found = int(json.loads(project.text(project.ids()[0]))["messages"][0]["content"])
    told = int(lines[-1])
    if not told <= found <= told + 1:
        return f"{told} was written, {found} is there"
    return _look(place, names[0].name)


def _bulk(place: Path, _data: Path, moved: str | None, after: float) -> str:
    path = _prepared(place, 1)
    names: list[Path] = []
    run_and_kill(BULK, [path], "open", after, lambda: names.append(_move(path, moved)))
    with Project.open(names[0]) as project:
        if any(step.outcome == "kept" for step in project.interrupted):
            return f"kept: {project.interrupted}"
        totals = project.totals()
        if (totals.count - 1) % 1200 or totals.by_state["approved"] not in (0, totals.count):
            return f"{totals.count} examples, {totals.by_state['approved']} approved"
    return _look(place, names[0].name)


def _everything(place: Path, _data: Path, moved: str | None, after: float) -> str:
    path = _prepared(place, 1500)
    names: list[Path] = []
    run_and_kill(EVERYTHING, [path], "open", after, lambda: names.append(_move(path, moved)))
    with Project.open(names[0]) as project:
        if project.count() not in (0, 1500):
            return f"{project.count()} of 1,500 examples"
        while project.undo():
            pass
        if project.count():
            return "not all could be undone"
        while project.redo():
            pass
    return _look(place, names[0].name)


def _import(place: Path, data: Path, moved: str | None, after: float) -> str:
    path = _prepared(place, 0)
    names: list[Path] = []
    run_and_kill(IMPORT, [path, data], "first", after, lambda: names.append(_move(path, moved)))
    with Project.open(names[0]) as project:
        count = project.count()
        if count < ROWS:
            (step,) = project.interrupted
            if (step.outcome, step.examples) != ("kept", count):
                return f"{count} examples are there, {step} was said"
        if [project.text(row) for row in project.ids()[-1:]] != [example_text(f"word {count - 1}")]:
            return f"the last of {count} examples is another one"
        project.undo()
        if project.count():
            return "undo left something of the import"
    return _look(place, names[0].name)
