"""Backups: made whole, elsewhere, thinned out and bounded; going back loses nothing."""

import sqlite3
import threading

import pytest
from tests.project.made_examples import add, lose_from_index, new_example, words

from tunedesk.errors import Cancelled, UserError
from tunedesk.paths import user_data_dir
from tunedesk.project import backups
from tunedesk.project.backups import Backup, back_up, backups_of, go_back, is_due, thin_out
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.project import Project

HOUR, DAY = 3_600.0, 86_400.0
NOW = 1_800_000_000.0


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "work" / "Law.tunedesk"
    with Project.create(path) as project:
        add(project, "one")
        add(project, "two")
    return path


def at(seconds):
    return lambda: NOW + seconds


def make(path, seconds=0.0):
    with Project.open(path) as project:
        return back_up(project, clock=at(seconds))


def zero_page(path, number):
    raw = bytearray(path.read_bytes())
    raw[(number - 1) * 8192 : number * 8192] = bytes(8192)
    path.write_bytes(raw)


def test_a_backup_is_a_whole_project_outside_the_folder_of_its_project(path):
    made = make(path)
    assert made == backups_of(path)[0]
    assert (made.time, made.examples, made.before_going_back) == (NOW, 2, False)
    assert made.path.is_relative_to(user_data_dir())
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert sorted(entry.name for entry in made.path.parent.iterdir()) == [
        made.path.name,
        "project.json",
    ]
    with Project.open(made.path, read_only=True) as copy:
        assert words(copy) == ["one", "two"]
        assert copy.find_damage() == []


def test_it_holds_what_stands_in_the_log_only(path):
    with Project.open(path) as project:
        add(project, "three")
        made = back_up(project, clock=at(0))
        assert path.with_name(path.name + "-wal").stat().st_size
    with Project.open(made.path, read_only=True) as copy:
        assert words(copy) == ["one", "two", "three"]


def test_it_is_due_an_hour_after_the_last_one_if_something_changed(path):
    with Project.open(path) as project:
        assert is_due(project, at(0))
        back_up(project, clock=at(0))
        assert not is_due(project, at(HOUR + 1))
        add(project, "three")
        assert not is_due(project, at(HOUR - 1))
        assert is_due(project, at(HOUR + 1))
        back_up(project, clock=at(HOUR + 1))
        project.undo()
        assert is_due(project, at(3 * HOUR))
    with Project.open(path, read_only=True) as reader:
        assert not is_due(reader, at(9 * HOUR))


def test_a_clock_that_was_set_back_stops_no_backups(path):
    with Project.open(path) as project:
        back_up(project, clock=at(400 * DAY))
        add(project, "three")
        assert is_due(project, at(0))
        assert back_up(project, clock=at(0)) is not None


def test_typing_goes_on_while_a_backup_is_made(path):
    with Project.open(path) as project:
        project.add_examples([new_example(f"{number} " + "word " * 200) for number in range(3_000)])
        typed = []

        def work():
            with project.handle() as handle:
                back_up(handle, lambda _done, _total: typed.append(add(project, "typed")))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(60)
        assert typed
        assert len(project.ids()) == 3_002 + len(typed)
    (made,) = backups_of(path)
    with Project.open(made.path, read_only=True) as copy:
        assert copy.find_damage() == []
        assert len(copy.ids()) >= 3_002


def test_cancel_leaves_nothing_behind(path):
    def cancel(_done, _total):
        raise Cancelled

    with Project.open(path) as project, pytest.raises(Cancelled):
        back_up(project, cancel)
    assert backups_of(path) == []
    assert [entry.name for entry in next(backups.backups_folder().iterdir()).iterdir()] == [
        "project.json"
    ]


def test_a_damaged_project_never_pushes_a_good_backup_out(path):
    good = make(path)
    with sqlite3.connect(path) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'version_text'"
        ).fetchone()[0]
    connection.close()
    zero_page(path, root)
    with Project.open(path) as project, pytest.raises(ProjectDamagedError):
        back_up(project, clock=at(DAY))
    assert backups_of(path) == [good]
    assert not list(good.path.parent.glob(".*"))


def test_what_a_damaged_list_has_lost_makes_no_backup_and_is_not_gone_back_to(path):
    good = make(path)
    with Project.open(path) as project:
        add(project, "three")
    worse = make(path, HOUR)
    for file in (path, worse.path):
        lose_from_index(file, "example_position", 1)
    with Project.open(path) as project, pytest.raises(ProjectDamagedError):
        back_up(project, clock=at(DAY))
    with pytest.raises(UserError, match="damaged or gone"):
        go_back(path, worse)
    assert backups_of(path) == [worse, good]
    go_back(path, good, at(DAY))
    with Project.open(path) as project:
        assert words(project) == ["one", "two"]


