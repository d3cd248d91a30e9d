import subprocess
import sys

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from tests.fine_tuning.made_curves import falling, made_chart, made_curves

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric


def drawn(chart):
    """The steps and figures of each line of the losses, as pyqtgraph has them."""
    return [curve.getOriginalDataset() for curve in chart.curve_view.loss._curves]


def place_of(chart, step):
    """Where a step stands on the canvas."""
    view = chart.curve_view
    scene = view.loss.box.mapViewToScene(QPointF(step, np.mean(view.loss.box.viewRange()[1])))
    return view.canvas.mapFromScene(scene)


def mouse(chart, kind, step, buttons=Qt.MouseButton.NoButton, button=Qt.MouseButton.NoButton):
    canvas = chart.curve_view.canvas.viewport()
    place = QPointF(place_of(chart, step))
    glob = QPointF(canvas.mapToGlobal(place.toPoint()))
    event = QMouseEvent(kind, place, glob, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, event)


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


def test_without_accuracies_there_is_nothing_to_choose(chart):
    chart.show_runs([ChartedRun("a", made_curves(30, falling))])
    assert not chart.accuracy.isEnabled()


def test_the_keys(chart, qtbot):
    chart.show_runs([made_chart(steps=120)])
    view = chart.curve_view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.step == 1
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.step == 2
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.step == 12
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.step == 11
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.step == 120
    assert not chart.fit.isEnabled()
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert chart.fit.isEnabled()
    first, last = view.view.steps
    assert last - first == pytest.approx(120 / 1.4)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.view.steps is None
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.step is None


def test_the_crosshair_keeps_within_what_is_shown(chart):
    chart.show_runs([made_chart(steps=120)])
    view = chart.curve_view
    view.show_steps(40, 60)
    view.read(60)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.step == 61
    assert view.view.steps == (41, 61)


