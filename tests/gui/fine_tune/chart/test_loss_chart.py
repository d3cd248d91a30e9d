import subprocess
import sys

import numpy as np
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from tests.fine_tuning.made_curves import falling, made_chart, made_curves

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric


def drawn(chart):
    """The steps and figures of each line of the losses, as pyqtgraph has them."""
    return [curve.getOriginalDataset() for curve in chart.curve_view.loss._curves]


def test_before_there_are_figures_it_says_what_comes(chart):
    assert chart.accessibleName() == "Loss chart"
    assert chart.accessibleDescription() == "No figures yet."
    assert chart.curve_view is None
    assert not chart.smooth.isVisible()
    chart.show_runs([ChartedRun("a", RunCurves.from_metrics([]))])
    assert chart.curve_view is None


def test_the_module_can_be_imported_without_numpy_and_pyqtgraph():
    code = (
        "import sys; import tunedesk.gui.fine_tune.chart.loss_chart,"
        " tunedesk.gui.fine_tune.run_cards;"
        "print([name for name in ('numpy', 'pyqtgraph') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_run_is_drawn_with_its_real_figures(chart):
    run = made_chart()
    chart.show_runs([run])
    raw, smoothed, valid = drawn(chart)
    assert np.array_equal(raw[1], run.curves.train_loss)
    assert np.array_equal(smoothed[1], run.curves.points("train_loss").smoothed().values)
    assert valid[0].tolist() == [20, 40, 60, 80, 100, 120]
    assert chart._legend.texts() == [
        "training",
        "validation, each point all held-back examples",
        "checkpoint",
    ]


def test_the_latest_figures_and_the_advice_are_told_to_those_who_cannot_see_it(chart):
    run = ChartedRun("a", RunCurves.from_metrics([Metric(1, 2.5), Metric(2, 1.5, None, 1.25)]))
    chart.set_gist("It goes well.")
    chart.show_runs([run])
    said = "Step 2, training loss 1.50, validation loss 1.25. It goes well."
    assert chart.accessibleDescription() == said
    assert chart.curve_view.accessibleDescription() == said


def test_smooth_alone_or_with_the_raw_figures(chart):
    chart.show_runs([made_chart()])
    assert chart.raw.isChecked()
    chart.smooth.click()
    assert not chart.raw.isChecked()
    assert len(drawn(chart)) == 2
    chart.raw.click()
    assert len(drawn(chart)) == 3


def test_without_accuracies_there_is_nothing_to_choose(chart):
    chart.show_runs([ChartedRun("a", made_curves(30, falling))])
    assert not chart.accuracy.isEnabled()


def test_new_figures_are_drawn_a_few_times_a_second(chart, qtbot):
    chart.show_runs([made_chart(steps=100)])
    for steps in range(101, 111):
        chart.show_runs([made_chart(steps=steps)])
    assert len(drawn(chart)[0][0]) == 100
    qtbot.waitUntil(lambda: len(drawn(chart)[0][0]) == 110)


def test_a_chart_that_cannot_be_seen_is_drawn_when_it_can(chart, window):
    window.hide()
    chart.show_runs([made_chart()])
    assert chart.curve_view is None
    window.show()
    assert len(drawn(chart)) == 3


def test_it_follows_the_theme_at_once(chart, theme):
    chart.show_runs([made_chart()])
    panel = chart.curve_view.loss
    assert panel._curves[1].opts["pen"].color() == theme.color("run_1")
    light = theme.color("run_1")
    theme.set_choice("dark")
    assert theme.color("run_1") != light
    assert panel._curves[1].opts["pen"].color() == theme.color("run_1")
    assert chart.curve_view.canvas.backgroundBrush().color() == theme.color("surface")


def test_back_to_nothing(chart):
    chart.show_runs([made_chart()])
    chart.show_nothing("Waiting", "The service checks the file.")
    assert not chart.raw.isVisible()
    assert chart.accessibleDescription() == "No figures yet."
    chart.show_runs([made_chart()])
    assert chart._stack.currentIndex() == 0 or chart.raw.isVisible()


def test_every_control_has_its_name(chart):
    chart.show_runs([made_chart()])
    names = [button.accessibleName() for button in chart.buttons()]
    assert names == ["Fit", "Smooth", "Raw + smooth", "Log", "Accuracy", "Table", "Save picture"]
    assert all(button.toolTip() for button in chart.buttons())
    assert all(button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in chart.buttons())


def test_the_frame_says_that_the_keys_go_here(chart, window):
    chart.show_runs([made_chart()])
    chart.setFocus()
    assert chart.curve_view.hasFocus()
    assert chart.property("tone") == "accent"
    window.field.setFocus()
    assert chart.property("tone") == ""


def test_it_brings_no_widget_that_belongs_to_no_window(chart):
    """Such widgets die whenever Python likes, even while Qt goes through all widgets."""
    before = set(QApplication.allWidgets())
    chart.show_runs([made_chart()])
    chart.accuracy.click()
    new = set(QApplication.allWidgets()) - before
    loose = [widget for widget in new if not chart.window().isAncestorOf(widget)]
    assert [widget for widget in loose if shiboken6.ownedByPython(widget)] == []
