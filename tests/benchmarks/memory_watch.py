"""Watches how much memory a process and its workers take together; Linux only."""

import contextlib
import threading
from pathlib import Path

PAUSE = 0.2


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