def test_the_crosshair_reads_what_was_measured(chart):
    metrics = [Metric(step, step / 10, None, None, None, 2.0) for step in (1, 2, 3)]
    chart.show_runs([ChartedRun("a", RunCurves.from_metrics(metrics), (2,))])
    view = chart.curve_view
    said = []
    chart.step_read.connect(said.append)
    mouse(chart, QEvent.Type.MouseMove, 2.2)
    assert view.step == 2
    assert said[-1].sentence == "step 2, checkpoint, train 0.20, valid 2.00"
    assert chart.accessibleDescription().startswith("step 2, checkpoint, train 0.20")
    assert view._box.isVisible()
    QApplication.sendEvent(view.canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert view.step is None
    assert not view._box.isVisible()


def test_the_crosshair_says_accuracy_and_the_smoothed_figure_too(chart):
    chart.show_runs([made_chart()])
    chart.accuracy.click()
    chart.curve_view.read(40)
    head, lines = chart.curve_view.reading()
    assert head == "step 40, checkpoint"
    assert len(lines) == 2
    assert lines[0].startswith("train ")
    assert "smooth" in lines[0]
    assert lines[1].startswith("accuracy ")


def wheel(chart, step, modifier=Qt.KeyboardModifier.NoModifier):
    canvas = chart.curve_view.canvas.viewport()
    place = place_of(chart, step)
    event = QWheelEvent(
        QPointF(place),
        QPointF(canvas.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_the_wheel_zooms_about_the_pointer(chart):
    chart.show_runs([made_chart(steps=120)])
    chart.setFocus()
    wheel(chart, 30)
    first, last = chart.curve_view.view.steps
    assert last - first == pytest.approx(120 / 1.0015**240)
    assert (30 - first) / (last - first) == pytest.approx(0.25, abs=0.02)


def test_the_wheel_scrolls_the_page_until_the_chart_was_clicked(chart):
    chart.show_runs([made_chart(steps=120)])
    wheel(chart, 30)
    assert chart.curve_view.view.steps is None
    wheel(chart, 30, Qt.KeyboardModifier.ControlModifier)
    assert chart.curve_view.view.steps is not None


def test_a_drag_zooms_to_what_it_marks_and_a_double_click_shows_all(chart, qtbot):
    chart.show_runs([made_chart(steps=120)])
    left = Qt.MouseButton.LeftButton
    mouse(chart, QEvent.Type.MouseButtonPress, 30, left, left)
    for step in (40, 60, 90):
        mouse(chart, QEvent.Type.MouseMove, step, left)
    mouse(chart, QEvent.Type.MouseButtonRelease, 90, Qt.MouseButton.NoButton, left)
    first, last = chart.curve_view.view.steps
    assert (first, last) == (pytest.approx(30, abs=0.6), pytest.approx(90, abs=0.6))
    mouse(chart, QEvent.Type.MouseButtonDblClick, 50, left, left)
    assert chart.curve_view.view.steps is None


def test_zooming_never_leaves_what_there_is(chart):
    chart.show_runs([made_chart(steps=120)])
    view = chart.curve_view
    view.move_by(-500)
    assert view.view.steps is None
    view.show_steps(100, 130)
    assert view.view.steps == (90, 120)
    view.show_steps(50, 50.1)
    assert view.view.steps == (48.05, 52.05)
    view.zoom(1e-6)
    assert view.view.steps is None


def test_the_figures_fill_the_height_of_the_steps_shown(chart):
    chart.show_runs([made_chart(steps=120)])
    whole = chart.curve_view.loss.box.viewRange()[1]
    chart.curve_view.show_steps(100, 120)
    low, high = chart.curve_view.loss.box.viewRange()[1]
    assert high - low < (whole[1] - whole[0]) / 4


def test_several_runs_with_a_legend(chart):
    chart.show_runs([made_chart("one"), made_chart("two", seed=1), made_chart("three <b>")])
    assert chart._legend.texts() == ["one", "two", "three <b>", "validation"]
    chart.curve_view.read(20)
    assert [line.split(":")[0] for line in chart.curve_view.reading().lines] == [
        "one",
        "two",
        "three <b>",
    ]
    pens = {
        curve.opts["pen"].color().name()
        for curve, line in zip(
            chart.curve_view.loss._curves, chart.curve_view.loss.lines, strict=True
        )
        if line.look == "strong"
    }
    assert len(pens) == 3


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


def test_new_figures_leave_the_zoom_alone(chart, qtbot):
    chart.show_runs([made_chart(steps=100)])
    chart.curve_view.show_steps(20, 40)
    chart.show_runs([made_chart(steps=110)])
    qtbot.waitUntil(lambda: len(drawn(chart)[0][0]) == 110)
    assert chart.curve_view.view.steps == (20, 40)


def test_it_follows_the_theme_at_once(chart, theme):
    chart.show_runs([made_chart()])
    panel = chart.curve_view.loss
    assert panel._curves[1].opts["pen"].color() == theme.color("run_1")
    light = theme.color("run_1")
    theme.set_choice("dark")
    assert theme.color("run_1") != light
    assert panel._curves[1].opts["pen"].color() == theme.color("run_1")
    assert chart.curve_view.canvas.backgroundBrush().color() == theme.color("surface")


def test_the_legend_stands_below_where_there_is_no_room(chart, window, qtbot):
    chart.show_runs([made_chart("a run with quite a long name"), made_chart("another of them")])
    window.resize(1400, 560)
    qtbot.waitUntil(lambda: chart._beside.indexOf(chart._legend) >= 0)
    window.resize(760, 560)
    qtbot.waitUntil(lambda: chart._below_head.indexOf(chart._legend) >= 0)


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


def test_between_two_measurements_the_last_validation_is_told_with_its_step(chart):
    metrics = [Metric(step, 1.0) for step in range(1, 7)]
    metrics[3] = Metric(4, 1.0, full_valid_loss=2.0)
    chart.show_runs([ChartedRun("a", RunCurves.from_metrics(metrics))])
    chart.curve_view.read(6)
    assert chart.curve_view.reading().lines == ("train 1.00 · valid 2.00 at step 4",)
    chart.curve_view.read(2)
    assert chart.curve_view.reading().lines == ("train 1.00",)


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
