"""Processes that open one project by many names at once: never do two of them write.

Each opens it by a link, a hard link, another folder or a way around, in turns; whoever may write
adds an example. A marker tells when two may write at once; the examples are counted at the end.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.abuse.outcome import Outcome
from tests.project.made_examples import words

from tunedesk.project.project import Project

PROCESSES = 4
OPENER = """
import os, random, sys
from pathlib import Path
from tests.project.made_examples import add
from tunedesk.errors import UserError
from tunedesk.project.project import Project

number, times, seed, marker, *names = sys.argv[1:]
chance = random.Random(f"{seed} {number}")
for turn in range(int(times)):
    try:
        project = Project.open(Path(chance.choice(names)))
    except UserError as error:
        print("refused", error, flush=True)
        continue
    with project:
        if project.read_only:
            project.count()
            print("read", flush=True)
            continue
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            print("TWO WRITERS", flush=True)
            continue
        add(project, f"{number}.{turn}")
        print("wrote", f"{number}.{turn}", flush=True)
        os.unlink(marker)
"""


def run(count: int, seed: int) -> Outcome:
    """Open it so many times in all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "Test.tunedesk"
        Project.create(path).close()
        names = _names(path)
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "HOME": str(folder / "home"),
            "XDG_DATA_HOME": str(folder / "home"),
        }
        times = max(1, count // PROCESSES)
        arguments = [str(times), str(seed), str(folder / "marker"), *map(str, names)]
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", OPENER, str(number), *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for number in range(PROCESSES)
        ]
        lines = [line for process in processes for line in process.communicate()[0].splitlines()]
        wrote = [line.removeprefix("wrote ") for line in lines if line.startswith("wrote")]
        known = ("wrote", "read", "refused")
        failures = [line for line in lines if not line.startswith(known)]
        with Project.open(path) as project:
            if sorted(words(project)) != sorted(wrote):
                failures.append(f"{len(wrote)} were written, {project.count()} are there")
            if project.find_damage():
                failures.append("the project is damaged")
        if not wrote:
            failures.append("nobody ever wrote")
        return Outcome(times * PROCESSES, failures)


def _names(path: Path) -> list[Path]:
    link = path.with_name("Link.tunedesk")
    link.symlink_to(path)
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    hard = elsewhere / "Hard.tunedesk"
    hard.hardlink_to(path)
    return [path, link, hard, elsewhere / ".." / path.name]
