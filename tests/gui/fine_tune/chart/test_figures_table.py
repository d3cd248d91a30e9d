"""The figures of a chart as a table."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from tests.fine_tuning.made_curves import falling, made_chart, made_curves

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves, format_accuracy, format_loss
from tunedesk.gui.fine_tune.chart.figures_table import FiguresModel, FiguresTable
from tunedesk.project.run_records import Metric


def titles(model):
    columns = range(model.columnCount())
    return [model.headerData(column, Qt.Orientation.Horizontal) for column in columns]


def row(model, number):
    return [model.index(number, column).data() for column in range(model.columnCount())]


def test_a_row_for_each_step_and_a_column_for_what_was_measured(qtbot):
    model = FiguresModel()
    QAbstractItemModelTester(model)
    run = made_chart(steps=120)
    model.show_runs([run])
    assert model.rowCount() == 120
    assert titles(model) == [
        "Step",
        "Training loss",
        "Validation loss,\nall held back",
        "Training accuracy",
    ]
    curves = run.curves
    assert row(model, 19) == [
        "20",
        format_loss(float(curves.train_loss[19])),
        format_loss(float(curves.full_valid_loss[19])),
        format_accuracy(float(curves.train_accuracy[19])),
    ]
    assert row(model, 18)[2] == ""


def test_several_runs_stand_below_each_other_with_their_names():
    model = FiguresModel()
    one = ChartedRun("one", made_curves(3, falling))
    two = ChartedRun("two", RunCurves.from_metrics([Metric(7, valid_loss=1.5)]))
    model.show_runs([one, two])
    assert titles(model)[:2] == ["Run", "Step"]
    assert [row(model, number)[:2] for number in range(4)] == [
        ["one", "1"],
        ["one", "2"],
        ["one", "3"],
        ["two", "7"],
    ]
    assert row(model, 3)[2:] == ["", "1.50"]


def test_the_chart_shows_its_table_and_its_lines_again(chart):
    chart.show_runs([made_chart(steps=60)])
    chart.table.click()
    assert chart.figures.isVisible()
    assert chart.figures.accessibleName() == "Figures of the chart"
    assert chart.figures.model().rowCount() == 60
    # New figures come while it shows.
    chart.show_runs([made_chart(steps=90)])
    chart._redraw.stop()
    chart._draw_if_stale()
    assert chart.figures.isVisible()
    assert chart.figures.model().rowCount() == 90
    chart.table.click()
    assert chart.curve_view.isVisible()


def test_headings_are_whole_where_there_is_little_room(qtbot):
    table = FiguresTable()
    qtbot.addWidget(table)
    table.resize(300, 200)
    table.show_runs([made_chart(steps=20)])
    header = table.horizontalHeader()
    for column, title in enumerate(titles(table.figures)):
        lines = title.splitlines()
        needed = max(header.fontMetrics().horizontalAdvance(line) for line in lines)
        assert header.sectionSize(column) > needed
