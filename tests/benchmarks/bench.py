"""What the measurements share: the data, the folders, processes of their own and their memory."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from example_data import write_examples

HERE = Path(__file__).parent
PAUSE = 0.2
"""Seconds between two looks at the memory of a process."""
LONGEST = float(os.environ.get("BENCHMARK_LONGEST", "1800"))


@dataclass
class Bench:
    """Where the benchmark works, and how large.

    Attributes:
        folder: Where the data and the projects are made.
        rows: How many examples the large file has; the target is for 100,000.
        million: How many the very large one has.
        repeats: How often what is short is done; the best counts.
        together_python: The Python of an environment with the package `together`, if there is one.
    """

    folder: Path
    rows: int
    million: int
    repeats: int
    together_python: Path | None = None

    @property
    def file(self) -> Path:
        """The large file."""
        return write_examples(self.folder / f"examples-{self.rows}.jsonl", self.rows)

    @property
    def file_with_blanks(self) -> Path:
        """The large file with a fault in each example."""
        return write_examples(self.folder / f"blanks-{self.rows}.jsonl", self.rows, blanks=True)

    @property
    def million_file(self) -> Path:
        """The very large file."""
        return write_examples(self.folder / f"examples-{self.million}.jsonl", self.million)

    def project_of(self, file: Path) -> Path:
        """A fresh copy of the project that holds a file, as it is after the import."""
        path = self.folder / f"{file.stem}.tunedesk"
        if not path.exists():
            self.measure("measure_project.py", "import", file, path)
        return Path(shutil.copy(path, self.new_project(f"{file.stem}-copy")))

    def new_project(self, name: str) -> Path:
        """The path of a project that is not there yet."""
        path = self.folder / f"{name}.tunedesk"
        path.unlink(missing_ok=True)
        return path

    def measure(self, script: str, *arguments: object) -> dict[str, Any]:
        """Run a script of this folder in a process of its own; what it printed at the end."""
        return self.run(Path(sys.executable), HERE / script, *arguments)[0]

    def best(self, script: str, *arguments: object) -> dict[str, Any]:
        """Run a script several times; what the quickest printed."""
        return min(
            (self.measure(script, *arguments) for _time in range(self.repeats)),
            key=lambda found: float(found["seconds"]),
        )

    def run(self, *command: object, statuses: tuple[int, ...] = (0,)) -> tuple[dict[str, Any], Any]:
        """Run a command; what it printed last as JSON, its wall seconds and its memory.

        Raises:
            RuntimeError: It failed.
        """
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        names = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME")
        names += ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_DOCUMENTS_DIR")
        environment = os.environ | dict.fromkeys(names, str(home))
        environment |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONWARNINGS": "ignore"}
        # Compiled modules are kept, as where Tunedesk is installed: the best of several starts
        # finds them.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(self.folder / "bytecode")
        began, cpu = time.perf_counter(), _cpu_of_children()
        with subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            encoding="utf-8",
        ) as process:
            with MemoryWatch(process.pid) as memory:
                out, errors = _output(process)
            wall = time.perf_counter() - began
        if process.returncode not in statuses:
            raise RuntimeError(f"{command} ended with {process.returncode}:\n{out}\n{errors}")
        lines = out.strip().splitlines()
        found = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
        return found, Used(wall, _cpu_of_children() - cpu, memory.most)


def _cpu_of_children() -> float:
    """CPU seconds of all processes that were started here and have ended, with their own."""
    used = os.times()
    return used.children_user + used.children_system


def _output(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a process printed; one that does not end is ended."""
    try:
        return process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()


@dataclass(frozen=True)
class Used:
    """What a process took.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: CPU seconds of it and its workers; 0 where the system does not tell.
        memory: The most memory that it and its workers had together, in bytes.
    """

    wall: float
    cpu: float
    memory: int


class MemoryWatch:
    """Looks at a process and its descendants again and again, until the `with` block ends.

    Attributes:
        most: The most they took together, in bytes; memory that they share counts once. 0 where the
            system does not tell.
    """

    def __init__(self, process_id: int) -> None:
        self.most = 0
        self._first = process_id
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(PAUSE):
            self.most = max(self.most, sum(map(_memory, _family(self._first))))


def most_of_this_process() -> int:
    """The most that this process ever took, in bytes; 0 where the system does not tell."""
    return _entry(Path("/proc/self/status"), "VmHWM:")


def _family(first: int) -> list[int]:
    found = [first]
    for process in found:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                found.extend(map(int, children.read_text().split()))
    return found


def _memory(process: int) -> int:
    return _entry(Path(f"/proc/{process}/smaps_rollup"), "Pss:")


def _entry(file: Path, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in file.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0
