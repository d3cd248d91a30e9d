"""The panel says what an installation takes, shows how far it is, and can be stopped."""

import threading

import pytest

from tunedesk.errors import UserError
from tunedesk.fine_tuning.open_work import open_work, unfinished_installation
from tunedesk.gui.fine_tune.local_installation import InstallPanel, LocalInstallation
from tunedesk.gui.widgets.toast import Toast
from tunedesk.paths import computer_work_path
from tunedesk.project.project import Project
from tunedesk.services import local_install
from tunedesk.services.local_install import Plan


@pytest.fixture
def installation(background):
    installation = LocalInstallation(background)
    yield installation
    installation.close()
    background.finish()


@pytest.fixture
def panel(qtbot, theme, background, installation):
    panel = InstallPanel(theme, background, installation)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: bool(panel._plan.text()))
    return panel


def test_says_what_it_takes_before_it_begins(panel):
    words = panel._plan.text()
    assert str(local_install.environment_dir()) in words
    assert "GB" in words
    assert panel.button.isEnabled() == (not local_install.plan().stops)


def test_installs_with_progress(panel, qtbot, monkeypatch):
    def install(progress, say):
        progress(1, 4)
        say("Downloading torch")
        progress(4, 4)

    monkeypatch.setattr(local_install, "install", install)
    panel.button.setEnabled(True)
    with qtbot.waitSignal(panel.installation.installed):
        panel.button.click()
    assert panel.installation.is_done
    assert panel.bar.value() == 1000
    assert not panel.isVisible()


def test_can_be_stopped_and_goes_on_later(panel, qtbot, monkeypatch):
    began = []

    def install(progress, say):
        began.append(True)
        while True:
            progress(1, 4)

    monkeypatch.setattr(local_install, "install", install)
    panel.button.setEnabled(True)
    panel.button.click()
    qtbot.waitUntil(lambda: bool(began))
    assert panel.cancel.isVisible()
    panel.cancel.click()
    qtbot.waitUntil(panel.button.isVisible)
    assert not panel.installation.is_done
    assert "goes on where it was" in panel._line.text()


def test_says_what_went_wrong(panel, qtbot, monkeypatch):
    def install(progress, say):
        raise UserError("The installation stopped: no network.", "Check the network.")

    monkeypatch.setattr(local_install, "install", install)
    panel.button.setEnabled(True)
    panel.button.click()
    qtbot.waitUntil(lambda: "no network" in panel._plan.text())
    qtbot.waitUntil(panel.button.isVisible)


def test_what_the_end_of_the_program_cut_off_goes_on_by_itself(
    qtbot, theme, background, monkeypatch
):
    begun = []

    def install(progress, say):
        begun.append(True)
        while len(begun) == 1:
            progress(1, 4)

    def plan():
        return Plan(local_install.environment_dir(), 1, 2, None, False, "")

    monkeypatch.setattr(local_install, "install", install)
    monkeypatch.setattr(local_install, "plan", plan)
    first = LocalInstallation(background)
    panel = InstallPanel(theme, background, first)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(panel.button.isEnabled)
    panel.button.click()
    qtbot.waitUntil(lambda: bool(begun))
    first.close()
    qtbot.waitUntil(lambda: not first.is_running)
    again = LocalInstallation(background)
    panel = InstallPanel(theme, background, again)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(again.installed):
        panel.show()
    assert len(begun) == 2
    assert unfinished_installation() is None
    background.finish()


def test_goes_on_when_the_launch_page_closes_and_is_seen_in_the_one_list(
    project, work, qtbot, window, monkeypatch
):
    begun, end = [], threading.Event()

    def install(progress, say):
        begun.append(True)
        while not end.wait(0.01):
            progress(1, 4)

    def plan():
        return Plan(local_install.environment_dir(), 1, 2, None, False, "")

    monkeypatch.setattr(local_install, "install", install)
    monkeypatch.setattr(local_install, "plan", plan)
    monkeypatch.setattr(local_install, "python_with_training", lambda: None)
    window.show()
    work.new_run()
    dialog = work._dialog
    qtbot.waitUntil(dialog.install.button.isEnabled)
    dialog.install.button.click()
    qtbot.waitUntil(lambda: bool(begun))
    dialog.reject()
    assert work.installation.is_running
    (listed,) = open_work(project)
    assert (listed.kind, listed.title) == ("install", "Installing training on this computer")
    with qtbot.waitSignal(work.installation.reported):
        pass
    work.new_run()
    qtbot.waitUntil(work._dialog.install.cancel.isVisible)
    assert work._dialog.install.bar.value() == 250
    work._dialog.reject()
    end.set()
    qtbot.waitUntil(lambda: not work.installation.is_running)
    assert [toast.sentence.text() for toast in window.findChildren(Toast)] == [
        "Training on this computer is installed."
    ]
    assert open_work(project) == []


def test_that_another_window_installs_is_not_an_error_when_nobody_asked(installation, qtbot):
    path = computer_work_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    told = []
    installation.failed.connect(told.append)
    with Project.create(path) as other:
        other.work.claim(other.work.add("install", {}).uid)
        with qtbot.waitSignals([installation.changed, installation.reported]):
            installation.go_on()
        qtbot.waitUntil(lambda: not installation.is_running)
        assert told == []
        installation.start()
        qtbot.waitUntil(lambda: bool(told))
    assert "Another window" in told[0].sentence
