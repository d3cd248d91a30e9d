import numpy as np
import pytest
from tests.fine_tuning.made_curves import made_chart, made_curves

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric


def drawn(chart):
    """The steps and figures of each line of the losses, as pyqtgraph has them."""
    return [curve.getOriginalDataset() for curve in chart.curve_view.loss._curves]


def test_log(chart):
    run = made_chart()
    chart.show_runs([run])
    chart.log.click()
    assert np.allclose(drawn(chart)[0][1], np.log10(run.curves.train_loss))
    low, high = chart.curve_view.loss.box.viewRange()[1]
    assert low < np.log10(0.6) < high < 1
    axis = chart.curve_view.loss._values
    found = axis.tickValues(low, high, 300)[0][1]
    assert axis.tickStrings(found, 1, 1) == ["0.5", "1", "2"]


def test_a_loss_of_nothing_cannot_stand_on_a_logarithmic_axis(chart):
    chart.show_runs([ChartedRun("a", RunCurves.from_metrics([Metric(1, 0.0), Metric(2, 1.0)]))])
    chart.log.click()
    assert drawn(chart)[0][1].tolist() == [0.0]


def test_accuracy_has_an_axis_of_its_own(chart):
    run = made_chart()
    chart.show_runs([run])
    chart.accuracy.click()
    panel = chart.curve_view.accuracy
    assert np.array_equal(panel.lines[0].points.values, run.curves.train_accuracy)
    assert panel.box.viewRange()[0] == chart.curve_view.loss.box.viewRange()[0]
    low, high = panel.box.viewRange()[1]
    assert 0 < high < 1.1
    assert low < high
    chart.accuracy.click()
    assert not panel.plot.isVisible()
    assert panel.plot.scene() is chart.curve_view.canvas.scene()


def test_the_figures_fill_the_height_of_the_steps_shown(chart):
    chart.show_runs([made_chart(steps=120)])
    whole = chart.curve_view.loss.box.viewRange()[1]
    chart.curve_view.show_steps(100, 120)
    low, high = chart.curve_view.loss.box.viewRange()[1]
    assert high - low < (whole[1] - whole[0]) / 4


def test_many_points_are_drawn_as_finely_as_there_is_room_for(chart, qtbot):
    steps = np.arange(1, 100_001)
    metrics = [Metric(int(step), train_loss=2.0 + step % 7) for step in steps]
    chart.show_runs([ChartedRun("a", RunCurves.from_metrics(metrics))])
    panel = chart.curve_view.loss
    raw = next(
        curve for curve, line in zip(panel._curves, panel.lines, strict=True) if line.look == "raw"
    )
    qtbot.waitUntil(lambda: len(raw.curve.getData()[0]) > 0)
    narrow = len(raw.curve.getData()[0])
    chart.window().resize(1900, 560)
    qtbot.waitUntil(lambda: panel.box.width() > 1600)
    assert len(raw.curve.getData()[0]) > 1.5 * narrow


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
def test_the_axes_are_called_what_they_are_whatever_the_figures(chart, scale):
    curves = made_curves(60, lambda at: scale * (2 - at), accuracy=True)
    chart.show_runs([ChartedRun("a", curves)])
    chart.accuracy.click()
    titles = [
        axis.label.toPlainText().strip()
        for panel in (chart.curve_view.loss, chart.curve_view.accuracy)
        for axis in (panel._values, panel._steps)
    ]
    assert titles == ["Loss", "Step", "Accuracy", "Step"]
