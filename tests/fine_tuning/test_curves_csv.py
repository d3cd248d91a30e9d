import csv
import io

from tests.fine_tuning.made_curves import made_chart

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.curves_csv import curves_csv
from tunedesk.project.run_records import Metric


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
