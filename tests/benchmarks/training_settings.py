"""Tries settings of training on small sets and prints what each reached: how defaults were chosen.

    python tests/benchmarks/training_settings.py --model FOLDER [--data FILE ...] [--seeds 1 2]

Each try is a job of the training server's own process: a fifth of the examples is held back, and
after each epoch the loss of those and the share of their tokens that were guessed right are
measured. The table names, for each file and setting, the mean over the seeds of the lowest
validation loss, the epoch it was reached in, the loss at the end, the share of tokens guessed right
at the lowest loss, and the seconds of processor time. The first row of a file is the base model.
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunedesk.training_server.job_folder import JobFolder, JobSpec, read_progress

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "night_library.jsonl"
EVERY = 5
"""One of so many examples is held back."""


@dataclass(frozen=True)
class Settings:
    """What is tried: the learning rate as a multiplier of the server's own, epochs, batch, rank."""

    rate: float
    epochs: int
    batch: int
    rank: int


def split(path: Path, most: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The training and the validation examples of a JSONL file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines if line.strip()][:most]
    held_back = records[EVERY - 1 :: EVERY]
    return [each for n, each in enumerate(records) if n % EVERY != EVERY - 1], held_back


def train(
    model: Path, training: list[Any], validation: list[Any], settings: Settings, seed: int
) -> tuple[list[dict[str, float]], float]:
    """The figures after each epoch, and the seconds of processor time."""
    with tempfile.TemporaryDirectory() as place:
        folder = JobFolder(Path(place))
        for file, records in (
            (folder.training_file, training),
            (folder.validation_file, validation),
        ):
            with file.open("w", encoding="utf-8") as out:
                for line, record in enumerate(records, start=1):
                    out.write(json.dumps({"line": line, "record": record}) + "\n")
        folder.write_spec(
            JobSpec(
                job_id="ftjob-tried",
                method="supervised",
                base_model=str(model),
                model_name="tried",
                hyperparameters={
                    "n_epochs": settings.epochs,
                    "batch_size": settings.batch,
                    "learning_rate_multiplier": settings.rate,
                    "rank": settings.rank,
                },
                seed=seed,
                max_tokens=None,
                skip_bad=True,
                processes=1,
                device="cpu",
            )
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "tunedesk.training_server.training.run", place]
        subprocess.run(
            command,
            check=True,
            env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
            capture_output=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        lines = [line for line, _end in read_progress(folder.progress_file)]
    return [line["metrics"] for line in lines if line["kind"] == "checkpoint"], used


def row_of(settings: Settings | None, tries: list[tuple[list[dict[str, float]], float]]) -> str:
    """A row of the table, the mean of several seeds."""
    lowest, ends, epochs, right, seconds = [], [], [], [], []
    for figures, used in tries:
        losses = [each["full_valid_loss"] for each in figures]
        best = losses.index(min(losses))
        lowest.append(losses[best])
        ends.append(losses[-1])
        epochs.append(best + 1)
        right.append(figures[best]["full_valid_mean_token_accuracy"])
        seconds.append(used)
    mean = statistics.mean
    name = (
        "base model | | |"
        if settings is None
        else f"{settings.rate:g} | {settings.epochs} | {settings.batch} | {settings.rank}"
    )
    return (
        f"| {name} | {mean(lowest):.3f} | {mean(epochs):.1f} | {mean(ends):.3f} | "
        f"{mean(right):.1%} | {mean(seconds):.0f} |"
    )


def main() -> None:
    """Try all and print the table, a row at a time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--data", type=Path, nargs="+", default=[SAMPLE], metavar="FILE")
    parser.add_argument("--most", type=int, default=1000, metavar="N", help="rows of each file")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rates", type=float, nargs="+", default=[1, 2.5, 5, 10])
    parser.add_argument("--epochs", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--ranks", type=int, nargs="+", default=[16])
    options = parser.parse_args()
    model = options.model.resolve()
    for path in options.data:
        training, validation = split(path, options.most)
        print(f"\n{path.name}: {len(training)} + {len(validation)} examples\n")
        print(
            "| rate x | epochs | batch | rank | lowest loss | epoch | loss at end | right | CPU s |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        untrained = Settings(1e-9, 1, 8, 1)
        print(row_of(None, [train(model, training, validation, untrained, 1)]), flush=True)
        for rate, epochs, batch, rank in itertools.product(
            options.rates, options.epochs, options.batches, options.ranks
        ):
            settings = Settings(rate, epochs, batch, rank)
            tries = [train(model, training, validation, settings, seed) for seed in options.seeds]
            print(row_of(settings, tries), flush=True)


if __name__ == "__main__":
    main()
