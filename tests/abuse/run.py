"""Runs the programs that try to break Tunedesk: `python tests/abuse/run.py [NAME ...] [--count N]`.

Each program is a module beside this one with `run(count, seed) -> Outcome`. One line a program is
printed; the exit status is 1 if anything failed.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

PROGRAMS = {
    "large_inputs": "a megabyte of the worst shapes: read in time in line with its size",
    "racing": "uploads and files that several want something of at once: one of them has it",
    "reading": "damaged and made-up bytes: an answer for each, in time, and no fix that loses text",
    "damage": "a real project with flipped bits and damaged pages: rows or sentences, and a rescue",
    "hostile_rows": "rows that no Tunedesk wrote: a sentence, or a row marked as damaged",
    "kill": "writing processes killed at any moment, their files renamed: whole, and told truly",
    "locks": "one project opened by many names at once: never two writers",
    "full_disk": "work on a full disk: a true sentence, nothing lost, nothing half done",
    "start": "the window started on a busy computer: no crash and no report",
}
"""Each program by its module's name, with what it does."""

MOST_SHOWN = 20


def main(arguments: list[str] | None = None) -> int:
    """Run the programs that are named, or all; 1 if anything failed."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    known = "\n".join(f"  {name}: {what}" for name, what in PROGRAMS.items())
    parser = argparse.ArgumentParser(
        description=f"Try to break Tunedesk.\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("programs", nargs="*", metavar="NAME", help="the programs; all without")
    parser.add_argument("--count", type=int, default=1_000, help="how often each tries")
    parser.add_argument("--seed", type=int, default=1, help="the beginning of what is random")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.programs if name not in PROGRAMS]
    if unknown:
        parser.error(f"there is no program {unknown[0]}")
    failed = False
    for name in options.programs or PROGRAMS:
        started = time.monotonic()
        outcome = importlib.import_module(f"tests.abuse.{name}").run(options.count, options.seed)
        seconds = time.monotonic() - started
        counts = f"{outcome.tried:,} tried, {len(outcome.failures):,} failures"
        print(f"{name}: {counts} ({seconds:.1f} s)", flush=True)
        for line in outcome.failures[:MOST_SHOWN]:
            print(f"  {line}")
        failed = failed or bool(outcome.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
