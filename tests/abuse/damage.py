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
import json
import multiprocessing
import os
import queue
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import walk

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


def main() -> int:
    """Damage, walk, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--pages", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many processes walk at a time")
    parser.add_argument("--no-window", action="store_true")
    parser.add_argument("--json", type=Path, help="write each outcome there, one a line")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tunedesk-damage-"))
    original = folder / "Original.tunedesk"
    walk.own_folders(folder)
    walk.real_project(original)
    whole = walk.Outcome()
    walk.walk_project(original, whole)
    original.unlink()
    walk.real_project(original)
    with walk.Project.open(original, read_only=True) as project:
        texts = {example_id: project.text(example_id) for example_id in project.ids()}
    content = original.read_bytes()
    print(
        f"{len(texts)} examples, {len(content) // PAGE} pages of {PAGE} bytes; bugs without any"
        f" damage: {len(whole.bugs)}",
        flush=True,
    )
    walkers = [Walker(original, not options.no_window) for _number in range(options.jobs)]
    counts: collections.Counter[str] = collections.Counter()
    places: collections.Counter[str] = collections.Counter()
    told = options.json.open("w") if options.json else None
    began = time.monotonic()
    wanted = cases(len(content), options.flips, options.pages, options.seed)
    for case, answer in answers(walkers, wanted):
        kind = "flips" if case.kind == "flip" else "pages"
        counts[kind] += 1
        if isinstance(answer, str):
            counts[f"{kind}: {answer}"] += 1
            places[f"{answer}: {case}"] += 1
            continue
        outcome, rescued = answer
        if outcome.bugs:
            counts[f"{kind}: with tracebacks"] += 1
            for bug in dict.fromkeys(bug.split(" < ")[0] for bug in outcome.bugs):
                places[bug] += 1
        same = sum(outcome.texts.get(number) == text for number, text in texts.items())
        if outcome.sentences:
            counts[f"{kind}: told of"] += 1
        elif len(outcome.texts) < len(texts):
            counts[f"{kind}: silent losses"] += 1
            places[f"silent loss of {len(texts) - len(outcome.texts)}: {case}"] += 1
        elif same < len(texts):
            counts[f"{kind}: another letter in a text"] += 1
        else:
            counts[f"{kind}: harmless"] += 1
        if rescued is None:
            counts[f"{kind}: nothing rescued"] += 1
            places[f"nothing rescued: {case}"] += 1
        else:
            ids, lost = rescued
            back = len(ids & texts.keys())
            counts[f"{kind}: rescued examples, of {len(texts)} each"] += back
            counts[f"{kind}: rescue named as lost"] += lost
            if back + lost < len(texts):
                counts[f"{kind}: rescue with silent losses"] += 1
                places[f"rescue brought {back} and named {lost}: {case}"] += 1
        if told:
            told.write(json.dumps([case, outcome.bugs, outcome.sentences[:5]]) + "\n")
            told.flush()
    for walker in walkers:
        walker.close()
    for name, number in sorted(counts.items()):
        print(f"{name}: {number}")
    for place, number in places.most_common(60):
        print(f"  {number} x {place}")
    print(f"{time.monotonic() - began:.0f} s")
    bad = ("tracebacks", "hang", "died", "silent")
    return int(any(word in name for name in counts for word in bad))


if __name__ == "__main__":
    raise SystemExit(main())
