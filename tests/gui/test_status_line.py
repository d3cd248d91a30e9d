"""The long work of a project is seen in the status line, whichever page shows."""

import pytest
from tests.project.made_examples import add_run

from tunedesk.fine_tuning.open_work import OpenWork
from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.status_line import RunningWork
from tunedesk.project.project import Project

TRAINING = OpenWork("follow", "Training night & day", 30, 120, 7, True)
LAUNCHING = OpenWork("launch", "Launching dawn", 0, None, 8, True)
INSTALLING = OpenWork("install", "Installing training on this computer", 50, 100, None, True)


@pytest.fixture
def button(qtbot, theme):
    button = RunningWork(theme)
    qtbot.addWidget(button)
    return button


def test_is_hidden_while_nothing_goes_on(button):
    assert button.isHidden()
    button.show_works([TRAINING])
    assert not button.isHidden()
    button.show_works([])
    assert button.isHidden()


def test_one_piece_of_work_stands_there_itself(button):
    button.show_works([TRAINING])
    assert button.text() == "Training night && day, 25 %"
    assert button.accessibleDescription() == "Training night & day, 25 %"


def test_several_are_counted_and_listed(button):
    button.show_works([TRAINING, LAUNCHING, INSTALLING])
    assert button.text() == "3 tasks under way"
    assert button.entries() == [
        "Training night && day, 25 %",
        "Launching dawn",
        "Installing training on this computer, 50 %",
    ]
    button.show_works([LAUNCHING])
    assert button.entries() == ["Launching dawn"]


def test_a_long_name_leaves_room_for_the_rest(button):
    button.show_works([TRAINING._replace(title="Training " + "night " * 80)])
    assert button.sizeHint().width() < 320
    assert button.text().endswith("25 %")


def test_work_of_another_computer_is_said_to_be_so(button):
    button.show_works([TRAINING._replace(is_mine=False)])
    assert button.entries() == ["Training night && day, 25 %, asked for on another computer"]


def test_choosing_a_run_asks_for_it(button, qtbot):
    button.show_works([INSTALLING, TRAINING])
    installing, training = button.menu().actions()
    with qtbot.waitSignal(button.run_asked) as asked:
        training.trigger()
    assert asked.args == [7]
    with qtbot.waitSignal(button.installation_asked):
        installing.trigger()


@pytest.fixture
def project_file(tmp_path):
    path = tmp_path / "Night pharmacy.tunedesk"
    with Project.create(path) as project:
        run = add_run(
            project,
            "night",
            provider="custom",
            base_model="small",
            stage="following",
            status="running",
            job_id="ftjob-1",
        )
        item = project.work.add("follow", {"run": run.key})
        project.work.report(item.uid, progress=30, total=120)
    return path


def test_the_window_shows_it_on_every_page_and_leads_to_the_run(
    qtbot, theme, settings, project_file
):
    window = MainWindow(settings, theme)
    qtbot.addWidget(window)
    window.show()
    window.open_path(project_file)
    button = window.status.running_work
    try:
        qtbot.waitUntil(button.isVisible, timeout=10_000)
        assert button.entries() == ["Training night, 25 %"]
        assert window.rail._pages["examples"].isChecked()
        button.menu().actions()[0].trigger()
        assert window.rail._pages["fine_tune"].isChecked()
        assert button.isVisible()
        project = window.workspace.project
        (run,) = project.runs.all()
        project.runs.update(run.id, stage="ended", status="succeeded")
        qtbot.waitUntil(lambda: not button.isVisible(), timeout=10_000)
    finally:
        window.close()
    assert button.entries() == []
