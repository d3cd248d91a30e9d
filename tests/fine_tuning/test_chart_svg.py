from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fine_tuning.made_curves import falling, made_chart, made_curves

from tunedesk.fine_tuning.chart_style import chart_palette
from tunedesk.fine_tuning.chart_svg import chart_svg
from tunedesk.fine_tuning.charted_run import ChartedRun, ChartView
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
    assert found[:4] == [
        "Loss of pharmacy-v4",
        "training",
        "validation, each point all held-back examples",
        "checkpoint",
    ]
    assert {"epoch 2", "epoch 3", "Loss", "Step", "0", "120"} <= set(found)
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
    assert chart_palette("dark")["surface"] in chart_svg(
        [made_chart()], colors=chart_palette("dark")
    )


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
