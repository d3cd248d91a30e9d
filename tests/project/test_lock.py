"""One writer per project file, whatever its names; what became of the file is known."""

import contextlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.project.made_examples import add, new_example, words
from tests.project.made_processes import (
    hard_link_elsewhere,
    left_by_a_crash,
    names,
    opened_elsewhere,
)

from tunedesk.errors import UserError
from tunedesk.project import store
from tunedesk.project.damage import ProjectFileMovedError
from tunedesk.project.lock import FileState, Holder, ProjectLock, Whereabouts, read_holder
from tunedesk.project.project import Project


@pytest.fixture
def path(tmp_path):
    return tmp_path / "Test.tunedesk"


def test_the_second_opener_reads_and_is_told_who_has_it(path):
    with Project.create(path, author="Ann") as first:
        add(first, "one")
        with Project.open(path, author="Ben") as second:
            assert second.read_only
            assert second.held_by.user == "Ann"
            assert second.held_by.process == os.getpid()
            assert second.held_by.machine
            assert words(second) == ["one"]
            add(first, "two")
            assert words(second) == ["one", "two"]
    with Project.open(path, author="Ben") as third:
        assert not third.read_only
        assert third.held_by is None


def test_nothing_is_left_behind(path):
    first = Project.create(path)
    handle = first.handle()
    add(handle, "one")
    second = Project.open(path)
    second.close()
    first.close()
    assert words(handle) == ["one"]
    handle.close()
    handle.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_reader_that_outlives_the_writer_leaves_one_file(path):
    first = Project.create(path)
    add(first, "one")
    second = Project.open(path)
    first.close()
    assert words(second) == ["one"]
    second.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_lock_of_a_crashed_process_is_taken_over(path):
    Project.create(path).close()
    left_by_a_crash(path, "one")
    assert len(names(path.parent)) > 1
    with Project.open(path) as project:
        assert not project.read_only
        assert words(project) == ["one"]
    assert names(path.parent) == [path.name]


def test_another_process_holds_it(path):
    Project.create(path).close()
    with opened_elsewhere(path) as process, Project.open(path) as project:
        assert project.read_only
        assert (project.held_by.user, project.held_by.process) == ("Cay", process.pid)
    assert names(path.parent) == [path.name]


def symbolic_link(path):
    link = path.with_name("Link.tunedesk")
    link.symlink_to(path)
    return link


def hard_link(path):
    link = path.with_name("Link.tunedesk")
    link.hardlink_to(path)
    return link


def link_to_the_folder(path):
    folder = path.parent / "way in"
    folder.symlink_to(path.parent)
    return folder / path.name


def way_around(path):
    (path.parent / "inner").mkdir()
    return path.parent / "inner" / ".." / path.name


OTHER_NAMES = [
    symbolic_link,
    hard_link,
    hard_link_elsewhere,
    link_to_the_folder,
    way_around,
]


@pytest.mark.parametrize("other_name", OTHER_NAMES)
def test_whatever_it_is_called_a_second_opener_only_reads(path, other_name):
    Project.create(path).close()
    other = other_name(path)
    with opened_elsewhere(path, "one") as process, Project.open(other) as second:
        assert second.read_only
        assert second.held_by.process == process.pid
        # Read by the name of the log, so that what is not in the file yet is seen.
        assert words(second) == ["one"]
    with opened_elsewhere(other, "two"), Project.open(path) as second:
        assert second.read_only
        assert words(second) == ["one", "two"]
    with Project.open(path) as project:
        assert not project.read_only
        assert words(project) == ["one", "two"]
    left = [name for name in names(path.parent) if name.startswith(".")]
    assert left == []


@pytest.mark.parametrize("other_name", OTHER_NAMES)
def test_within_one_process_too(path, other_name):
    with Project.create(path) as first:
        add(first, "one")
        with Project.open(other_name(path)) as second:
            assert second.read_only
            assert words(second) == ["one"]
        # The second opening must not have ended the locks that SQLite has on the file here.
        with opened_elsewhere(path, expected="read only"):
            add(first, "two")
        assert first.find_damage() == []
        assert words(first) == ["one", "two"]


def test_only_reading_by_another_name_sees_what_is_in_the_log(path):
    Project.create(path).close()
    other = hard_link_elsewhere(path)
    with (
        opened_elsewhere(path, "one"),
        Project.open(other, read_only=True) as second,
    ):
        assert words(second) == ["one"]


def test_whose_log_cannot_be_found_is_not_read(path, monkeypatch, tmp_path_factory):
    """Another user has it, by a hard link in a folder of theirs."""
    Project.create(path).close()
    other = hard_link_elsewhere(path)
    with opened_elsewhere(path, "one"):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("another user")))
        monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("another home")))
        with pytest.raises(UserError, match="open already, under another name"):
            Project.open(other)


def renamed(path):
    return path.rename(path.with_name("New name.tunedesk"))


def test_while_another_file_has_the_name_nothing_is_opened_by_it(path):
    with Project.create(path.with_name("Other.tunedesk")) as project:
        add(project, "other")
    Project.create(path).close()
    with opened_elsewhere(path, "one"):
        path.rename(path.with_name("Kept.tunedesk"))
        path.with_name("Other.tunedesk").rename(path)
        before = path.read_bytes()
        for read_only in (False, True):
            with pytest.raises(UserError, match="is still open"):
                Project.open(path, read_only=read_only)
        assert path.read_bytes() == before
    with Project.open(path) as project:
        assert words(project) == ["other"]


