import itertools
import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fine_tuning.made_curves import falling, made_chart, made_curves

from tunedesk.fine_tuning.chart_svg import (
    chart_palette,
    chart_svg,
    format_ticks,
    log_ticks,
    step_ticks,
    ticks,
)
from tunedesk.fine_tuning.charted_run import RUN_COLORS, ChartedRun, ChartView
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [part.text or "" for part in parsed(svg).iter(f"{SVG}text")]


def paths(svg: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, pair.split(","))) for pair in part.attrib["points"].split()]
        for part in parsed(svg).iter(f"{SVG}polyline")
    ]


def test_a_run_with_its_axes_legend_and_epochs():
    svg = chart_svg([made_chart()], title="Loss of pharmacy-v4")
    found = texts(svg)
    assert found[:4] == ["Loss of pharmacy-v4", "training", "validation", "checkpoint"]
    assert {"epoch 2", "epoch 3", "step", "0", "120"} <= set(found)
    assert len(paths(svg)) == 3
    assert len(list(parsed(svg).iter(f"{SVG}circle"))) == 6


def test_everything_stands_within_the_picture():
    for view in (
        ChartView(),
        ChartView(log=True, accuracy=True),
        ChartView(raw=False, steps=(30.5, 70)),
    ):
        for path in paths(chart_svg([made_chart(noise=1.0)], view, width=700, height=300)):
            assert all(59 <= x <= 679 and 51 <= y <= 257 for x, y in path)


def test_a_part_of_the_steps_reaches_from_border_to_border():
    path = paths(chart_svg([made_chart()], ChartView(raw=False, steps=(30.5, 70))))[0]
    assert (path[0][0], path[-1][0]) == (60.0, 938.0)


def test_several_runs_have_their_names_and_colours():
    svg = chart_svg([made_chart("one"), made_chart("two & <three>")])
    assert texts(svg)[:3] == ["one", "two & <three>", "validation"]
    ink = chart_palette()
    assert ink["run_1"] in svg
    assert ink["run_2"] in svg


def test_dark():
    assert chart_palette("dark")["surface"] in chart_svg([made_chart()], ink=chart_palette("dark"))


@settings(max_examples=50)
@given(st.text(), st.text())
def test_any_name_gives_well_formed_svg(name, title):
    run = made_chart(name)
    assert parsed(chart_svg([run, run], title=title)).tag == f"{SVG}svg"


def test_data_cannot_become_markup():
    svg = chart_svg([made_chart("a")], title='<script>alert("x")</script>')
    assert "<script" not in svg


def test_a_long_run_makes_a_small_picture():
    run = ChartedRun("long", made_curves(100_000, falling, noise=0.3))
    assert len(chart_svg([run])) < 200_000


@pytest.mark.parametrize(
    "metrics", [[], [Metric(1, 2.0)], [Metric(1, 0.0), Metric(2, 0.0)], [Metric(1)]]
)
@pytest.mark.parametrize("view", [ChartView(), ChartView(log=True, accuracy=True)])
def test_next_to_nothing_can_be_drawn(metrics, view):
    run = ChartedRun("a", RunCurves.from_metrics(metrics))
    assert parsed(chart_svg([run], view)).tag == f"{SVG}svg"


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
