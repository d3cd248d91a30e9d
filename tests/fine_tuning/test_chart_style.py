"""What every drawing of a chart shares: colours that all eyes tell apart, marks, legend, ticks."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fine_tuning.made_curves import falling, made_chart, made_curves

from tunedesk.fine_tuning.chart_style import (
    RUN_COLORS,
    chart_palette,
    color_name,
    format_ticks,
    legend,
    log_ticks,
    marks,
    percent_ticks,
    step_ticks,
    ticks,
)
from tunedesk.fine_tuning.charted_run import ChartedRun, Line
from tunedesk.fine_tuning.curves import NO_POINTS

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(color: str) -> np.ndarray:
    share = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(color: str, sight: str) -> np.ndarray:
    """The colour as it is seen, in CIELAB."""
    seen = np.clip(SIGHTS[sight] @ linear(color), 0, 1)
    part = (TO_XYZ @ seen) / WHITE
    root = np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def apart(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_tells_training_from_validation_and_both_from_the_ground(scheme, sight):
    ink = chart_palette(scheme)
    blue, orange, ground = ink["run_1"], ink["validation_curve"], ink["surface"]
    assert apart(blue, orange, sight) > 40
    assert apart(blue, ground, sight) > 40
    assert apart(orange, ground, sight) > 40


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_tells_the_runs_apart(scheme, sight):
    """A distance of 10 in CIELAB is seen at a glance; marks and names say the rest."""
    ink = chart_palette(scheme)
    runs = [ink[f"run_{number}"] for number in range(1, RUN_COLORS + 1)]
    close = {
        (runs.index(one) + 1, runs.index(other) + 1): round(apart(one, other, sight))
        for one, other in itertools.combinations(runs, 2)
        if apart(one, other, sight) < 10
    }
    assert close == {}


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_ticks_lie_between_and_are_not_too_many(low, width, most):
    high = low + width
    found = ticks(low, high, most)
    assert len(found) <= most + 1
    assert all(low - width * 1e-6 <= value <= high + width * 1e-6 for value in found)


@given(st.floats(1e-4, 1e3), st.floats(1.05, 1e5), st.integers(3, 12))
def test_log_ticks_are_positive_and_not_too_many(low, factor, most):
    found = log_ticks(low, low * factor, most)
    assert len(found) <= most + 1
    assert all(low * 0.999 <= value <= low * factor * 1.001 for value in found)


def test_the_ticks_of_a_loss():
    assert ticks(0.4, 3.2, 7) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    assert format_ticks(ticks(0.4, 3.2, 7)) == ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]
    assert log_ticks(0.3, 6, 8) == pytest.approx([0.5, 1, 2, 5])
    assert log_ticks(0.001, 900, 8) == pytest.approx([10.0**k for k in range(-3, 3)])
    assert format_ticks([1000.0, 2000.0]) == ["1,000", "2,000"]
    assert format_ticks([0.001, 0.1, 1.0, 10.0]) == ["0.001", "0.1", "1", "10"]
    assert format_ticks([0.5, 1.0, 2.0, 5.0]) == ["0.5", "1", "2", "5"]


def test_where_a_logarithmic_axis_spans_little_it_has_the_ticks_of_a_linear_one():
    assert log_ticks(1.02, 1.31, 6) == pytest.approx([1.05, 1.1, 1.15, 1.2, 1.25, 1.3])


def test_steps_are_whole():
    assert step_ticks(0, 3, 10) == pytest.approx([0, 1, 2, 3])
    assert all(math.isclose(value, round(value)) for value in step_ticks(0, 309, 9))


def test_nothing_between_nothing():
    assert ticks(1, 1, 5) == []
    assert log_ticks(-1, 5, 5) == []
    assert format_ticks([]) == []
    assert format_ticks([0.0]) == ["0"]


def test_shares_stand_in_percent():
    assert percent_ticks([0.25, 0.5, 0.75]) == ["25 %", "50 %", "75 %"]


def test_one_run_is_blue_and_orange_and_several_have_a_colour_each():
    train = Line(1, "training", "strong", NO_POINTS)
    valid = Line(1, "validation", "strong", NO_POINTS)
    assert [color_name(line, 1) for line in (train, valid)] == ["run_1", "validation_curve"]
    assert [color_name(line, 2) for line in (train, valid)] == ["run_2", "run_2"]
    assert color_name(Line(6, "training", "strong", NO_POINTS), 7) == "run_1"


def test_a_run_alone_has_its_epochs_and_checkpoints_marked():
    run = ChartedRun("a", made_curves(60, falling), (60, 40, 20), 60, 3, best_checkpoint=40)
    assert [(mark.step, mark.kind, mark.label) for mark in marks([run], "loss")] == [
        (20, "epoch", "epoch 2"),
        (40, "epoch", "epoch 3"),
        (20, "checkpoint", ""),
        (60, "checkpoint", ""),
        (40, "best", ""),
    ]
    assert {mark.label for mark in marks([run], "accuracy")} == {""}
    assert marks([run, run], "loss") == []


def test_many_epochs_lose_their_numbers_and_then_their_marks():
    nine = ChartedRun("a", made_curves(100, falling), (), 100, 10)
    assert {mark.label for mark in marks([nine], "loss")} == {""}
    fifty = ChartedRun("a", made_curves(100, falling), (), 100, 50)
    assert marks([fifty], "loss") == []


def test_the_legend_says_which_line_is_what():
    alone = legend([made_chart("a")])
    assert [(entry.text, entry.color, entry.look) for entry in alone][:2] == [
        ("training", "run_1", "line"),
        ("validation, each point all held-back examples", "validation_curve", "dashes"),
    ]
    assert all(entry.explanation for entry in alone)
    assert [(entry.text, entry.color) for entry in legend([made_chart("a"), made_chart("b")])] == [
        ("a", "run_1"),
        ("b", "run_2"),
        ("validation", "text_muted"),
    ]
    assert legend([]) == []
