"""Long work is written down, shown in one list, and goes on after the program was gone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.fine_tuning.made_project import library

from tunedesk.errors import Cancelled, UserError
from tunedesk.fine_tuning.open_work import (
    install_training,
    open_work,
    reporting,
    unfinished_installation,
)
from tunedesk.paths import computer_work_path
from tunedesk.project.project import Project
from tunedesk.services import local_install


@pytest.fixture
def project(tmp_path):
    with library(tmp_path / "Test.tunedesk") as project:
        yield project


def add_run(project, name, **values):
    return project.runs.add(
        name=name,
        provider="custom",
        base_url="http://127.0.0.1:9/v1",
        base_model="small",
        settings={},
        program_version="1",
        **values,
    )


def test_all_open_work_stands_in_one_list(project):
    sent = add_run(project, "sent")
    trained = add_run(project, "trained", stage="following", status="running", job_id="ftjob-1")
    done = add_run(project, "done", stage="ended", status="succeeded", job_id="ftjob-2")
    project.work.add("launch", {"run": sent.key})
    followed = project.work.add("follow", {"run": trained.key})
    project.work.report(followed.uid, progress=30, total=120)
    project.work.add("follow", {"run": done.key})
    project.work.add("follow", {"run": "not in this project"})
    assert [(work.kind, work.title, work.run_id) for work in open_work(project)] == [
        ("launch", "Launching sent", sent.id),
        ("follow", "Training trained", trained.id),
    ]
    assert open_work(project)[1][2:4] == (30, 120)


def test_progress_is_written_down_now_and_then_and_passed_on_always(project, monkeypatch):
    passed = []
    item = project.work.add("launch", {})
    progress = reporting(project.work, item.uid, lambda done, total: passed.append((done, total)))
    progress(1, 9)
    progress(2, 9)
    assert passed == [(1, 9), (2, 9)]
    assert project.work.get(item.uid).progress == 1
    monkeypatch.setattr("tunedesk.fine_tuning.open_work.REPORT_SECONDS", 0.0)
    progress(3, 9)
    assert project.work.get(item.uid)[4:6] == (3, 9)


def test_an_installation_that_ends_is_open_no_more(project, monkeypatch):
    shown = []

    def install(progress, say):
        say("Fetching")
        progress(1, 4)
        shown.extend(open_work(project))

    monkeypatch.setattr(local_install, "install", install)
    install_training()
    assert [(work.kind, work.run_id, work.progress, work.total) for work in shown] == [
        ("install", None, 1, 4)
    ]
    assert open_work(project) == []
    assert unfinished_installation() is None


def test_an_installation_that_failed_or_was_stopped_is_not_begun_by_itself(monkeypatch):
    def fail(_progress, _say):
        raise UserError("The disk is full.")

    def stop(_progress, _say):
        raise Cancelled

    monkeypatch.setattr(local_install, "install", fail)
    with pytest.raises(UserError, match="disk is full"):
        install_training()
    assert unfinished_installation() is None
    monkeypatch.setattr(local_install, "install", stop)
    with pytest.raises(Cancelled):
        install_training()
    assert unfinished_installation() is None
    with pytest.raises(Cancelled):
        install_training(is_closing=lambda: True)
    assert unfinished_installation() is not None
    with Project.open(computer_work_path(), read_only=True) as project:
        assert [item.state for item in project.work.items()] == ["failed", "cancelled", "waiting"]


INSTALL = """
import sys, time
from tunedesk.fine_tuning import open_work
from tunedesk.services import local_install

def install(progress, say):
    progress(7, 10)
    print("at it", flush=True)
    time.sleep(600)

local_install.install = install
open_work.install_training()
"""


def test_two_do_not_install_at_once_and_what_was_killed_goes_on(monkeypatch):
    calls = []
    monkeypatch.setattr(local_install, "install", lambda _progress, _say: calls.append(1))
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", INSTALL],
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout.readline() == b"at it\n"
            with pytest.raises(UserError, match="Another window"):
                install_training()
        finally:
            process.kill()
    until = time.monotonic() + 20
    while (left := unfinished_installation()) is None and time.monotonic() < until:
        time.sleep(0.05)
    assert (left.progress, left.total, left.interrupted) == (7, 10, True)
    assert calls == []
    install_training()
    assert calls == [1]
    assert unfinished_installation() is None
