"""The whole way as a new user goes it: examples, one button, a trained model that answers."""

import json
import signal

import psutil
import pytest
from PySide6.QtWidgets import QAbstractButton
from tests.fine_tuning.made_project import library

from tunedesk.gui.fine_tune.launch.launch_dialog import LaunchDialog
from tunedesk.gui.fine_tune.playground import PlaygroundDialog
from tunedesk.gui.main_window import MainWindow
from tunedesk.server_file import find_server
from tunedesk.services import local_server


@pytest.fixture
def window(qtbot, theme, settings):
    window = MainWindow(settings, theme)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()
    found = find_server(local_server.server_data_dir())
    if found is not None:
        process = psutil.Process(found.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def button(window, name):
    return next(
        child
        for child in window.findChildren(QAbstractButton)
        if child.accessibleName() == name and child.isVisible()
    )


def test_from_the_button_to_the_trained_answer(window, tmp_path, qtbot):
    path = tmp_path / "Library.tunedesk"
    library(path, 12).close()
    window.open_path(path)
    button(window, "Fine-tune").click()
    qtbot.waitUntil(lambda: bool(window.findChildren(LaunchDialog)))
    page = window.findChildren(LaunchDialog)[0]
    qtbot.waitUntil(page.start.isEnabled)
    button(page, "Start training").click()
    project = window.workspace.project
    # It starts once the base model's template has read all examples.
    qtbot.waitUntil(lambda: bool(project.runs.all()), timeout=60_000)
    run_id = project.runs.all()[0].id
    qtbot.waitUntil(lambda: project.runs.get(run_id).status == "running", timeout=120_000)
    assert window.workspace.trains_here
    # The window closes in the midst of it; the training goes on.
    window.close_project()
    window.open_path(path)
    project = window.workspace.project
    qtbot.waitUntil(lambda: project.runs.get(run_id).ended, timeout=240_000)
    run = project.runs.get(run_id)
    assert run.succeeded
    window.actions_["go.fine_tune"].trigger()
    runs = window.workspace.show_page("fine_tune")
    qtbot.waitUntil(lambda: runs.view.model == run.fine_tuned_model)
    qtbot.waitUntil(lambda: runs.view.chart.curve_view is not None)
    assert runs.view.advice.isVisible()
    trained = project.runs.example_at(run_id, "training", 1)
    question, answer = json.loads(project.text(trained.example_id))["messages"]
    button(runs, "Try it").click()
    dialog = window.findChildren(PlaygroundDialog)[0]
    dialog.question.setPlainText(question["content"])
    dialog.add.click()
    tuned, base = dialog.panes
    dialog.ask.click()
    qtbot.waitUntil(lambda: not tuned.busy, timeout=60_000)
    assert tuned.messages[-1]["content"] == answer["content"]
    qtbot.waitUntil(lambda: not base.busy, timeout=60_000)
    assert base.messages[-1]["content"] != answer["content"]
    dialog.reject()
