"""Opening: what is not a project, is newer, damaged or a trap is refused."""

import os
import socket
import sqlite3
import time

import pytest
from tests.project.made_examples import add, undo_name, words

from tunedesk.errors import UserError
from tunedesk.project import opening, schema, store
from tunedesk.project.lock import ProjectLock
from tunedesk.project.project import Project


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        for number in range(50):
            add(project, f"example {number}")
    return path


def change(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def refused(path):
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(UserError) as caught:
        Project.open(path)
    assert not before or path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ([path.name] if before else [])
    return caught.value


def test_a_file_that_is_not_there(tmp_path):
    assert "is not there" in refused(tmp_path / "None.tunedesk").sentence


@pytest.mark.parametrize("content", [b"", b"{}\n", b"SQLite format 3\x00" + b"\0" * 84])
def test_a_file_that_is_no_project(tmp_path, content):
    path = tmp_path / "Other.tunedesk"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is not a Tunedesk project"):
        Project.open(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program(tmp_path):
    path = tmp_path / "Other.tunedesk"
    change(path, "CREATE TABLE t(x)")
    assert "is not a Tunedesk project" in refused(path).sentence


def test_a_newer_project(path):
    change(path, "PRAGMA user_version = 999")
    error = refused(path)
    assert "newer Tunedesk" in error.sentence
    assert "Nothing was changed" in error.advice


@pytest.mark.parametrize(
    "trap",
    [
        "CREATE TRIGGER evil AFTER INSERT ON version BEGIN DELETE FROM version_text; END",
        "CREATE VIEW evil AS SELECT * FROM example",
        "CREATE TABLE evil(x)",
        "CREATE INDEX evil ON example(uid)",
        "CREATE VIRTUAL TABLE evil USING fts5(x)",
    ],
)
def test_things_that_no_project_holds(path, trap):
    change(path, trap)
    error = refused(path)
    assert "holds things that no Tunedesk project holds" in error.sentence
    assert "evil" in error.sentence


def test_a_table_that_was_swapped_for_a_view(path):
    change(
        path,
        "ALTER TABLE preset RENAME TO old",
        "CREATE VIEW preset AS SELECT 1 AS name, 2 AS text",
    )
    assert "holds things" in refused(path).sentence


def test_a_missing_table(path):
    change(path, "DROP TABLE preset")
    assert "is damaged" in refused(path).sentence


def test_a_damaged_file_is_noticed(path):
    raw = bytearray(path.read_bytes())
    for start in range(3 * 8192, len(raw), 8192):
        raw[start : start + 200] = b"\xff" * 200
    path.write_bytes(raw)
    with pytest.raises(UserError, match="damaged"):
        Project.open(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_damage_in_a_place_that_opening_does_not_read(path):
    with Project.open(path) as project:
        page = project.context.store.value(
            "SELECT rootpage FROM sqlite_master WHERE name = 'version_text'"
        )
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 8192 : (page - 1) * 8192 + 100] = b"\xff" * 100
    path.write_bytes(raw)
    with Project.open(path) as project:
        assert project.find_damage()
        with pytest.raises(UserError, match="damaged"):
            words(project)


def test_a_whole_file_is_found_whole(path):
    calls = []
    with Project.open(path) as project:
        assert project.find_damage(lambda *done: calls.append(done)) == []
        assert project.find_damage() == []
    assert path.stat().st_size


def test_looking_for_damage_can_be_cancelled(path, monkeypatch):
    monkeypatch.setattr(store, "_STEPS_PER_REPORT", 1)

    def cancel(done, total):
        raise KeyboardInterrupt

    with Project.open(path) as project:
        with pytest.raises(KeyboardInterrupt):
            project.find_damage(cancel)
        assert project.count() == 50


def test_a_file_that_the_system_does_not_let_open(path, monkeypatch):
    def refuse(*_arguments, **_keywords):
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as patch:
        patch.setattr(opening, "connect", refuse)
        with pytest.raises(UserError, match="cannot be opened here"):
            Project.open(path)
    with Project.open(path) as project:
        assert not project.read_only


def test_create_never_writes_over_a_file(path):
    before = path.read_bytes()
    with pytest.raises(UserError, match="already"):
        Project.create(path)
    assert path.read_bytes() == before


def test_what_cannot_be_made_leaves_nothing_and_can_be_made_later(tmp_path, monkeypatch):
    path = tmp_path / "New.tunedesk"

    def refuse(_connection):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "create_tables", refuse)
        with pytest.raises(UserError, match="could not be made"):
            Project.create(path)
    assert list(tmp_path.iterdir()) == []

    def cannot_lock(_lock, _user):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(ProjectLock, "acquire", cannot_lock)
        with pytest.raises(UserError, match="could not be made"):
            Project.create(path)
    assert list(tmp_path.iterdir()) == []
    with Project.create(path) as project:
        assert not project.read_only


@pytest.mark.parametrize("with_links", [True, False])
def test_a_file_that_got_the_name_meanwhile_is_not_written_over(tmp_path, monkeypatch, with_links):
    path = tmp_path / "New.tunedesk"
    real = schema.create_tables

    def meanwhile(connection):
        real(connection)
        path.write_text("another")

    def no_links(_made, _path):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(schema, "create_tables", meanwhile)
        if not with_links:
            patch.setattr(opening.os, "link", no_links)
        with pytest.raises(UserError, match="could not be made"):
            Project.create(path)
    assert path.read_text() == "another"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_where_there_are_no_links_it_is_made_as_well(tmp_path, monkeypatch):
    def no_links(_made, _path):
        raise OSError

    monkeypatch.setattr(opening.os, "link", no_links)
    with Project.create(tmp_path / "New.tunedesk") as project:
        assert not project.read_only
    assert [entry.name for entry in tmp_path.iterdir()] == ["New.tunedesk"]


def test_create_makes_the_folder(tmp_path):
    with Project.create(tmp_path / "Documents" / "Tunedesk" / "New.tunedesk") as project:
        assert project.path.is_file()


def test_create_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="could not be made"):
        Project.create(tmp_path / "file" / "New.tunedesk")


