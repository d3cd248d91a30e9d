import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.fine_tuning.made_curves import falling, made_metrics

from tunedesk.fine_tuning.curves import (
    Points,
    RunCurves,
    epoch_starts,
    format_accuracy,
    format_loss,
    smooth,
    smoothing_reach,
    spread,
    thinned,
)
from tunedesk.project.run_records import Metric

NAMES = (
    "steps",
    "train_loss",
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "full_valid_loss",
    "full_valid_accuracy",
)
figures = st.one_of(st.none(), st.floats(0, 100))
metrics = st.lists(
    st.builds(Metric, st.integers(1, 40), figures, figures, figures, figures, figures, figures),
    max_size=30,
)
losses = arrays(float, st.integers(1, 60), elements=st.floats(0.001, 1000))


def same(one: RunCurves, other: RunCurves) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "steps")
        for name in NAMES
    )


def test_absent_figures_are_nan_and_are_left_out_of_points():
    curves = RunCurves.from_metrics([Metric(1, 2.5), Metric(2), Metric(3, 1.5, full_valid_loss=2)])
    assert math.isnan(curves.train_loss[1])
    assert curves.points("train_loss").steps.tolist() == [1, 3]
    assert curves.points("full_valid_loss").values.tolist() == [2.0]
    assert curves.last_step == 3


def test_nothing_makes_empty_curves():
    curves = RunCurves.from_metrics([])
    assert len(curves) == 0
    assert curves.last_step == 0
    assert curves.nearest(5) is None


def test_of_a_step_told_twice_each_last_figure_counts():
    curves = RunCurves.from_metrics(
        [Metric(2, 1.0), Metric(1, 3.0, valid_loss=3.1), Metric(1, 2.9), Metric(2, valid_loss=1.2)]
    )
    assert curves.steps.tolist() == [1, 2]
    assert curves.train_loss.tolist() == [2.9, 1.0]
    assert curves.valid_loss.tolist() == [3.1, 1.2]


@given(metrics, metrics)
def test_more_figures_give_the_same_as_all_at_once(first, second):
    grown = RunCurves.from_metrics(first).with_more(second)
    assert same(grown, RunCurves.from_metrics([*first, *second]))


@given(metrics)
def test_steps_rise_and_none_is_lost(given_metrics):
    curves = RunCurves.from_metrics(given_metrics)
    assert curves.steps.tolist() == sorted({metric.step for metric in given_metrics})


def test_more_figures_of_a_long_run_leave_the_old_ones_alone():
    old = made_metrics(1000, falling)
    curves = RunCurves.from_metrics(old)
    before = curves.train_loss.copy()
    grown = curves.with_more([Metric(1001, 0.4), Metric(1000, full_valid_loss=0.9)])
    assert len(grown) == 1001
    assert grown.full_valid_loss[999] == 0.9
    assert np.array_equal(curves.train_loss, before)
    assert len(curves) == 1000


def test_the_validation_to_judge_by_is_that_of_all_examples():
    both = [Metric(s, 1.0, None, 2.0, None, 3.0 if s % 2 == 0 else None) for s in range(1, 9)]
    assert RunCurves.from_metrics(both).validation().values.tolist() == [3.0] * 4
    few = [Metric(s, 1.0, None, 2.0, None, 3.0 if s == 4 else None) for s in range(1, 9)]
    assert RunCurves.from_metrics(few).validation().values.tolist() == [2.0] * 8


@pytest.mark.parametrize(("step", "place"), [(0, 0), (11, 0), (16, 1), (15, 0), (99, 2)])
def test_the_nearest_step(step, place):
    curves = RunCurves.from_metrics([Metric(10, 1.0), Metric(20, 1.0), Metric(30, 1.0)])
    assert curves.nearest(step) == place


@given(losses, st.floats(0.3, 30))
def test_smoothing_stays_between_the_lowest_and_the_highest(values, reach):
    calm = smooth(values, reach)
    assert len(calm) == len(values)
    assert np.all(calm >= values.min() * (1 - 1e-9))
    assert np.all(calm <= values.max() * (1 + 1e-9))


@given(losses, st.floats(0.3, 30))
def test_the_last_smoothed_point_is_that_of_exponential_smoothing_with_correction(values, reach):
    keep = math.exp(-1 / reach)
    total = weight = 0.0
    for value in values:
        total, weight = keep * total + (1 - keep) * value, keep * weight + (1 - keep)
    assert smooth(values, reach)[-1] == pytest.approx(total / weight, rel=1e-6)


@given(losses, st.floats(0.5, 20), st.floats(0.01, 100))
def test_smoothing_knows_no_scale_and_no_direction(values, reach, scale):
    calm = smooth(values, reach)
    assert np.allclose(smooth(values * scale, reach), calm * scale)
    assert np.allclose(smooth(values[::-1], reach)[::-1], calm)


def test_smoothing_leaves_a_minimum_where_it_is():
    steps = np.arange(400)
    valley = 1.0 + ((steps - 150) / 200.0) ** 2
    assert abs(int(np.argmin(smooth(valley))) - 150) <= 2


def test_smoothing_takes_away_most_of_the_noise_of_a_long_run():
    noise = 2.0 + np.random.default_rng(1).standard_normal(100_000)
    assert np.std(smooth(noise)) < 0.02


def test_a_handful_of_points_is_not_smoothed():
    values = np.array([3.0, 1.0, 2.0])
    assert smoothing_reach(3) == 0
    assert smooth(values).tolist() == values.tolist()


@given(losses, st.integers(8, 40))
def test_thinning_keeps_ends_and_extremes(values, most):
    points = Points(np.arange(len(values)), values)
    few = thinned(points, most)
    assert len(few) <= max(most, 8)
    assert {few.steps[0], few.steps[-1]} == {points.steps[0], points.steps[-1]}
    assert few.values.min() == values.min()
    assert few.values.max() == values.max()
    assert np.array_equal(few.values, values[few.steps])
    assert np.all(np.diff(few.steps) > 0)


def test_a_part_of_a_curve_and_a_single_figure():
    points = Points(np.array([2, 4, 6]), np.array([0.2, 0.4, 0.6]))
    assert points.between(3, 6).steps.tolist() == [4, 6]
    assert points.between(4, None).steps.tolist() == [4, 6]
    assert points.at(4) == 0.4
    assert points.at(5) is None


@pytest.mark.parametrize(
    ("total", "epochs", "starts"),
    [
        (309, 3, [(2, 103), (3, 206)]),
        (300, 1, []),
        (None, 3, []),
        (300, None, []),
        (2, 3, []),
    ],
)
def test_the_beginnings_of_the_epochs(total, epochs, starts):
    assert epoch_starts(total, epochs) == starts


def test_spread_is_the_noise_and_not_the_fall_nor_the_outliers():
    chance = np.random.default_rng(3)
    line = np.linspace(5, 1, 2000)
    noisy = line + 0.1 * chance.standard_normal(2000)
    noisy[::100] = 50
    assert spread(noisy) == pytest.approx(0.1, rel=0.1)
    assert spread(line) < 0.01


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.117, "1.12"),
        (0.0342, "0.034"),
        (0.0, "0.00"),
        (12345.6, "12,346"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_losses(value, words):
    assert format_loss(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.873, "87 %"), (0.9964, "99.6 %"), (1.0, "100.0 %"), (0.0, "0 %")]
)
def test_accuracies(value, words):
    assert format_accuracy(value) == words
