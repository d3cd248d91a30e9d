"""The panel says what an installation takes, shows how far it is, and can be stopped."""

import pytest

from tunedesk.errors import UserError
from tunedesk.fine_tuning.open_work import unfinished_installation
from tunedesk.gui.fine_tune.local_install_panel import InstallPanel
from tunedesk.services import local_install
from tunedesk.services.local_install import Plan


@pytest.fixture
def panel(qtbot, theme, background):
    panel = InstallPanel(theme, background)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: bool(panel._plan.text()))
    yield panel
    panel.close_project()
    background.finish()


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
    with qtbot.waitSignal(panel.installed):
        panel.button.click()
    assert panel.done
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
    assert not panel.done
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
    panel = InstallPanel(theme, background)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(panel.button.isEnabled)
    panel.button.click()
    qtbot.waitUntil(lambda: bool(begun))
    panel.close_project()
    qtbot.waitUntil(lambda: panel._task is None)
    again = InstallPanel(theme, background)
    qtbot.addWidget(again)
    with qtbot.waitSignal(again.installed):
        again.show()
    assert len(begun) == 2
    assert unfinished_installation() is None
    background.finish()
