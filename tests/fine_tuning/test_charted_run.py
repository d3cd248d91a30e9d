import csv
import io

import numpy as np
import pytest
from tests.fine_tuning.made_curves import falling, flat, made_chart, made_curves

from tunedesk.fine_tuning.charted_run import (
    ChartedRun,
    Line,
    curves_csv,
    lines,
    value_range,
)
from tunedesk.fine_tuning.curves import Points, RunCurves
from tunedesk.project.run_records import Metric


def looks(run, measure="loss", raw=True):
    return [(line.part, line.look, line.marked) for line in lines(run, 0, measure, raw=raw)]


def test_validation_of_all_examples_is_shown_as_measured():
    run = made_chart()
    assert looks(run) == [
        ("training", "raw", False),
        ("training", "strong", False),
        ("validation", "strong", True),
    ]
    assert lines(run, 0, "loss", raw=True)[2].points.values.tolist() == (
        run.curves.points("full_valid_loss").values.tolist()
    )
    assert looks(run, raw=False)[0][1] == "strong"


@pytest.mark.parametrize(("every", "is_whole"), [(20, True), (50, False), (1000, False)])
def test_validation_is_one_line_of_the_figures_that_the_advice_judges_by(every, is_whole):
    curves = made_curves(100, falling, batches=falling, full=falling, full_every=every)
    shown = lines(ChartedRun("a", curves), 0, "loss", raw=False)
    (validation,) = [line for line in shown if line.part == "validation"]
    judged = curves.validation()
    expected = judged if is_whole else judged.smoothed()
    assert validation.points.values.tolist() == expected.values.tolist()
    assert validation.marked == is_whole


def test_the_batches_stand_behind_the_line_that_is_made_of_them():
    few = made_curves(100, falling, batches=falling, full=falling, full_every=50)
    assert ("validation", "raw", False) in looks(ChartedRun("a", few))
    many = made_curves(100, falling, batches=falling, full=falling, full_every=20)
    assert ("validation", "raw", False) not in looks(ChartedRun("a", many))


def test_a_few_figures_are_shown_as_marked_points():
    run = ChartedRun("a", RunCurves.from_metrics([Metric(1, 2.0), Metric(2, 1.5)]))
    assert looks(run) == [("training", "strong", True)]
    assert looks(run, "accuracy") == []


def test_room_for_what_is_still_to_come():
    assert made_chart(steps=60, total=120).end == 60
    assert ChartedRun("a", made_curves(60, falling), (), 120, 3).end == 120
    assert ChartedRun("a", made_curves(60, falling), (), 120, 3).epoch_starts == [(2, 40), (3, 80)]


def test_a_wild_figure_does_not_flatten_the_others():
    curves = made_curves(400, flat)
    values = curves.train_loss.copy()
    values[200] = 900.0
    raw = Line(0, "training", "raw", Points(curves.steps, values))
    low, high = value_range([raw], None) or (0, 0)
    assert 1 < low < 1.8 < high < 3


def test_the_range_is_that_of_the_steps_shown():
    line = Line(0, "training", "strong", Points(np.arange(1, 5), np.array([9.0, 3.0, 2.0, 1.0])))
    assert value_range([line], None) == (1.0, 9.0)
    assert value_range([line], (2, 3)) == (2.0, 3.0)
    assert value_range([line], (7, 9)) is None
    assert value_range([], None) is None


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_figure_to_its_last_digit_and_blanks_for_what_is_absent():
    run = ChartedRun(
        "a", RunCurves.from_metrics([Metric(1, 0.1 + 0.2), Metric(2, full_valid_loss=1e-300)])
    )
    found = rows(curves_csv([run]))
    assert [row["step"] for row in found] == ["1", "2"]
    assert float(found[0]["train_loss"]) == 0.1 + 0.2
    assert found[1]["train_loss"] == ""
    assert float(found[1]["full_valid_loss"]) == 1e-300


def test_several_runs_say_whose_a_line_is():
    found = rows(curves_csv([made_chart("one, two"), made_chart("three")]))
    assert len(found) == 240
    assert {row["run"] for row in found} == {"one, two", "three"}
