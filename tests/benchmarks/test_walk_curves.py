import csv

import numpy as np
import pytest
from tests.benchmarks.walk_curves import CAN_BE_REFUTED, refutes, walk

from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric


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
    assert sum(found.ends.values()) == 2


@pytest.mark.parametrize("code", sorted(CAN_BE_REFUTED))
def test_every_counted_finding_can_be_refuted_and_can_stand(code):
    def curves(train, full):
        return RunCurves.from_metrics(
            Metric(step, one, None, None, None, whole, None)
            for step, (one, whole) in enumerate(zip(train, full, strict=True), 1)
        )

    begun = [1.0] * 40
    better, worse = [0.5] * 40, [2.0] * 40
    refuted = {
        later: refutes(curves(begun + values, begun + values), curves(begun, begun), code)
        for later, values in (("better", better), ("worse", worse))
    }
    assert sorted(refuted.values()) == [False, True]


def test_epochs_may_be_taken_as_unknown(tmp_path):
    train = [1.0 - 0.0015 * n for n in range(100)]
    full = {10 * n + 9: 0.9 if n < 3 else 1.1 for n in range(10)}
    write(tmp_path / "rises.csv", train, full)
    (tmp_path / "runs.csv").write_text("file,total_steps,epochs\nrises.csv,1000,5\n")
    assert walk(tmp_path).looks["overfitting"] > 0
    assert walk(tmp_path, epochs_known=False).looks["overfitting"] == 0
