import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from tests.fine_tuning.made_curves import made_chart, made_run
from tests.gui.fine_tune.page_reading import dialog_of

from tunedesk.fine_tuning.run_facts import compare
from tunedesk.gui.fine_tune.compare_dialog import CompareDialog, CompareModel, CompareRunsDialog

RUNS = [
    (made_run("one"), made_chart("one")),
    (made_run("two", settings={"epochs": 5}), made_chart("two", seed=1)),
]


@pytest.fixture
def dialog(window, theme, feedback, qtbot):
    window.show()
    dialog = CompareDialog(runs=RUNS, theme=theme, feedback=feedback, parent=window)
    dialog.show()
    yield dialog
    dialog.close()


def texts(model, column):
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_the_model_keeps_qts_rules(theme, qtbot):
    model = CompareModel(theme)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rows = compare([(run, chart.curves) for run, chart in RUNS])
    model.show_rows(["one", "two"], rows)
    model.show_only_differences(True)
    model.show_only_differences(False)
    model.show_rows([], [])
    assert tester.model() is model


def test_settings_data_and_results_side_by_side(dialog):
    model = dialog.model
    assert [model.headerData(n, Qt.Orientation.Horizontal) for n in range(4)] == [
        "",
        "Compared",
        "one",
        "two",
    ]
    row = texts(model, 1).index("Epochs")
    assert [model.index(row, column).data() for column in range(4)] == ["≠", "Epochs", "3", "5"]
    spoken = model.index(row, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "3, differs"
    same = texts(model, 1).index("Base model")
    assert texts(model, 0)[same] == ""
    assert model.index(same, 2).data(Qt.ItemDataRole.BackgroundRole) is None
    assert model.index(row, 2).data(Qt.ItemDataRole.BackgroundRole) is not None


def test_only_what_differs(dialog):
    everything = dialog.model.rowCount()
    dialog.only_differences.click()
    assert 0 < dialog.model.rowCount() < everything
    marks = [
        mark for row, mark in enumerate(texts(dialog.model, 0)) if not dialog.model.is_heading(row)
    ]
    assert set(marks) == {"≠"}
    assert len(marks) == dialog.model.differences
    dialog.only_differences.click()
    assert dialog.model.rowCount() == everything


def test_the_charts_lie_over_each_other(dialog):
    assert dialog.chart._legend.texts() == ["one", "two", "validation"]
    assert dialog.chart.smooth.isChecked()
    assert dialog.table.accessibleName() == "Comparison"
    assert dialog.windowTitle() == "Compare 2 runs"


def test_colours_follow_the_theme(dialog, theme, qtbot):
    with qtbot.waitSignal(dialog.model.dataChanged):
        theme.set_choice("dark")


def test_compare_lays_runs_over_each_other(page, add_run, falling, actions, qtbot):
    for name in ("a", "b", "c"):
        falling(add_run(name).id, steps=30)
    qtbot.waitUntil(lambda: page.list.row_model.rowCount() == 3 and page.view.details is not None)
    actions["finetune.compare"].trigger()
    choice = dialog_of(CompareRunsDialog, page)
    assert sum(box.isChecked() for box in choice.boxes.values()) == 2
    for box in choice.boxes.values():
        box.setChecked(False)
    assert not choice.compare.isEnabled()
    for box in choice.boxes.values():
        box.setChecked(True)
    assert choice.compare.text() == "Compare 3 runs"
    choice.compare.click()
    from tunedesk.gui.fine_tune.compare_dialog import CompareDialog

    qtbot.waitUntil(lambda: dialog_of(CompareDialog, page) is not None)
    dialog_of(CompareDialog, page).accept()
