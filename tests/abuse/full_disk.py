"""Fills the disk: whatever is done then ends in a true sentence, and nothing is lost or half done.

Needs a small file system of its own: a folder named by TUNEDESK_SMALL_DISK, or the right to mount
one (as root on Linux). Without, nothing is tried, and that is said.
"""

import contextlib
import gc
import gzip
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.abuse.outcome import Outcome
from tests.project.made_examples import example_text, facts_of, new_example

from tunedesk.errors import UserError
from tunedesk.project.check_project import check_again
from tunedesk.project.exporting import export
from tunedesk.project.importing import import_file
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import find_and_replace

ROWS = 2000
MOST_ROOM = 2_500_000


def _import(project: Project, folder: Path) -> Any:
    summary = import_file(project, folder / "data.jsonl")
    if summary.failure is not None:
        said = re.search(r"([\d,]+) examples? of data.jsonl", summary.failure.sentence)
        came = project.count() - ROWS
        if said is None or int(said[1].replace(",", "")) != came:
            raise AssertionError(f"{came} came in; {summary.failure}")
        raise summary.failure
    return summary


WORK: dict[str, Callable[[Project, Path], Any]] = {
    "import": _import,
    "add": lambda project, _folder: project.add_examples([new_example("y" * 500)] * 1500),
    "state": lambda project, _folder: project.set_state(ExampleQuery(), "approved"),
    "tag": lambda project, _folder: project.add_tag(ExampleQuery(), "law"),
    "delete": lambda project, _folder: project.delete(ExampleQuery()),
    "duplicate": lambda project, _folder: project.duplicate(ExampleQuery()),
    "move": lambda project, _folder: project.move(project.ids()[1000:], project.ids()[0]),
    "replace": lambda project, _folder: find_and_replace(
        project.context, None, re.compile("law"), "paper " * 20
    ),
    "type": lambda project, _folder: project.set_text(
        project.ids()[0], example_text("z" * 200_000), facts_of("z"), "Edit message 1"
    ),
    "undo": lambda project, _folder: project.undo(),
    "redo": lambda project, _folder: project.redo(),
    "check": lambda project, _folder: check_again(project, None),
    "export": lambda project, folder: export(project, folder / "out.jsonl"),
    "copy": lambda project, folder: project.save_copy(folder / "Copy.tunedesk"),
    "search": lambda project, _folder: project.fill_search(2.0),
    "preset": lambda project, _folder: project.set_preset("Kind", "Be kind. " * 5000),
}
OPENINGS = ("open", "migrate", "create")
OLD_PROJECT = Path(__file__).parents[1] / "project" / "files" / "version-2.tunedesk.gz"
KEPT_IN_PART = ("import", "check")
NOT_UNDONE = ("undo", "redo", "check", "export", "copy", "search")


def run(count: int, seed: int) -> Outcome:
    """Do something on a full disk so many times; room is made, and all is looked at."""
    chance = random.Random(seed)
    with _small_disk() as folder:
        if folder is None:
            print("full_disk: no small file system here; name one by TUNEDESK_SMALL_DISK")
            return Outcome(0, [])
        failures = []
        for number in range(count):
            name = chance.choice([*WORK, *OPENINGS])
            room = chance.choice([0, int(MOST_ROOM ** chance.random())])
            try:
                wrong = (_try if name in WORK else _try_opening)(folder, name, room)
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            if wrong:
                failures.append(f"{number}: {name} with room for {room:,} bytes: {wrong}")
        return Outcome(count, failures)


def _contents(project: Project) -> list[Any]:
    return project.context.store.rows(
        "SELECT uid, position, text, state, tag_set FROM example JOIN version_text"
        " ON version_text.id = version_id WHERE deleted = 0 ORDER BY position"
    )


def _try(folder: Path, name: str, room: int) -> str:
    """What is wrong after some work on a disk with so many bytes of room: "" if nothing is."""
    for file in folder.iterdir():
        if file.is_file():
            file.unlink()
    path = folder / "Test.tunedesk"
    (folder / "data.jsonl").write_text(
        "".join(example_text("law " + "x" * 500) + "\n" for _number in range(3000))
    )
    with Project.create(path) as project:
        project.add_examples([new_example(f"law {n} " + "x" * 300) for n in range(ROWS)])
        if name == "redo":
            project.set_state(ExampleQuery(), "rejected")
            project.undo()
    ballast = folder / "ballast"
    with Project.open(path) as project:
        before = _contents(project)
        _fill(ballast, room)
        failure = None
        try:
            WORK[name](project, folder)
        except UserError as error:
            failure = str(error)
        ballast.unlink()
        steps = project.finish_unfinished()
        after = _contents(project)
        unfinished = project.context.store.value("SELECT count(*) FROM change WHERE incomplete")
        if unfinished:
            return f"{unfinished} changes are unfinished after {steps}"
        if failure is not None and name not in (*KEPT_IN_PART, "undo", "redo") and after != before:
            return f"{failure}, but something of it is there"
        if name == "import" and after[:ROWS] != before:
            return "the import changed what was there"
        leftover = {"out.jsonl", "Copy.tunedesk"} if failure is not None else set()
        left = [file.name for file in folder.iterdir() if file.name in leftover]
        if left:
            return f"{left} was left half written"
    with Project.open(path) as project:
        if project.interrupted or _contents(project) != after:
            return "it is another project after it was opened again"
        if project.find_damage():
            return "it is damaged"
        if name not in NOT_UNDONE and after != before:
            project.undo()
            if _contents(project) != before:
                return "undo does not take it back"
    return ""


def _try_opening(folder: Path, name: str, room: int) -> str:
    """What is wrong after a project was opened or made there: "" if nothing is."""
    for file in folder.iterdir():
        if file.is_file():
            file.unlink()
    path = folder / "Test.tunedesk"
    if name == "migrate":
        path.write_bytes(gzip.decompress(OLD_PROJECT.read_bytes()))
    elif name == "open":
        with Project.create(path) as project:
            project.add_examples([new_example(f"law {n}") for n in range(500)])
    ballast = folder / "ballast"
    _fill(ballast, room)
    try:
        with Project.create(path) if name == "create" else Project.open(path) as project:
            project.count()
    except UserError as error:
        failure = str(error)
    else:
        failure = ""
    ballast.unlink()
    left = sorted(file.name for file in folder.iterdir())
    if failure and name == "create" and path.exists():
        return f"{failure}, but half of it was left"
    if failure and [file for file in left if file != path.name]:
        return f"{failure}, but {left} was left"
    if failure and name == "create":
        Project.create(path).close()
    with Project.open(path) as project:
        if project.read_only or project.find_damage():
            return f"after “{failure}” it can only be read, or is damaged"
        if project.count() != {"open": 500, "create": 0}.get(name, project.count()):
            return f"after “{failure}” it has {project.count()} examples"
    return ""


def _fill(ballast: Path, room: int) -> None:
    """Leave so many bytes of room on the disk."""
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        status = os.statvfs(ballast.parent)
        left = max(0, status.f_bavail * status.f_frsize - room)
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
            file.flush()


@contextlib.contextmanager
def _small_disk() -> Iterator[Path | None]:
    named = os.environ.get("TUNEDESK_SMALL_DISK")
    if named:
        yield Path(named)
        return
    if sys.platform != "linux":
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            gc.collect()  # what exceptions still hold open
            subprocess.run(["umount", folder], check=True)
