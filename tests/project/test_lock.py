"""One writer per project: who has it is told, crashes hold nobody up, nothing is left behind."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.project.made_examples import add, words

from tunedesk.project.lock import ProjectLock
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
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from tunedesk.project.project import Project\n"
        "project = Project.open(Path(sys.argv[1]))\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "open\n"
    process.kill()
    process.communicate()
    assert len(list(path.parent.iterdir())) > 1
    with Project.open(path) as project:
        assert not project.read_only
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_another_process_holds_it(path):
    Project.create(path).close()
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from tunedesk.project.project import Project\n"
        "project = Project.open(Path(sys.argv[1]), author='Cay')\n"
        "print('open', flush=True)\nsys.stdin.read()\nproject.close()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "open\n"
    with Project.open(path) as project:
        assert project.read_only
        assert (project.held_by.user, project.held_by.process) == ("Cay", process.pid)
    process.communicate()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_holder_that_cannot_be_read_is_nobody_known(path):
    with Project.create(path):
        holder = path.with_name(f".{path.name}.lock.json")
        for content in ("", "[]", json.dumps({"user": "Ann"})):
            holder.write_text(content)
            with Project.open(path) as second:
                assert second.held_by.user == ""


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
