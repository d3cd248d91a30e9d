"""Damage: what SQLite says of it is a sentence, what cannot be is not believed, rows are marked."""

import math
import sqlite3

import pytest
from tests.abuse.walk import Outcome, walk_project
from tests.project.made_examples import add, add_run, words

from tunedesk.errors import UserError
from tunedesk.project import damage
from tunedesk.project.damage import ProjectDamagedError, ProjectUnreadableError
from tunedesk.project.exporting import export, version_records
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import Metric
from tunedesk.project.store import connect

PAGE = 8192


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        for number in range(150):
            add(project, f"example {number} " + "word " * 20)
        project.set_state(project.ids()[:40], "approved")
        project.add_tag(project.ids()[:60], "law")
        project.set_preset("Short", "Be short.")
        run = add_run(project)
        project.runs.add_metrics(run.id, [Metric(step, 1 / step) for step in range(1, 30)])
        while project.fill_search(1.0):
            pass
        project.delete(project.ids()[-3:])
        project.undo()
    return path


def tamper(path, *statements):
    """Change rows as no Tunedesk does; what the tables forbid too, as a damaged page would."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def root_page(path, table):
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        page = found.fetchone()[0]
    connection.close()
    return page


def zero(path, page):
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    path.write_bytes(raw)


def test_a_walk_over_a_whole_file_finds_nothing_to_say(path):
    outcome = Outcome()
    walk_project(path, outcome)
    assert outcome.bugs == []
    assert outcome.sentences == []
    assert len(outcome.texts) == 150


@pytest.mark.parametrize("share", range(12))
def test_a_page_that_is_gone_ends_in_rows_or_sentences(path, share):
    pages = path.stat().st_size // PAGE
    zero(path, 2 + share * (pages - 2) // 12)
    outcome = Outcome()
    walk_project(path, outcome)
    assert outcome.bugs == []
    assert outcome.sentences or len(outcome.texts) == 150


@pytest.mark.parametrize("table", ["example", "version", "version_text", "change", "change_item"])
def test_a_damaged_root_ends_in_a_sentence(path, table):
    zero(path, root_page(path, table))
    outcome = Outcome()
    walk_project(path, outcome)
    assert outcome.bugs == []
    assert outcome.sentences


def test_one_damaged_page_leaves_the_rows_of_the_others_in_the_list(path):
    root = root_page(path, "version")
    raw = path.read_bytes()
    # The first child of the interior root page: the leaf with the first versions.
    cell = int.from_bytes(raw[(root - 1) * PAGE + 12 : (root - 1) * PAGE + 14], "big")
    child = int.from_bytes(raw[(root - 1) * PAGE + cell : (root - 1) * PAGE + cell + 4], "big")
    zero(path, child)
    with Project.open(path, read_only=True) as project:
        rows = project.rows(project.ids())
    marked = [row for row in rows if "damaged" in row.preview]
    assert len(rows) == 150
    assert 0 < len(marked) < 100
    assert all(row.kind == "unreadable" for row in marked)


def test_an_error_of_the_database_is_a_sentence_and_still_an_error_of_the_database(path):
    zero(path, root_page(path, "version_text"))
    with Project.open(path, read_only=True) as project:
        with pytest.raises(UserError, match="damaged") as caught:
            words(project)
        assert isinstance(caught.value, sqlite3.DatabaseError)
        assert caught.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT
        with pytest.raises(ProjectDamagedError), project.context.store.snapshot():
            project.text(project.ids()[0])
        # The snapshot has ended: the connection can be used.
        assert not project.context.store.connection.in_transaction


def test_iterating_and_fetching_in_portions_are_guarded_too(path):
    zero(path, root_page(path, "version_text"))
    connection = connect(path, read_only=True)
    with pytest.raises(ProjectDamagedError):
        list(connection.execute("SELECT text FROM version_text ORDER BY id"))
    with pytest.raises(ProjectDamagedError):
        connection.execute("SELECT text FROM version_text").fetchmany(1000)
    with pytest.raises(ProjectDamagedError):
        connection.cursor().execute("SELECT text FROM version_text").fetchall()
    connection.close()


def test_a_mistake_of_ours_stays_a_bug(path):
    connection = connect(path, read_only=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("SELEKT 1")
    assert not isinstance(caught.value, UserError)
    connection.close()


def test_a_disk_that_does_not_answer_is_a_sentence():
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    with pytest.raises(ProjectUnreadableError, match="disk I/O error"), damage._EXPLAINED:
        raise error


def test_letters_that_are_not_utf8_do_not_cost_the_row(path):
    tamper(path, "UPDATE version SET preview = CAST(x'41ff42' AS TEXT)")
    with Project.open(path) as project:
        assert {row.preview for row in project.rows(project.ids())} == {"A\ufffdB"}


def test_a_missing_text_is_named_and_not_left_out_in_silence(path, tmp_path):
    tamper(path, "DELETE FROM version_text WHERE id = 7")
    with Project.open(path) as project:
        ids = project.ids()
        with pytest.raises(ProjectDamagedError, match="text of this example is missing"):
            project.text(ids[6])
        summary = export(project, tmp_path / "out.jsonl")
        assert summary.written == 149
        assert summary.left_out_ids == {"damaged": [ids[6]]}
        assert "missing or damaged in the project file" in summary.reasons()[0]
        with pytest.raises(ProjectDamagedError):
            list(version_records(project, [6, 7, 8]))


def test_an_example_whose_version_is_missing_is_marked(path):
    tamper(path, "DELETE FROM version WHERE id = 7")
    with Project.open(path) as project:
        ids = project.ids()
        rows = project.rows(ids)
        assert len(rows) == len(ids)
        assert "damaged" in rows[6].preview
        assert project.facts(ids[6]).preview.startswith('{"messages"')


def test_numbers_beyond_all_bounds_do_not_break_the_sums(path):
    tamper(path, f"UPDATE example SET tokens = {2**62} WHERE id < 10")
    with Project.open(path) as project:
        assert project.totals().count == 150
        assert 0 < project.totals().tokens < 1 << 53
        assert project.statistics(ExampleQuery()).tokens.count == 141


def test_what_is_read_has_the_right_type_and_size():
    assert damage.whole(7) == 7
    for wrong in (None, "7", 7.0, True, -1, 1 << 60, b"7"):
        assert damage.whole(wrong, 3) == 3
        assert damage.whole_or_none(wrong) is None
    assert damage.row_id(-(1 << 62)) == -(1 << 62)
    assert damage.row_id("1") is None
    assert damage.time_of(1 << 62) == 0
    assert damage.finite_or_none(2) == 2.0
    assert damage.finite_or_none(-3.4e38) == -3.4e38
    for wrong in (None, "2", math.inf, -math.inf, math.nan, True, 1e308, 10**400):
        assert damage.finite_or_none(wrong) is None
    assert damage.text("a" * 5000) == "a" * 2000
    assert damage.text(b"a\xff") == "a\ufffd"
    assert damage.text(None, "-") == "-"
    assert damage.text(4) == ""
    assert damage.blob("ä") == "ä".encode()
    assert damage.blob(None) == b""


def test_a_damaged_search_index_is_a_sentence(path):
    tamper(path, "UPDATE search_config SET v = 0 WHERE k = 'version'")
    with Project.open(path) as project, pytest.raises(ProjectDamagedError):
        project.ids(ExampleQuery(search="example"))


def test_a_schema_that_is_no_text_any_more_is_told_in_a_sentence(tmp_path):
    path = tmp_path / "a.tunedesk"
    with Project.create(path, author="Ann"):
        pass
    content = path.read_bytes()
    assert b" NOT NULL" in content
    path.write_bytes(content.replace(b" NOT NULL", b" NOT\xceNULL", 1))
    with pytest.raises(UserError, match="damaged"):
        Project.open(path)
