"""Walks the curves of finished runs, and counts what the advice said and had to take back.

Run as `python walk_curves.py FOLDER`: a folder of CSV files, one a run, with the columns step,
train_loss and, where there are any, valid_loss (a batch of the held-back examples) and
full_valid_loss (all of them). What is told of each run, its file, total_steps, epochs and method,
is read from `runs.csv` in the folder or else from `walked_runs.csv` beside this file. Prints two
tables, with known and with unknown epochs (as of runs that are brought in): for each finding how
often it was said, how often what came later refuted it ("–" where nothing later can), and of how
many runs it was said at the end.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tunedesk.fine_tuning.advice import advice
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric, RunCheckpoint

LOOKS = 20
"""So many looks at a run, beside one at each validation figure."""
NEW_LOW = 0.02
"""Validation loss that falls this much below its lowest refutes that it was past it."""
FELL_ON = 0.05
"""Training loss that falls this much on refutes that it stood still."""
DIRECTION = {"overfitting", "both_rise", "enough", "past_best"}
RISING = {"good"}
FALLING = {"still_falling", "more_epochs"}
LOST = {"not_a_number", "zero_loss", "lost_at_once", "diverging"}
STILL = {"not_learning", "flat"}
CAN_BE_REFUTED = DIRECTION | RISING | FALLING | LOST | STILL


@dataclass
class Walk:
    """What was said of some runs.

    Attributes:
        looks: How often each finding was the first.
        refuted: How often what came later refuted it.
        ends: Of how many runs it was the first at their end.
    """

    looks: Counter[str] = field(default_factory=Counter)
    refuted: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)


def read_run(path: Path) -> list[Metric]:
    """The figures of a run; what is empty or not a number is none."""
    found = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            loss, batch, whole = (
                float(row[name]) if row.get(name) else None
                for name in ("train_loss", "valid_loss", "full_valid_loss")
            )
            found.append(Metric(int(float(row["step"])), loss, None, batch, None, whole, None))
    return found


def facts(folder: Path) -> dict[str, dict[str, str]]:
    """What `runs.csv` tells, by file name."""
    path = folder / "runs.csv"
    if not path.is_file():
        path = Path(__file__).with_name("walked_runs.csv")
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def walk(folder: Path, *, epochs_known: bool = True) -> Walk:
    """Look at all runs of a folder, again and again as their figures come."""
    told, counted = facts(folder), Walk()
    for path in sorted(folder.glob("*.csv")):
        if path.name == "runs.csv":
            continue
        of_run = told.get(path.name, {})
        metrics = read_run(path)
        total = int(of_run.get("total_steps") or 0) or metrics[-1].step
        epochs = (int(of_run.get("epochs") or 0) or None) if epochs_known else None
        method = of_run.get("method") or None
        whole = RunCurves.from_metrics(metrics)
        for step in looks(metrics):
            seen = RunCurves.from_metrics(one for one in metrics if one.step <= step)
            over = step >= total * 0.98
            steps = seen.validation().steps
            checkpoints = [RunCheckpoint(f"{at}", int(at), f"{at}") for at in steps]
            code = advice(seen, checkpoints, total, epochs, over, method=method)[0].code
            if step == metrics[-1].step:
                counted.ends[code] += 1
            else:
                counted.looks[code] += 1
                counted.refuted[code] += refutes(whole, seen, code)
    return counted


def looks(metrics: list[Metric]) -> Iterator[int]:
    """The steps at which a run is looked at: where validation came, a twentieth each, the end."""
    even = set(np.linspace(0, len(metrics) - 1, LOOKS + 1).astype(int)[1:])
    for number, metric in enumerate(metrics):
        measured = metric.valid_loss is not None or metric.full_valid_loss is not None
        if number in even or measured:
            yield metric.step


def refutes(whole: RunCurves, seen: RunCurves, code: str) -> bool:
    """Whether what came after a look speaks against what was said then."""
    valid = whole.validation().smoothed() if len(whole.validation()) > 60 else whole.validation()
    before = valid.between(0, seen.last_step).values
    after = valid.between(seen.last_step + 1, None).values
    if code in DIRECTION:
        return bool(len(before) and len(after) and after.min() < before.min() * (1 - NEW_LOW))
    if code in RISING:
        return bool(len(after) and after.min() > before.min() * (1 + NEW_LOW))
    train = whole.points("train_loss")
    earlier = train.between(0, seen.last_step).values
    end = train.values[-max(3, len(train) // 10) :]
    if code in LOST:
        return bool(np.median(end) <= np.min(earlier) * 1.1)
    if code in STILL:
        return bool(np.median(end) < np.median(earlier[-10:]) * (1 - FELL_ON))
    if code in FALLING:
        return bool(np.median(end) > np.median(earlier[-10:]) * (1 + NEW_LOW))
    return False


def main() -> None:
    """Walk the folder that is named, and print both tables."""
    for epochs_known in (True, False):
        print("Epochs known:\n" if epochs_known else "\nEpochs not known:\n")
        print_table(walk(Path(sys.argv[1]), epochs_known=epochs_known))


def print_table(counted: Walk) -> None:
    """Print what was counted."""
    print(
        "| finding | said on the way | refuted later | at the end of |\n| --- | --- | --- | --- |"
    )
    for code in sorted({*counted.looks, *counted.ends}):
        refuted = counted.refuted[code] if code in CAN_BE_REFUTED else "–"
        print(f"| {code} | {counted.looks[code]} | {refuted} | {counted.ends[code]} |")
    print(f"\n{sum(counted.ends.values())} runs, {sum(counted.looks.values())} looks on the way")


if __name__ == "__main__":
    main()
