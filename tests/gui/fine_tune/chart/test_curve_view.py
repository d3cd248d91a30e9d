import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from tests.fine_tuning.made_curves import made_chart

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.gui.fine_tune.chart.curve_view import latest
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
    assert said[-1].sentence == "step 2, checkpoint, training loss 0.20, validation loss 2.00"
    assert chart.accessibleDescription().startswith("step 2, checkpoint, training loss 0.20")
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
    assert lines[0].startswith("training loss ")
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


def test_new_figures_leave_the_zoom_alone(chart, qtbot):
    chart.show_runs([made_chart(steps=100)])
    chart.curve_view.show_steps(20, 40)
    chart.show_runs([made_chart(steps=110)])
    qtbot.waitUntil(lambda: len(drawn(chart)[0][0]) == 110)
    assert chart.curve_view.view.steps == (20, 40)


def test_between_two_measurements_the_last_validation_is_told_with_its_step(chart):
    metrics = [Metric(step, 1.0) for step in range(1, 7)]
    metrics[3] = Metric(4, 1.0, full_valid_loss=2.0)
    chart.show_runs([ChartedRun("a", RunCurves.from_metrics(metrics))])
    chart.curve_view.read(6)
    assert chart.curve_view.reading().lines == (
        "training loss 1.00 · validation loss 2.00 at step 4",
    )
    chart.curve_view.read(2)
    assert chart.curve_view.reading().lines == ("training loss 1.00",)


def test_the_figures_of_the_tuned_model_are_told_where_it_is_not_of_the_last_step():
    losses = {37: 2.9, 74: 2.84, 111: 3.04}
    curves = RunCurves.from_metrics(
        Metric(step, 2.0, None, None, None, loss, None) for step, loss in losses.items()
    )
    last = latest(ChartedRun("night", curves), alone=True)
    assert last == "Step 111, training loss 2.00, validation loss 3.04."
    kept = latest(ChartedRun("night", curves, model_step=74), alone=True)
    assert kept == f"{last} The tuned model is that of step 74, validation loss 2.84."
    assert latest(ChartedRun("night", curves, model_step=111), alone=True) == last
