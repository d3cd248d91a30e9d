"""Damages a real project bit by bit and page by page, and counts what comes of it.

    python tests/abuse/damage.py --flips 500 --pages 150 --seed 1

For each damaged copy everything is done that people do with a project (see walk.py), in a process
that is watched. Counted are tracebacks, hangs, and losses that nobody was told of: examples that
are neither listed nor named in a sentence. A flipped bit in the letters of a text makes another
text; SQLite keeps no checksums of those, so such a change is counted apart. Each copy is rescued
too: all examples must come out of it or be named as lost. Ends with status 1 on any of these.
"""

import argparse
import collections
import multiprocessing
import os
import queue
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.abuse import walk
from tests.abuse.outcome import Outcome

HANG_SECONDS = 90.0
PAGE = 8192


class Case(NamedTuple):
    """One way to damage a file.

    Attributes:
        kind: "flip", "zero", "noise", "swap" or "cut".
        place: The bit for a flip, the page for the others.
        seed: For what is random in it.
    """

    kind: str
    place: int
    seed: int


def cases(size: int, flips: int, pages: int, seed: int) -> list[Case]:
    """So many flips and so many damaged pages of a file of so many bytes."""
    rng = random.Random(seed)
    count = size // PAGE
    made = [Case("flip", rng.randrange(size * 8), 0) for _number in range(flips)]
    kinds = ("zero", "noise", "swap", "cut")
    for number in range(pages):
        first = 1 if kinds[number % 4] == "cut" else 0
        made.append(Case(kinds[number % 4], rng.randrange(first, count), number))
    return made


