"""Rescue: what can be read comes out whole, one damaged page costs its rows only, all is named."""

import contextlib
import gzip
import os
import sqlite3
from pathlib import Path

import pytest
from tests.project.made_examples import add, add_run, retype

from tunedesk import cli
from tunedesk.errors import Cancelled, UserError
from tunedesk.project.project import Project
from tunedesk.project.rescue import rescue
from tunedesk.project.run_records import Metric, RunEvent

PAGE = 8192
FILES = Path(__file__).parent / "files"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        for number in range(120):
            add(project, f"example {number} " + f"word{number} " * 40)
        ids = project.ids()
        project.set_state(ids[:40], "approved")
        project.add_tag(ids[:60], "law")
        retype(project, ids[3], "typed anew")
        project.set_preset("Short", "Be short.")
        run = add_run(project)
        project.runs.add_metrics(run.id, [Metric(step, 1 / step) for step in range(1, 30)])
        project.runs.add_events(run.id, [RunEvent("e", 1, "info", "Began")])
        while project.fill_search(1.0):
            pass
        project.delete(ids[-3:])
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "rescued" / "New.tunedesk"


def content(path):
    with Project.open(path, read_only=True) as project:
        ids = list(project.ids())
        rows = project.rows(ids)
        return {
            "texts": {one: project.text(one) for one in ids},
            "order": ids,
            "rows": [row._replace(changed_at=0) for row in rows],
            "presets": project.presets(),
            "runs": [run.name for run in project.runs.all()],
            "metrics": project.runs.metrics(1),
            "history": project.history(4),
        }


def root_page(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        return found.fetchone()[0]


def zero(path, page):
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    path.write_bytes(raw)


def first_child(path, table):
    root, raw = root_page(path, table), path.read_bytes()
    page = raw[(root - 1) * PAGE : root * PAGE]
    assert page[0] == 5, f"{table} has one page only"
    cell = int.from_bytes(page[12:14], "big")
    return int.from_bytes(page[cell : cell + 4], "big")


def test_a_whole_project_comes_out_as_it_is(path, out):
    before = path.read_bytes()
    report = rescue(path, out)
    assert path.read_bytes() == before
    assert report.lines == []
    assert (report.examples, report.runs, report.presets, report.lost_examples) == (117, 1, 1, 0)
    assert report.list_path is None
    assert [entry.name for entry in out.parent.iterdir()] == [out.name]
    assert content(out) == content(path)
    with Project.open(out) as project:
        assert project.find_damage() == []
        project.undo()
        assert len(project.ids()) == 120


@pytest.mark.parametrize(
    "table",
    ["sqlite_master", "example", "version", "version_text", "change", "change_item", "run",
     "run_metric", "preset", "setting", "tag_set", "source", "example_position"],
)  # fmt: skip
def test_the_damaged_first_page_of_a_table_costs_no_example_in_silence(path, out, table):
    whole = content(path)["texts"]
    zero(path, 1 if table == "sqlite_master" else root_page(path, table))
    report = rescue(path, out)
    with Project.open(out) as project:
        assert project.find_damage() == []
        texts = {one: project.text(one) for one in project.ids()}
    back = {one for one, text in whole.items() if texts.get(one) == text}
    assert len(back) + report.lost_examples >= len(whole)
    # Each of these tables has its rows on further pages, or is no text of examples.
    assert len(back) == len(whole)
    if table not in ("sqlite_master", "example_position", "setting", "version"):
        assert report.lines
        assert report.list_path.read_text("utf-8").splitlines() == report.lines


def test_a_damaged_page_of_texts_costs_its_own_rows_and_names_them(path, out):
    whole = content(path)["texts"]
    zero(path, first_child(path, "version_text"))
    report = rescue(path, out)
    with Project.open(out) as project:
        texts = {one: project.text(one) for one in project.ids()}
        assert {row.state for row in project.rows(project.ids())} >= {"approved", "draft"}
    assert texts == {one: whole[one] for one in texts}
    assert 60 < len(texts) < len(whole)
    assert report.lost_examples == len(whole) - len(texts)
    assert any("It began: {" in line for line in report.lines)


def test_a_damaged_page_of_examples_costs_state_and_place_but_no_text(path, out):
    whole = content(path)["texts"]
    zero(path, first_child(path, "example"))
    report = rescue(path, out)
    with Project.open(out) as project:
        texts = {one: project.text(one) for one in project.ids()}
    assert whole.items() <= texts.items()
    assert report.lost_examples == 0
    assert any("lost their place, state and tags" in line for line in report.lines)


def test_a_damaged_page_of_facts_costs_nothing(path, out):
    whole = content(path)["texts"]
    zero(path, first_child(path, "version"))
    rescue(path, out)
    with Project.open(out) as project:
        assert {one: project.text(one) for one in project.ids()} == whole
        assert all(row.kind != "unreadable" for row in project.rows(project.ids()))


def test_a_file_that_is_cut_off_says_how_much_is_missing(path, out):
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) - 10 * PAGE])
    report = rescue(path, out)
    assert "10 pages of it are missing" in report.lines[0]
    assert report.examples > 0


