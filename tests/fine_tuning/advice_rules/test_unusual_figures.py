import numpy as np
import pytest
from tests.fine_tuning.made_curves import (
    TOTAL,
    codes,
    falling,
    logged,
    made_metrics,
    said,
)

from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric


@pytest.mark.parametrize("spoilt", [None, float("nan"), float("inf")])
def test_no_number_any_more(spoilt):
    metrics = made_metrics(80, falling, total=TOTAL)
    metrics[60:] = [metric._replace(train_loss=spoilt) for metric in metrics[60:]]
    found = said(RunCurves.from_metrics(metrics), checkpoints=(50,))[0]
    assert (found.code, found.checkpoint_step) == ("not_a_number", 50)
    assert "After step 60" in found.sentence


def test_a_last_line_with_validation_alone_is_not_the_end_of_numbers():
    metrics = made_metrics(80, falling, total=TOTAL)
    metrics[-1] = metrics[-1]._replace(train_loss=None, full_valid_loss=1.0)
    assert "not_a_number" not in codes(RunCurves.from_metrics(metrics))


def test_training_loss_that_is_logged_seldom_is_no_end_of_numbers():
    metrics = [
        Metric(step, 1.0 if step % 500 == 0 else None, None, None, None, 0.9, None)
        for step in range(132, 1400, 132)
    ]
    metrics += [Metric(500 * n, 1.0 / n, None, None, None, None, None) for n in (1, 2)]
    seen = RunCurves.from_metrics(metrics)
    assert seen.last_step - 1000 > 300
    assert "not_a_number" not in codes(seen, total=4000)
    assert codes(seen.with_more([Metric(2300, None, None, None, None, 0.9, None)]), total=4000)[
        0
    ] == ("not_a_number")


def test_a_loss_of_exactly_zero_is_said_to_train_nothing():
    found = said(logged(*[1.5, 1.4, *[0.0] * 30]), total=320)[0]
    assert (found.code, found.tone) == ("zero_loss", "error")
    assert "exactly 0 from step 30 on" in found.sentence
    assert codes(logged(*[0.0] * 40), total=400)[0] == "zero_loss"


@pytest.mark.parametrize("length", [4, 5, 10, 100])
def test_lost_within_a_few_steps(length):
    rows = logged(1.64, *([11.8, 11.6, 10.4] + [10.3] * (length - 4)), every=1)
    found = said(rows, total=length)[0]
    assert (found.code, found.tone) == ("lost_at_once", "error")
    assert "from 1.64 to 11.80 after step 1" in found.sentence


def test_a_start_like_guessing_is_remarked():
    rows = logged(*(10.4 * np.exp(-0.02 * np.arange(50))))
    assert "high_start" in codes(rows, total=1000)
    assert "high_start" not in codes(logged(*(4.0 * np.exp(-0.02 * np.arange(50)))), total=1000)


def test_losses_on_two_scales_are_remarked():
    figures = [(5.0 - 0.01 * n, 0.30 - 0.002 * n if n % 10 == 9 else None) for n in range(50)]
    found = said(logged(*figures), total=1000, epochs=2)
    assert "different_scales" in [one.code for one in found]
    by_heart = [(2.0 * 0.9**n, 1.5 if n % 10 == 9 else None) for n in range(50)]
    assert "different_scales" not in codes(logged(*by_heart), total=500, epochs=50)


def test_values_around_zero_are_no_loss():
    chance = np.random.default_rng(0)
    found = said(logged(*(0.01 * chance.standard_normal(40))), total=800, validates=True)
    assert [one.code for one in found] == ["not_a_loss"]
