"""Presets: system prompts by name, kept, changed and deleted as steps that can be undone."""

import pytest
from tests.project.made_examples import undo_name

from tunedesk.errors import UserError
from tunedesk.project.project import Project


def test_they_are_sorted_by_name_whatever_the_letters(project):
    for name in ("kind", "Brief", "exact"):
        assert project.set_preset(name, f"Be {name}.")
    assert list(project.presets().items()) == [
        ("Brief", "Be Brief."),
        ("exact", "Be exact."),
        ("kind", "Be kind."),
    ]


def test_keeping_changing_and_deleting_are_steps(project):
    project.set_preset("Kind", "Be kind.")
    project.set_preset("Kind", "Be very kind.")
    project.set_preset("Kind", None)
    assert project.presets() == {}
    assert undo_name(project) == "Delete the preset “Kind”"
    project.undo()
    assert project.presets() == {"Kind": "Be very kind."}
    project.undo()
    assert project.presets() == {"Kind": "Be kind."}
    project.undo()
    assert project.presets() == {}
    for _step in range(3):
        project.redo()
    assert project.presets() == {}


def test_what_changes_nothing_is_no_step(project):
    project.set_preset("Kind", "Be kind.")
    assert not project.set_preset(" Kind ", "Be kind.")
    assert not project.set_preset("Nobody", None)
    project.undo()
    assert undo_name(project) is None


def test_a_deleted_name_can_be_used_again(project):
    project.set_preset("Kind", "old")
    project.set_preset("Kind", None)
    project.set_preset("Kind", "new")
    assert project.presets() == {"Kind": "new"}
    project.undo()
    project.undo()
    assert project.presets() == {"Kind": "old"}


@pytest.mark.parametrize("name", ["", "  ", "\n\t"])
def test_a_preset_needs_a_name(project, name):
    with pytest.raises(UserError, match="needs a name"):
        project.set_preset(name, "text")
    assert project.presets() == {}


def test_they_are_there_after_a_restart(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        project.set_preset("ünïcode “name”", "text\nof two lines")
    with Project.open(path) as project:
        assert project.presets() == {"ünïcode “name”": "text\nof two lines"}