def test_no_room_no_backup(path, monkeypatch):
    monkeypatch.setattr(backups, "_ROOM_FACTOR", 1 << 60)
    assert make(path) is None
    assert backups_of(path) == []


def entries(folder, *ages, size=10, before=False):
    folder.mkdir(exist_ok=True)
    made = []
    for number, age in enumerate(ages):
        path = folder / f"{number}-{before}"
        path.write_bytes(b"x")
        made.append(Backup(path, NOW - age, size, 1, before, False))
    return made


def test_they_are_thinned_out_to_days_and_weeks(tmp_path):
    hourly = [number * HOUR for number in range(24 * 120)]
    kept = thin_out(entries(tmp_path, *hourly), NOW)
    ages = [(NOW - one.time) / DAY for one in kept]
    assert sum(age < 1 for age in ages) == 24
    assert 13 <= sum(1 <= age < 14 for age in ages) <= 15
    assert 7 <= sum(age >= 14 for age in ages) <= 10
    assert max(ages) < 71
    assert sorted(tmp_path.iterdir()) == sorted(one.path for one in kept)


def test_they_are_bounded_in_size_but_the_newest_stays(tmp_path):
    kept = thin_out(entries(tmp_path, 0, HOUR, 2 * HOUR, size=400), NOW, most_bytes=900)
    assert [NOW - one.time for one in kept] == [0, HOUR]
    kept = thin_out(kept, NOW, most_bytes=10)
    assert [NOW - one.time for one in kept] == [0]


def test_what_was_given_up_by_going_back_is_kept_longer(tmp_path):
    made = [
        *entries(tmp_path, 0, 80 * DAY),
        *entries(tmp_path, 90 * DAY, 95 * DAY, 99 * DAY, before=True),
    ]
    kept = thin_out(made, NOW)
    assert [(NOW - one.time) / DAY for one in kept] == [0, 90, 95]


def test_going_back_keeps_what_was_there(path):
    good = make(path)
    with Project.open(path) as project:
        add(project, "three")
        project.delete(project.ids()[:1])
    kept = go_back(path, good, at(DAY))
    assert kept.before_going_back
    assert not kept.damaged
    assert kept.examples == 2
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    with Project.open(path) as project:
        assert words(project) == ["one", "two"]
        add(project, "four")
    assert backups_of(path) == [kept, good]
    # And forth again.
    go_back(path, kept, at(2 * DAY))
    with Project.open(path) as project:
        assert words(project) == ["two", "three"]


def test_going_back_from_a_damaged_project(path):
    good = make(path)
    path.write_bytes(b"nothing at all" * 1000)
    kept = go_back(path, good, at(DAY))
    assert kept.damaged
    assert kept.path.read_bytes() == b"nothing at all" * 1000
    with Project.open(path) as project:
        assert words(project) == ["one", "two"]


def test_going_back_to_a_project_that_is_gone(path):
    good = make(path)
    path.unlink()
    assert go_back(path, good) is None
    with Project.open(path) as project:
        assert words(project) == ["one", "two"]


def test_a_project_that_is_open_is_left_alone(path):
    good = make(path)
    with Project.open(path) as project:
        add(project, "three")
        with pytest.raises(UserError, match="open elsewhere"):
            go_back(path, good)
        assert words(project) == ["one", "two", "three"]
    with Project.open(path) as project:
        assert words(project) == ["one", "two", "three"]


def test_a_damaged_backup_is_refused_and_nothing_changed(path):
    good = make(path)
    zero_page(good.path, 3)
    before = path.read_bytes()
    with pytest.raises(UserError, match="backup is damaged"):
        go_back(path, good)
    good.path.unlink()
    with pytest.raises(UserError, match="damaged or gone"):
        go_back(path, good)
    assert path.read_bytes() == before


def test_a_project_that_was_renamed_finds_its_backups(path):
    good = make(path)
    renamed = path.rename(path.with_name("New name.tunedesk"))
    assert backups_of(renamed) == []
    newer = make(renamed, DAY)
    assert backups_of(renamed) == [newer, good]
    # A copy that was made of it has its own.
    path.write_bytes(renamed.read_bytes())
    assert backups_of(renamed) == [newer]
    assert backups_of(path) == [good]


def test_what_else_lies_in_the_folder_is_passed_over(path):
    good = make(path)
    folder = good.path.parent
    (folder / "notes.txt").write_text("mine")
    (folder / "9999-99-99T00-00-00Z, 1 examples.tunedesk").write_text("x")
    (folder.parent / "stray").write_text("x")
    (folder.parent / "empty").mkdir()
    (folder.parent / "bad").mkdir()
    (folder.parent / "bad" / "project.json").write_text("[1")
    assert backups_of(path) == [good]
