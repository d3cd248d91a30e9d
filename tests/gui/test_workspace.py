"""A damaged file is reported, a whole one is not; closing while training is asked about."""

import pytest
from PySide6.QtWidgets import QDialog, QPushButton

from tunedesk.gui import workspace
from tunedesk.gui.workspace import TOLD_THAT_TRAINING_GOES_ON, ask_about_training
from tunedesk.project.project import Project

PAGE = 8192


@pytest.fixture
def project_file(tmp_path):
    path = tmp_path / "notes.tunedesk"
    Project.create(path).close()
    return path


@pytest.fixture
def _soon(monkeypatch):
    monkeypatch.setattr(workspace, "DAMAGE_CHECK_DELAY_MS", 0)


@pytest.mark.usefixtures("_soon")
def test_a_whole_file_is_not_spoken_of(project_file, background, feedback, window, qtbot):
    window.show()
    with Project.open(project_file) as project:
        task = workspace.check_for_damage(project, background, feedback)
        qtbot.waitUntil(lambda: task.done)
        assert not feedback.toasts()


@pytest.mark.usefixtures("_soon")
def test_damage_is_said_with_what_to_do(project_file, background, feedback, window, qtbot):
    window.show()
    with Project.open(project_file) as project:
        table = "SELECT rootpage FROM sqlite_master WHERE name = 'version_text'"
        start = (project.context.store.value(table) - 1) * PAGE
    raw = bytearray(project_file.read_bytes())
    raw[start : start + 100] = b"\xff" * 100
    project_file.write_bytes(raw)
    with Project.open(project_file) as project:
        workspace.check_for_damage(project, background, feedback)
        qtbot.waitUntil(lambda: bool(feedback.toasts()))
    said = feedback.toasts()[0].accessibleName()
    assert "notes.tunedesk" in said
    assert "Export all examples now" in said


def press(window, text):
    dialog = window.findChildren(QDialog)[-1]
    next(b for b in dialog.findChildren(QPushButton) if b.text() == text).click()


def test_is_asked_until_the_user_has_agreed(window, feedback, settings, qtbot):
    window.show()
    closed = []
    assert ask_about_training(settings, feedback, lambda: closed.append(True))
    press(window, "Cancel")
    assert closed == []
    assert ask_about_training(settings, feedback, lambda: closed.append(True))
    press(window, "Close the window")
    assert closed == [True]
    assert settings.window[TOLD_THAT_TRAINING_GOES_ON] is True
    assert not ask_about_training(settings, feedback, lambda: closed.append(True))
