"""The list of runs: its rows, and two runs of one name told apart."""

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QAbstractItemModelTester

from tunedesk.gui.fine_tune.run_list import RunDelegate, RunListModel, RunRow, find_runs
from tunedesk.gui.widgets.row_list import ROW
from tunedesk.project.run_records import Metric, RunEvent

TESTER = QAbstractItemModelTester.FailureReportingMode.Warning


def test_model_keeps_its_promises(project, add_run, qtbot):
    model = RunListModel()
    tester = QAbstractItemModelTester(model, TESTER)
    runs = [RunRow(add_run(name), None) for name in "abcd"]
    model.set_rows(runs[1:3])
    model.set_rows(runs)
    model.set_rows(runs[:1] + runs[3:])
    model.set_rows([runs[3], runs[0]])
    assert [model.index(place).data(ROW).run.name for place in range(2)] == ["d", "a"]
    model.set_rows([])
    assert model.rowCount() == 0
    tester.deleteLater()


def test_two_runs_of_one_name_say_when_each_was_begun(project, add_run, falling):
    first, second, other = add_run("night"), add_run("Night"), add_run("day")
    rows = {row.run.id: row for row in find_runs(project)}
    for run in (first, second):
        assert rows[run.id].under.startswith(rows[run.id].begun)
    assert rows[other.id].under == "Tunedesk starter · this computer"
    model = RunListModel()
    model.set_rows(list(rows.values()))
    said = model.index(model.row_number(first.id)).data(Qt.ItemDataRole.AccessibleTextRole)
    assert rows[first.id].begun in said
    assert model.row_number(99) == -1


@pytest.mark.parametrize("zoom", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("width", [160, 320])
def test_no_part_of_a_row_stands_over_another_one(zoom, width, add_run, theme):
    theme.set_zoom(zoom)
    try:
        delegate = RunDelegate(theme)
        run = add_run("a-run-with-a-long-name-v12", stage="ended", status="succeeded")
        height = delegate.sizeHint(None, None).height()
        row = QRect(0, 100, width, height)
        parts = delegate.layout_of(row, RunRow(run, 0.63))
        assert RunRow(run, 0.63).aside == "validation loss 0.63"
        for number, part in enumerate(parts):
            assert row.contains(part)
            assert not any(part.intersects(other) for other in parts[number + 1 :])
        for part, font in zip(parts, ("strong", "small_strong", "small", "small"), strict=True):
            assert part.height() >= delegate._metrics(font).height()
    finally:
        theme.set_zoom(1.0)


def test_what_has_little_room_keeps_its_figure(add_run):
    done = add_run("night", stage="ended", status="succeeded")
    assert RunRow(done, 0.63).aside_forms == ("validation loss 0.63", "loss 0.63", "0.63")
    assert RunRow(done, None).aside_forms == ("",)
    assert RunRow(add_run("day"), 0.63).aside_forms == ("64 %",)


def test_the_loss_of_a_run_is_that_of_its_tuned_model(project, add_run):
    run = add_run("night", stage="ended", status="succeeded")
    losses = {37: 2.9, 74: 2.84, 111: 3.04}
    project.runs.add_metrics(
        run.id, [Metric(step, 2.0, None, None, None, loss, None) for step, loss in losses.items()]
    )
    (row,) = find_runs(project)
    assert row.aside == "validation loss 3.04"
    told = RunEvent("e1", 1, "info", "It is that of step 74.", "message", {"model_step": 74})
    later = RunEvent("e2", 2, "info", "Done.", "message", {})
    project.runs.add_events(run.id, [told, later])
    (row,) = find_runs(project)
    assert row.aside == "validation loss 2.84"
    gone = RunEvent("e3", 3, "info", "It is that of step 75.", "message", {"model_step": 75})
    project.runs.add_events(run.id, [gone])
    assert find_runs(project)[0].aside == "validation loss 3.04"
