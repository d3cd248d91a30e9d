"""After a crash each file has its own log, whatever was renamed or replaced meanwhile."""

import shutil

import pytest
from tests.project.made_examples import add, lose_from_index, words
from tests.project.made_processes import hard_link_elsewhere, left_by_a_crash, names

from tunedesk.project.project import Project


@pytest.fixture
def path(tmp_path):
    return tmp_path / "Test.tunedesk"


def renamed(path):
    return path.rename(path.with_name("New name.tunedesk"))


def moved(path):
    (path.parent / "elsewhere").mkdir()
    return path.rename(path.parent / "elsewhere" / "Moved.tunedesk")


def folder_renamed(path):
    return path.parent.rename(path.parent.with_name("new folder")) / path.name


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("move", [renamed, moved, folder_renamed])
def test_the_log_follows_a_file_that_was_renamed_before_a_crash(tmp_path, move, read_only):
    path = tmp_path / "folder" / "Test.tunedesk"
    with Project.create(path) as project:
        add(project, "one")
    new = []
    left_by_a_crash(path, "two", lambda: new.append(move(path)))
    with Project.open(new[0], read_only=read_only) as project:
        assert words(project) == ["one", "two"]
        assert project.find_damage() == []
    with Project.open(new[0]) as project:
        assert words(project) == ["one", "two"]
    left = [entry.name for entry in tmp_path.rglob("*") if entry.is_file()]
    assert left == [new[0].name]


def test_the_log_follows_although_the_file_was_damaged_before(path):
    with Project.create(path) as project:
        add(project, "one")
        add(project, "lost from a list")
    lose_from_index(path, "example_changed", 2)
    new = []
    left_by_a_crash(path, "two", lambda: new.append(renamed(path)))
    with Project.open(new[0]) as project:
        assert words(project) == ["one", "lost from a list", "two"]
        assert project.find_damage()


def test_the_log_follows_a_hard_link(path):
    Project.create(path).close()
    other = hard_link_elsewhere(path)
    left_by_a_crash(path, "one")
    with Project.open(other) as project:
        assert words(project) == ["one"]
    with Project.open(path) as project:
        assert words(project) == ["one"]


def test_a_file_that_took_the_name_gets_no_foreign_log(path):
    """The project was replaced while it was open, then its program was killed."""
    for name, word in (("Test", "ours"), ("Other", "other")):
        with Project.create(path.with_name(f"{name}.tunedesk")) as project:
            add(project, word)
    kept = path.with_name("Kept.tunedesk")

    def replace():
        path.rename(kept)
        path.with_name("Other.tunedesk").rename(path)

    left_by_a_crash(path, "more", replace)
    with Project.open(path) as project:
        assert words(project) == ["other"]
        assert project.find_damage() == []
    # The log was set aside, and is found by the file that it belongs to.
    with Project.open(kept) as project:
        assert words(project) == ["ours", "more"]
        assert project.find_damage() == []
    assert names(path.parent) == ["Kept.tunedesk", "Test.tunedesk"]


def test_a_new_project_under_the_name_of_a_deleted_one_gets_no_foreign_log(path):
    """The system may well give it the number of the file that was deleted."""
    Project.create(path).close()
    left_by_a_crash(path, "more", path.unlink)
    with Project.create(path) as project:
        assert words(project) == []
        add(project, "new")
    with Project.open(path) as project:
        assert words(project) == ["new"]
        assert project.find_damage() == []


def test_a_folder_that_was_copied_after_a_crash_keeps_its_log(tmp_path):
    path = tmp_path / "folder" / "Test.tunedesk"
    Project.create(path).close()
    left_by_a_crash(path, "one")
    copy = shutil.copytree(path.parent, tmp_path / "copy") / path.name
    shutil.rmtree(path.parent)
    with Project.open(copy) as project:
        assert words(project) == ["one"]