def test_what_stands_in_the_log_beside_the_file_is_rescued_too(path, out, tmp_path):
    with Project.open(path) as project:
        add(project, "the last words")
        copy = tmp_path / "copy" / path.name
        copy.parent.mkdir()
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            copy.with_name(source.name).write_bytes(source.read_bytes())
    report = rescue(copy, out)
    assert report.examples == 118
    with Project.open(out) as project:
        assert "the last words" in project.text(project.ids()[-1])


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_project_is_brought_up(tmp_path, out, version):
    old = tmp_path / "Old.tunedesk"
    old.write_bytes(gzip.decompress((FILES / f"version-{version}.tunedesk.gz").read_bytes()))
    kept = tmp_path / "Kept.tunedesk"
    kept.write_bytes(old.read_bytes())
    report = rescue(old, out)
    with Project.open(kept) as project, Project.open(out) as rescued:
        assert list(rescued.ids()) == list(project.ids())
        assert [rescued.text(one) for one in rescued.ids()] == [
            project.text(one) for one in project.ids()
        ]
    assert report.lost_examples == 0


def test_a_file_that_is_no_project_gives_a_sentence_and_leaves_nothing(tmp_path, out):
    other = tmp_path / "Other.tunedesk"
    for other_content in (b"", b"{}\n", os.urandom(50_000)):
        other.write_bytes(other_content)
        with pytest.raises(UserError, match="Nothing of a Tunedesk project"):
            rescue(other, out)
    assert list(out.parent.iterdir()) == []


def test_nothing_is_written_over_and_what_is_not_there_is_named(path, out, tmp_path):
    with pytest.raises(UserError, match="already"):
        rescue(path, path)
    with pytest.raises(UserError, match="is not there"):
        rescue(tmp_path / "None.tunedesk", out)
    with pytest.raises(UserError, match="not a file that can be opened"):
        rescue(tmp_path, out)


def test_cancel_leaves_nothing_behind(path, out):
    def cancel(_done, _total):
        raise Cancelled

    raw = path.read_bytes()
    path.write_bytes(raw + bytes(PAGE * 128))
    with pytest.raises(Cancelled):
        rescue(path, out, cancel)
    assert list(out.parent.iterdir()) == []


def test_on_the_command_line(path, out, capsys):
    assert cli.main(["rescue", str(path), "--output", str(out)]) == 0
    assert "117 examples, 1 runs and 1 presets rescued, 0 examples lost" in capsys.readouterr().out
    zero(path, first_child(path, "version_text"))
    again = out.with_name("Again.tunedesk")
    assert cli.main(["rescue", str(path), "--output", str(again)]) == 1
    assert "could not be read" in capsys.readouterr().err
    assert cli.main(["rescue", str(path), "--output", str(again)]) == 2
    assert "already" in capsys.readouterr().err


def test_a_text_that_is_no_json_any_more_is_not_called_rescued(path, out):
    with Project.open(path) as project:
        versions = {one: project.rows([one])[0].version_id for one in (4, 5, 6)}
        for one, broken in ((4, bytes(30)), (5, b"\xff\x00"), (6, b"not json at all")):
            project.context.store.execute(
                "UPDATE version_text SET text = ? WHERE id = ?", (broken, versions[one])
            )
        before = project.count()
    report = rescue(path, out)
    assert report.examples == before - 2
    assert report.lost_examples == 2
    told = "\n".join(report.lines)
    assert "Example 4: its latest text could not be read; an earlier one is back." in told
    assert "Example 5 could not be read. It began:" in told
    assert "Example 6 could not be read. It began:" in told
    with Project.open(out) as project:
        assert project.text(4).startswith('{"messages": [{"role": "user", "content": "example 3 ')


def test_letters_that_changed_on_the_disk_are_named_and_kept(path, out):
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"content": "example 8 word8', b'"content": "exxmple 8 word8'))
    report = rescue(path, out)
    assert report.lines == ["Example 9: letters of its text have changed on the disk."]
    assert report.lost_examples == 0
    with Project.open(out) as project:
        assert "exxmple 8" in project.text(9)
        assert "exxmple 8" in project.rows([9])[0].preview
        assert project.find_damage() == []


@pytest.mark.parametrize("damaged", [False, True])
def test_texts_from_before_there_were_checksums_are_rescued(tmp_path, out, damaged):
    """Their rows end before the column that was added."""
    path = tmp_path / "Old.tunedesk"
    path.write_bytes(gzip.decompress((FILES / "version-3.tunedesk.gz").read_bytes()))
    with Project.open(path) as project:
        add(project, "written since")
        ids = list(project.ids())
        before = {one: project.text(one) for one in ids}
    if damaged:
        zero(path, root_page(path, "example"))
    report = rescue(path, out)
    with Project.open(out) as project:
        changed = {one for one in before if project.text(one) != before[one]}
        assert changed == ({10} if damaged else set())  # its latest edit had been undone
        assert project.find_damage() == []
    assert bool(report.lines) is damaged