def test_no_second_connection_to_a_file_that_took_the_name(path):
    with Project.create(path.with_name("Other.tunedesk")) as project:
        add(project, "other")
    with Project.create(path) as project:
        path.rename(path.with_name("Kept.tunedesk"))
        with pytest.raises(ProjectFileMovedError):
            project.handle()
        path.with_name("Other.tunedesk").rename(path)
        with pytest.raises(ProjectFileMovedError):
            project.handle()
        add(project, "one")
    with Project.open(path) as project:
        assert words(project) == ["other"]
    with Project.open(path.with_name("Kept.tunedesk")) as project:
        assert words(project) == ["one"]


def test_what_became_of_the_file_is_known(path):
    with Project.create(path) as project:
        state = project.file_state
        assert state() == FileState(Whereabouts.IN_PLACE, path)
        new = renamed(path)
        assert state() == FileState(Whereabouts.MOVED, new)
        path.write_text("another")
        assert state() == FileState(Whereabouts.MOVED, new, replaced=True)
        trash = path.parent / ".Trash-1000" / "files" / path.name
        trash.parent.mkdir(parents=True)
        new.rename(trash)
        assert state().path == trash
        assert state().in_trash
        assert not FileState(Whereabouts.MOVED, new).in_trash
        trash.unlink()
        assert state() == FileState(Whereabouts.DELETED, None, replaced=True)
        path.unlink()
        assert state() == FileState(Whereabouts.DELETED, None)
        path.parent.rename(path.parent.with_name("gone"))
        assert state() == FileState(Whereabouts.DELETED, None)


@pytest.mark.parametrize(("old", "new"), [(3000, 10), (10, 3000), (100, 120)])
def test_a_file_that_another_program_wrote_into_is_left_alone(path, old, new):
    """A copy of another project over an open one; SQLite would write its log into that."""
    other = path.with_name("Other.tunedesk")
    with Project.create(other) as project:
        project.add_examples([new_example(f"other {number}") for number in range(new)])
    with Project.create(path) as project:
        project.add_examples([new_example(f"ours {number}") for number in range(old)])
    with Project.open(path) as project:
        add(project, "typed")
        assert project.file_state().whereabouts is Whereabouts.IN_PLACE
        shutil.copyfile(other, path)
        assert project.file_state().whereabouts is Whereabouts.OVERWRITTEN
        with pytest.raises(ProjectFileMovedError):
            project.handle()
        project.context.store.checkpoint_if_large(0)
        with contextlib.suppress(UserError):
            add(project, "more")
    assert path.read_bytes() == other.read_bytes()
    with Project.open(path) as project:
        assert words(project) == [f"other {number}" for number in range(new)]
    assert names(path.parent) == ["Other.tunedesk", "Test.tunedesk"]


def test_what_this_program_writes_into_the_file_is_not_taken_for_anothers(path, monkeypatch):
    monkeypatch.setattr(store, "_MOST_BYTES_OF_LOG", 0)
    with Project.create(path) as project:
        for number in range(20):
            project.add_examples([new_example(f"{number}") for _row in range(300)])
            project.context.store.shared.checkpoint_not_before = 0
            with project.handle() as handle:
                add(handle, "one")
            assert project.file_state().whereabouts is Whereabouts.IN_PLACE
        os.utime(path)
        assert project.file_state().whereabouts is Whereabouts.IN_PLACE
    with Project.open(path) as project:
        assert project.count() == 20 * 301


def test_what_became_of_a_file_that_is_only_read_is_known(path):
    Project.create(path).close()
    with Project.open(path, read_only=True) as project:
        assert project.file_state() == FileState(Whereabouts.IN_PLACE, path)
        new = renamed(path)
        assert project.file_state() == FileState(Whereabouts.MOVED, new)
        new.unlink()
        assert project.file_state().whereabouts is Whereabouts.DELETED


def test_a_holder_that_cannot_be_read_is_nobody_known(path):
    with Project.create(path):
        holder = path.with_name(f".{path.name}.lock.json")
        for content in ("", "[]", json.dumps({"user": "Ann"})):
            holder.write_text(content)
            assert read_holder(path) == Holder()


def test_a_folder_that_cannot_be_written_is_read(path, monkeypatch):
    with Project.create(path) as project:
        add(project, "one")

    def refuse(_lock, _user):
        raise PermissionError

    monkeypatch.setattr(ProjectLock, "acquire", refuse)
    with Project.open(path) as project:
        assert project.read_only
        assert project.held_by is None
        assert words(project) == ["one"]


def test_a_hard_link_in_a_folder_that_cannot_be_written_is_read_with_its_log(path, monkeypatch):
    Project.create(path).close()
    other = hard_link_elsewhere(path)

    def refuse(_lock, _user):
        raise PermissionError

    with opened_elsewhere(path, "one"):
        monkeypatch.setattr(ProjectLock, "acquire", refuse)
        for read_only in (False, True):
            with Project.open(other, read_only=read_only) as project:
                assert project.read_only
                assert words(project) == ["one"]


def test_handles_work_in_other_threads(path):
    with Project.create(path) as project:
        told = []
        project.subscribe(told.append)

        def work(number: int) -> None:
            with project.handle() as handle:
                for _time in range(20):
                    add(handle, str(number))

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(4)))
        assert project.count() == 80
        assert len(told) == 80
        while project.undo():
            pass
        assert project.count() == 0
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
