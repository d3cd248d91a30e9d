import numpy as np
import pytest
from tests.fine_tuning.made_curves import falling_to_flat, flat, made_curves, turning

from tunedesk.fine_tuning.curve_analysis import (
    flat_since,
    last_part,
    levels,
    rise_of_measurements,
    rise_of_noisy,
    trend,
    value_near,
)
from tunedesk.fine_tuning.curves import Points


def points(*values: float) -> Points:
    return Points(np.arange(1, len(values) + 1), np.array(values))


def noisy(shape, steps=300, noise=0.1, seed=0) -> Points:
    return made_curves(steps, shape, noise=noise, seed=seed).points("train_loss")


def test_levels_are_equal_stretches_with_their_medians():
    found = levels(noisy(flat))
    assert len(found) == 12
    assert (found[0].first, found[-1].last) == (1, 300)
    assert all(level.value == pytest.approx(1.8, rel=0.1) for level in found)
    assert levels(points(1, 2, 3)) == []


def test_the_error_of_a_level_is_what_repeated_runs_show():
    medians = [levels(noisy(flat, 240, seed=seed), 6)[2] for seed in range(200)]
    spread = np.std([level.value for level in medians])
    assert np.median([level.error for level in medians]) == pytest.approx(spread, rel=0.25)


def test_a_trend_and_its_error():
    line = trend(points(*np.linspace(3, 1, 50)))
    assert line.change == pytest.approx(-2)
    assert line.falls
    changes = [trend(noisy(flat, 100, seed=seed)) for seed in range(200)]
    error = np.std([found.change for found in changes])
    assert np.median([found.error for found in changes]) == pytest.approx(error, rel=0.25)
    assert sum(found.falls for found in changes) <= 4


def test_one_wild_figure_is_no_trend():
    values = np.full(60, 1.0)
    values += 0.01 * np.random.default_rng(0).standard_normal(60)
    values[-1] = 500.0
    assert trend(points(*values)).is_still(0.05)


def test_of_next_to_nothing_there_is_no_trend():
    assert trend(points(2, 1)).change == 0
    assert trend(Points(np.array([], dtype=int), np.array([]))).level == 0


def test_flat_since():
    since = flat_since(noisy(falling_to_flat))
    assert since is not None
    assert 26 <= since <= 120
    assert flat_since(noisy(lambda at: 3 - 2 * at)) is None


def test_a_rise_of_exact_figures():
    found = rise_of_measurements(points(2.0, 1.0, 1.1, 1.2))
    assert found is not None
    assert (found.since, found.lowest, found.now) == (2, 1.0, 1.2)
    assert found.share == pytest.approx(0.2)
    assert rise_of_measurements(points(2.0, 1.0, 1.03)) is None
    assert rise_of_measurements(points(2.0, 1.0, 1.05)) is None
    assert rise_of_measurements(points(2.0, 1.0, 1.07)) is not None
    assert rise_of_measurements(points(2.0, 1.5, 1.0)) is None
    assert rise_of_measurements(points(1.0)) is None


def test_a_rise_within_the_wobble_of_exact_figures_is_none():
    assert rise_of_measurements(points(1.0, 1.2, 0.9, 1.15, 0.95, 1.2, 0.92, 1.0)) is None


def test_a_rise_of_noisy_figures():
    found = rise_of_noisy(noisy(turning))
    assert found is not None
    assert 75 <= found.since <= 170
    assert rise_of_noisy(noisy(falling_to_flat)) is None
    assert rise_of_noisy(points(1, 2, 3)) is None


def test_parts_and_places():
    line = points(4, 3, 2, 1)
    assert last_part(line, 0.5).values.tolist() == [2, 1]
    assert value_near(line, 2.5) == pytest.approx(2.5)
