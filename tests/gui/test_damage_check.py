"""A damaged file is spoken of, a whole one is not."""

import pytest

from tunedesk.gui import damage_check
from tunedesk.project.project import Project

PAGE = 8192


@pytest.fixture
def project_file(tmp_path):
    path = tmp_path / "notes.tunedesk"
    Project.create(path).close()
    return path


@pytest.fixture
def _soon(monkeypatch):
    monkeypatch.setattr(damage_check, "DELAY", 0)


@pytest.mark.usefixtures("_soon")
def test_a_whole_file_is_not_spoken_of(project_file, background, feedback, window, qtbot):
    window.show()
    with Project.open(project_file) as project:
        task = damage_check.look_for_damage(project, background, feedback)
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
        damage_check.look_for_damage(project, background, feedback)
        qtbot.waitUntil(lambda: bool(feedback.toasts()))
    said = feedback.toasts()[0].accessibleName()
    assert "notes.tunedesk" in said
    assert "Export all examples now" in said
