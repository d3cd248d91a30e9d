import csv

import numpy as np
from tests.benchmarks.walk_curves import walk


def write(path, train, full):
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["step", "train_loss", "full_valid_loss"])
        for number, loss in enumerate(train):
            rows.writerow([10 * (number + 1), loss, full.get(number, "")])


def test_what_came_later_refutes_what_was_said(tmp_path):
    """Validation stands still for long, and falls on after that."""
    train = 2.0 * 0.97 ** np.arange(100)
    levels = [1.0, 0.8, *[0.7] * 6, 0.5, 0.4]
    write(tmp_path / "late.csv", train, {10 * n + 9: value for n, value in enumerate(levels)})
    write(tmp_path / "good.csv", train, {10 * n + 9: 1.0 - 0.05 * n for n in range(10)})
    (tmp_path / "runs.csv").write_text("file,total_steps,epochs\nlate.csv,1000,5\n")
    found = walk(tmp_path)
    assert found.looks["enough"] >= found.refuted["enough"] >= 1
    assert found.refuted["good"] == 0
    assert sum(found.ends.values()) == 2
