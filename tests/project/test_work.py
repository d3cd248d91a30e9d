"""Long work: written down first, gone on with after a restart, never begun for a stranger."""

import sqlite3

import pytest
from tests.project.made_examples import undo_name

from tunedesk.errors import UserError
from tunedesk.project import work
from tunedesk.project.project import Project


@pytest.fixture(autouse=True)
def _this_computer(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "user_data_dir", lambda: tmp_path / "this computer")


def states(project):
    return [(item.kind, item.state) for item in project.work.items()]


def test_work_is_taken_in_hand_once_and_ends(project):
    item = project.work.add("download", {"model": "tiny"}, total=100)
    assert (item.state, item.progress, item.total, item.parameters) == (
        "waiting",
        0,
        100,
        {"model": "tiny"},
    )
    claimed = project.work.next("download")
    assert claimed is not None
    assert (claimed.uid, claimed.state, claimed.interrupted) == (item.uid, "running", False)
    assert project.work.next("download") is None
    assert project.work.claim(item.uid) is None
    project.work.report(item.uid, 40, cursor="part 4")
    project.work.report(item.uid, total=120)
    now = project.work.get(item.uid)
    assert (now.progress, now.total, now.cursor) == (40, 120, "part 4")
    project.work.finish(item.uid, "failed", "The disk is full.")
    ended = project.work.get(item.uid)
    assert (ended.state, ended.error) == ("failed", "The disk is full.")
    assert ended.finished_at is not None
    assert project.work.next("download") is None
    assert project.work.items(open_only=True) == []


def test_the_oldest_of_a_kind_comes_first(project):
    first = project.work.add("launch", {})
    project.work.add("launch", {})
    project.work.add("follow", {})
    assert project.work.next("launch").uid == first.uid
    assert states(project) == [("launch", "running"), ("launch", "waiting"), ("follow", "waiting")]
    assert [item.kind for item in project.work.items("follow")] == ["follow"]


def test_work_goes_on_after_a_restart(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        uid = project.work.add("launch", {"run": 1}).uid
        project.work.claim(uid)
        project.work.report(uid, cursor="uploaded")
    with Project.open(path) as project:
        item = project.work.get(uid)
        assert (item.state, item.interrupted, item.cursor) == ("running", True, "uploaded")
        assert project.work.next("launch").uid == uid
        assert not project.work.get(uid).interrupted
        project.work.release(uid)
        assert project.work.get(uid).state == "waiting"


def test_another_handle_does_not_take_what_is_in_hand(project):
    uid = project.work.add("launch", {}).uid
    project.work.claim(uid)
    with project.handle() as handle:
        assert handle.work.next("launch") is None
        assert not handle.work.get(uid).interrupted


def test_what_another_computer_asked_for_is_listed_and_never_begun(project, tmp_path, monkeypatch):
    uid = project.work.add("launch", {"run": 1}).uid
    monkeypatch.setattr(work, "user_data_dir", lambda: tmp_path / "another computer")
    assert not project.work.get(uid).is_mine
    assert project.work.claim(uid) is None
    assert project.work.next("launch") is None
    assert states(project) == [("launch", "waiting")]


@pytest.mark.parametrize(
    "change",
    [
        "parameters = '{\"run\": 2}'",
        "kind = 'install'",
        "seal = x''",
        "uid = randomblob(16)",
        "state = 'at once'",
    ],
)
def test_work_that_was_tampered_with_is_never_begun(tmp_path, change):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        project.work.add("launch", {"run": 1})
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE work SET {change}")
    connection.commit()
    connection.close()
    with Project.open(path) as project:
        (item,) = project.work.items()
        assert not item.is_mine
        assert project.work.next(item.kind) is None


def test_a_folder_that_cannot_be_written_is_told(project, tmp_path, monkeypatch):
    project.work.add("launch", {})
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setattr(work, "user_data_dir", lambda: blocked)
    assert not project.work.items()[0].is_mine
    with pytest.raises(UserError, match="own folder"):
        project.work.add("launch", {})
    assert len(project.work.items()) == 1


def test_views_are_told(project):
    told = []
    project.subscribe(told.append)
    uid = project.work.add("launch", {}).uid
    project.work.finish(uid)
    assert [set(change.kinds) for change in told] == [{"work"}, {"work"}]
    assert undo_name(project) is None


def test_what_is_not_there_or_no_end(project):
    with pytest.raises(KeyError):
        project.work.get(b"nothing")
    with pytest.raises(KeyError):
        project.work.report(b"nothing", 1)
    with pytest.raises(ValueError, match="running"):
        project.work.finish(project.work.add("launch", {}).uid, "running")