def test_the_header_says_what_the_file_is(path):
    header = path.read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == schema.APPLICATION_ID
    assert int.from_bytes(header[60:64], "big") == schema.SCHEMA_VERSION


def test_reading_alone_changes_nothing(path):
    before = path.read_bytes()
    with Project.open(path, read_only=True) as project:
        assert len(words(project)) == 50
        assert project.held_by is None
        with pytest.raises(UserError, match="reading only"):
            add(project, "more")
        with pytest.raises(UserError):
            project.undo()
        assert not project.fill_search(1)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "vandalism",
    [
        "UPDATE tag_set SET members = 'no json' || id",
        "UPDATE tag_set SET members = '{\"a\": ' || id || '}'",
        "UPDATE code_set SET members = '[1, null, ' || id || ']'",
        "UPDATE change SET parameters = '[', code = 'delete'",
        'UPDATE change SET parameters = \'{"count": "many"}\'',
        "UPDATE version SET problems = '[[1, 2, 3], [\"a\", [null], {}], 4, {}]'",
        "UPDATE version SET problems = '" + "[" * 5000 + "'",
        "UPDATE version SET problems = '[[\"no_such_rule\", [\"x\"], {}]]', roles = 'zzz'",
        "UPDATE version_text SET text = x'ff00fe'",
        "UPDATE example SET state = 99, tag_set = 99, source_id = 99, code_set = 99",
        "UPDATE change_item SET before = 'x', after = x'00'",
        "UPDATE source SET kind = 'evil', name = '<b>x</b>'",
        "INSERT OR REPLACE INTO setting(key, value) VALUES ('colour', '{'), ('target', '[')",
    ],
)
def test_wrong_values_do_no_harm(path, vandalism):
    with Project.open(path) as project:
        ids = list(project.ids())
        project.set_state(ids, "approved")
        project.add_tag(ids, "law")
    change(path, vandalism)
    with Project.open(path) as project:
        rows = project.rows(project.ids())
        assert [row.id for row in rows] == ids
        for example in ids[:3]:
            assert isinstance(project.text(example), str)
            project.facts(example)
            project.history(example)
        project.tags()
        project.problem_counts()
        project.statistics()
        project.totals()
        assert undo_name(project)
        project.setting("colour")
        while project.fill_search(1):
            pass


def test_what_is_no_file_is_refused_before_it_is_read(path, tmp_path):
    fifo = tmp_path / "fifo.tunedesk"
    os.mkfifo(fifo)
    folder = tmp_path / "folder.tunedesk"
    folder.mkdir()
    device = tmp_path / "device.tunedesk"
    device.symlink_to("/dev/zero")
    talking = tmp_path / "socket.tunedesk"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(talking))
        for each in (fifo, folder, device, talking):
            with pytest.raises(UserError, match="is not a file that can be opened"):
                Project.open(each)
            with pytest.raises(UserError, match="is not a file that can be opened"):
                Project.open(each, read_only=True)


@pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
def test_a_pipe_beside_the_project_holds_nothing_up(path, suffix):
    os.mkfifo(path.with_name(path.name + suffix))
    with pytest.raises(UserError, match="is not a file that can be opened"):
        Project.open(path)


def test_a_file_that_claims_to_be_huge_opens_at_once(path):
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    before = time.monotonic()
    with Project.open(path) as project:
        assert len(words(project)) == 50
    assert time.monotonic() - before < 5


def test_a_schema_of_very_many_things_is_refused_without_reading_all(path):
    change(path, *(f"CREATE TABLE t{number}(x)" for number in range(3_000)))
    before = time.monotonic()
    assert "holds things that no Tunedesk project holds" in refused(path).sentence
    assert time.monotonic() - before < 5


def test_what_takes_long_is_known_before_it_is_opened(path, monkeypatch):
    assert not opening.opens_slowly(path)
    assert not opening.opens_slowly(path.with_name("Missing.tunedesk"))
    monkeypatch.setattr(opening, "SLOW_LOG", 1000)
    assert not opening.opens_slowly(path)
    for log in ("-wal", "-journal"):
        beside = path.with_name(path.name + log)
        beside.write_bytes(bytes(2000))
        assert opening.opens_slowly(path)
        beside.unlink()
    # After a crash under another name, its log has to be found and read together with it.
    raw = bytearray(path.read_bytes())
    raw[18:20] = b"\x02\x02"
    path.write_bytes(raw)
    assert opening.opens_slowly(path)


def test_a_letter_that_changed_on_the_disk_is_noticed(path):
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"content": "example 7"', b'"content": "exampla 7"'))
    with Project.open(path) as project:
        assert words(project)[7] == "exampla 7"
        assert project.find_damage() == ["the text of version 8 is not as it was written"]


def test_texts_from_before_there_were_checksums_are_whole(path):
    change(path, "UPDATE version_text SET checksum = NULL WHERE id < 20")
    with Project.open(path) as project:
        assert project.find_damage() == []
