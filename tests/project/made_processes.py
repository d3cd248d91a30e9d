"""Projects opened in other processes, left by a crash, under other names."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from tests.project.made_examples import add
from tunedesk.project.project import Project

project = Project.open(Path(sys.argv[1]), author="Cay")
if sys.argv[2:]:
    add(project, sys.argv[2])
print("read only" if project.read_only else "open", flush=True)
sys.stdin.read()
project.close()
"""


@contextlib.contextmanager
def opened_elsewhere(path, word="", expected="open"):
    """Open a project in another process, add an example; closed orderly unless it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(path), *filter(None, [word])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        assert process.stdout.readline() == f"{expected}\n"
        yield process
    finally:
        process.communicate()


def left_by_a_crash(path, word, before_it=lambda: None):
    """A process adds an example and is killed; something is done to the file just before."""
    with opened_elsewhere(path, word) as process:
        before_it()
        process.kill()


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def hard_link_elsewhere(path):
    (path.parent / "elsewhere").mkdir()
    link = path.parent / "elsewhere" / path.name
    link.hardlink_to(path)
    return link