def damaged(content: bytes, case: Case) -> bytes:
    """The file, damaged."""
    raw = bytearray(content)
    start = case.place * PAGE
    rng = random.Random(f"{case.place} {case.seed}")
    if case.kind == "flip":
        raw[case.place // 8] ^= 1 << (case.place % 8)
    elif case.kind == "zero":
        raw[start : start + PAGE] = bytes(PAGE)
    elif case.kind == "noise":
        raw[start : start + PAGE] = rng.randbytes(PAGE)
    elif case.kind == "swap":
        other = rng.randrange(len(raw) // PAGE) * PAGE
        raw[start : start + PAGE] = content[other : other + PAGE]
    else:
        del raw[start + rng.randrange(PAGE) :]
    return bytes(raw)


def work(connection: Connection, original: str, window: bool) -> None:
    """A process that walks one damaged file after the other."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    folder = Path(tempfile.mkdtemp(prefix="tunedesk-damage-"))
    walk.own_folders(folder)
    content = Path(original).read_bytes()
    path = folder / "Damaged.tunedesk"
    while True:
        case = connection.recv()
        if case is None:
            return
        path.write_bytes(damaged(content, case))
        outcome = walk.walk(path, window=window)
        rescued = walk.walk_rescue(path, outcome)
        connection.send((outcome, rescued))


class Walker:
    """The process that walks, started anew after a hang."""

    def __init__(self, original: Path, window: bool) -> None:
        self._original = original
        self._window = window
        self._process: Any = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=work, args=(theirs, str(self._original), self._window), daemon=True
        )
        self._process.start()
        theirs.close()

    def walk(self, case: Case) -> Any:
        """What came of a case; a word if it hung or died."""
        self._connection.send(case)
        try:
            if self._connection.poll(HANG_SECONDS):
                return self._connection.recv()
            word = "hang"
        except EOFError:
            word = "died"
        self._process.kill()
        self._process.join()
        self._start()
        return word

    def close(self) -> None:
        """End it."""
        self._connection.send(None)
        self._process.join(10)
        self._process.kill()


def answers(walkers: list[Walker], wanted: list[Case]) -> Iterator[tuple[Case, Any]]:
    """What came of each case, in the order of the cases."""
    with ThreadPoolExecutor(len(walkers)) as threads:
        free: queue.SimpleQueue[Walker] = queue.SimpleQueue()
        for walker in walkers:
            free.put(walker)

        def one(case: Case) -> Any:
            walker = free.get()
            try:
                return walker.walk(case)
            finally:
                free.put(walker)

        yield from zip(wanted, threads.map(one, wanted), strict=True)


class Tally:
    """What came of many cases.

    Attributes:
        counts: How many of each kind.
        failures: What went wrong, a line each.
    """

    def __init__(self, texts: dict[int, str]) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self.failures: list[str] = []
        self._texts = texts

    def add(self, case: Case, answer: Any) -> None:
        """Count what came of a case."""
        kind = "flips" if case.kind == "flip" else "pages"
        self.counts[kind] += 1
        if isinstance(answer, str):
            self._fail(kind, answer, case)
            return
        outcome, rescued = answer
        if outcome.bugs:
            self._fail(kind, "with tracebacks", case, "; ".join(dict.fromkeys(outcome.bugs)))
        lost = len(self._texts) - len(outcome.texts)
        if outcome.sentences:
            self.counts[f"{kind}: told of"] += 1
        elif lost > 0:
            self._fail(kind, "silent losses", case, f"{lost} examples")
        elif any(outcome.texts.get(one) != text for one, text in self._texts.items()):
            self.counts[f"{kind}: another letter in a text"] += 1
        else:
            self.counts[f"{kind}: harmless"] += 1
        if rescued is None:
            # Nothing but the first pages is left: told of in a sentence.
            self.counts[f"{kind}: nothing to be rescued"] += 1
            return
        ids, named, told = rescued
        back = len(ids & self._texts.keys())
        self.counts[f"{kind}: rescued examples, of {len(self._texts)} each"] += back
        self.counts[f"{kind}: rescue named as lost"] += named
        if back + named < len(self._texts) and told:
            # A file that is cut off keeps no trace of some: the list says that pages are missing.
            self.counts[f"{kind}: rescue could not name all"] += 1
        elif back + named < len(self._texts):
            self._fail(kind, "rescue with silent losses", case, f"{back} back, {named} named")

    def _fail(self, kind: str, what: str, case: Case, details: str = "") -> None:
        self.counts[f"{kind}: {what}"] += 1
        self.failures.append(f"{what}: {case.kind} {case.place} {case.seed} {details}")


def damage_all(flips: int, pages: int, seed: int, *, jobs: int = 2, window: bool = True) -> Tally:
    """Damage, walk, count."""
    folder = Path(tempfile.mkdtemp(prefix="tunedesk-damage-"))
    original = folder / "Original.tunedesk"
    walk.own_folders(folder)
    walk.real_project(original)
    content = original.read_bytes()
    with walk.Project.open(original, read_only=True) as project:
        texts = {example_id: project.text(example_id) for example_id in project.ids()}
    whole = walk.Outcome()
    walk.walk_project(original, whole)
    original.write_bytes(content)
    tally = Tally(texts)
    tally.failures += [f"without any damage: {line}" for line in (*whole.bugs, *whole.sentences)]
    walkers = [Walker(original, window) for _number in range(jobs)]
    for case, answer in answers(walkers, cases(len(content), flips, pages, seed)):
        tally.add(case, answer)
    for walker in walkers:
        walker.close()
    shutil.rmtree(folder, ignore_errors=True)
    return tally


def run(count: int, seed: int) -> Outcome:
    """So many damaged copies: three flipped bits for each damaged page."""
    tally = damage_all(count * 3 // 4, count - count * 3 // 4, seed)
    return Outcome(count, tally.failures)


def main() -> int:
    """Damage and print what came of it; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--pages", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many processes walk at a time")
    parser.add_argument("--no-window", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    tally = damage_all(
        options.flips, options.pages, options.seed, jobs=options.jobs, window=not options.no_window
    )
    for name, number in sorted(tally.counts.items()):
        print(f"{name}: {number}")
    for line in tally.failures:
        print(f"  {line}")
    print(f"{time.monotonic() - began:.0f} s")
    return int(bool(tally.failures))


if __name__ == "__main__":
    raise SystemExit(main())
