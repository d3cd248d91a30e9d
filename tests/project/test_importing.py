"""Import: every record becomes a row with its exact bytes; Cancel keeps what came."""

import json
import re

import pytest
from tests.project.made_examples import add, undo_name

from tunedesk.checks.checker import Checker
from tunedesk.errors import Cancelled, UserError
from tunedesk.project import change_log, importing
from tunedesk.project.damage import DiskFullError
from tunedesk.project.exporting import export
from tunedesk.project.importing import import_file
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import find_and_replace
from tunedesk.workers import WorkerPool


def record(number):
    return json.dumps(
        {
            "messages": [
                {"role": "user", "content": f"Question {number}?"},
                {"role": "assistant", "content": f"Answer {number}."},
            ],
            "id": number,
        }
    )


@pytest.fixture
def data(tmp_path):
    """A file of 1,000 records, an unreadable one among them."""
    path = tmp_path / "data.jsonl"
    lines = [record(number) for number in range(1000)]
    lines[500] = '{"messages": [oops'
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_record_is_a_row(project, data):
    add(project, "written before")
    told = []
    first = []
    project.subscribe(told.append)
    summary = import_file(
        project, data, on_first_rows=lambda: first.append(project.count()), state="approved"
    )
    assert (summary.added, summary.unreadable, summary.with_errors) == (1000, 1, 1)
    assert summary.odd
    assert summary.tokens == project.totals(ExampleQuery(sources=("data.jsonl",))).tokens
    assert first == [201]
    ids = project.ids()
    assert len(ids) == 1001
    lines = data.read_text().splitlines()
    assert [project.text(row) for row in ids[1:]] == lines
    rows = project.rows(ids)
    assert [row.source_line for row in rows] == [None, *range(1, 1001)]
    assert {row.source for row in rows[1:]} == {"data.jsonl"}
    assert rows[501].kind == "unreadable"
    assert rows[1].state == "approved"
    checker = Checker()
    for place in (1, 300, 501, 1000):
        assert project.facts(ids[place]) == checker.check(lines[place - 1].encode())
    assert undo_name(project) == "Import 1,000 examples from data.jsonl"
    assert "added" in told[0].kinds
    assert told[-1].name == "Import 1,000 examples from data.jsonl"
    project.undo()
    assert project.count() == 1
    project.redo()
    assert list(project.ids()) == list(ids)
    source = project.sources()[-1]
    assert (source.kind, source.name, source.encoding) == ("imported", "data.jsonl", "utf-8")
    assert source.path == str(data)


def test_workers_find_the_same(project, data, monkeypatch):
    monkeypatch.setattr(importing, "_SMALL_FILE", 0)
    with WorkerPool(1) as pool:
        import_file(project, data, pool)
    here = project.ids()
    import_file(project, data)
    both = project.ids()
    assert len(both) == 2000
    for one, other in zip(here, both[1000:], strict=True):
        assert project.facts(one) == project.facts(other)
        assert project.text(one) == project.text(other)


def test_cancel_keeps_what_came(project, data, monkeypatch):
    def cancel(done, total):
        assert total == data.stat().st_size
        raise Cancelled

    summary = import_file(project, data, progress=cancel)
    assert summary.cancelled
    assert summary.added == project.count() == importing.FIRST_ROWS
    assert undo_name(project) == "Import 200 examples from data.jsonl"
    project.undo()
    assert project.count() == 0


def test_a_bug_on_the_way_keeps_what_came(project, data):
    def fail(_done, _total):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        import_file(project, data, progress=fail)
    assert project.count() == importing.FIRST_ROWS
    assert undo_name(project) == "Import 200 examples from data.jsonl"
    assert project.context.store.value("SELECT count(*) FROM change WHERE incomplete") == 0


def let_grow(project, pages):
    """The disk has room for so many more pages of the project; None for any number."""
    store = project.context.store
    most = 10**9 if pages is None else store.value("PRAGMA page_count") + pages
    store.execute(f"PRAGMA max_page_count = {most}")


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.jsonl"
    lines = [record(f"{number} {'x' * 400}") for number in range(3000)]
    lines[10] = lines[2990] = "oops"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_full_disk_keeps_what_came_and_the_import_goes_on_from_there(project, large):
    add(project, "written before")
    let_grow(project, 100)
    summary = import_file(project, large)
    came = summary.added
    assert importing.FIRST_ROWS <= came < 3000
    assert project.count() == came + 1
    assert summary.failure.sentence == (
        f"The disk is full. {came:,} examples of large.jsonl came in and are kept."
    )
    assert undo_name(project) == f"Import {came:,} examples from large.jsonl"
    let_grow(project, 100)
    summary = import_file(project, large, resume=summary)
    assert summary.added > came
    assert summary.failure is not None
    let_grow(project, None)
    summary = import_file(project, large, resume=summary)
    assert (summary.added, summary.failure, summary.unreadable) == (3000, None, 2)
    lines = large.read_text().splitlines()
    ids = project.ids()
    assert [project.text(row) for row in ids[1:]] == lines
    assert [row.source_line for row in project.rows(ids)[1:]] == list(range(1, 3001))
    assert len(project.sources()) == 2
    assert undo_name(project) == "Import 3,000 examples from large.jsonl"
    project.undo()
    assert project.count() == 1


def test_what_was_undone_meanwhile_comes_anew(project, large):
    let_grow(project, 100)
    summary = import_file(project, large)
    project.undo()
    let_grow(project, None)
    summary = import_file(project, large, resume=summary)
    assert summary.added == project.count() == 3000


def test_the_rest_of_a_file_that_changed_does_not_follow(project, large):
    let_grow(project, 100)
    summary = import_file(project, large)
    let_grow(project, None)
    large.write_text(large.read_text() + record("more"))
    with pytest.raises(UserError, match="has changed since"):
        import_file(project, large, resume=summary)
    assert project.count() == summary.added


def test_a_disk_that_was_full_from_the_start(project, large):
    let_grow(project, 0)
    with pytest.raises(DiskFullError, match="not kept"):
        import_file(project, large)
    assert project.count() == 0
    assert undo_name(project) is None
    let_grow(project, None)
    assert import_file(project, large).added == 3000


def test_where_not_even_the_end_can_be_written_it_follows(project, data, monkeypatch):
    """What came is kept and told; it is ended before anything is undone."""

    def refuse(_store, _change_id, _name):
        raise DiskFullError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(change_log, "end", refuse)
        summary = import_file(project, data)
    assert summary.failure.sentence.startswith("The disk is full. 1,000 examples of data.jsonl")
    assert project.has_unfinished
    project.undo()
    assert not project.has_unfinished
    assert project.count() == 0
    project.redo()
    assert undo_name(project) == "Import 1,000 examples from data.jsonl"


def test_typing_goes_on_during_an_import(project, data):
    one = add(project, "one")

    def type_on(_done, _total):
        with project.handle() as handle:
            text = handle.text(one) + " "
            handle.set_text(one, text, handle.facts(one), "Edit message 1", "field")

    import_file(project, data, progress=type_on)
    names = []
    while (name := undo_name(project)) is not None:
        names.append(name)
        project.undo()
    assert names == ["Edit message 1", "Import 1,000 examples from data.jsonl", "Add 1 example"]
    while project.redo():
        pass
    assert project.count() == 1001


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b'{"instruction": "a", "output": "b"}\n', "left alone"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "Git LFS"),
        (bytes(range(256)) * 20, "not a text"),
    ],
)
def test_other_files_are_left_alone(project, tmp_path, content, said):
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=said):
        import_file(project, path)
    assert undo_name(project) is None
    assert [source.kind for source in project.sources()] == ["written"]


def test_odd_files_come_in_whole(project, tmp_path):
    path = tmp_path / "odd.json"
    text = "[\r\n" + ",\r\n".join(record(number) for number in range(3)) + ",\r\n]"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    summary = import_file(project, path)
    assert summary.added == 3
    assert summary.odd
    assert [problem.code for _line, problem in summary.problems]
    assert [project.text(row) for row in project.ids()] == [record(n) for n in range(3)]
    out = tmp_path / "out.jsonl"
    export(project, out)
    assert out.read_text() == "".join(record(number) + "\n" for number in range(3))


def test_a_guessed_row_says_so(project, tmp_path):
    path = tmp_path / "latin.jsonl"
    lines = [record(1).encode(), record(2).replace("Answer", "Caf\xe9").encode("latin-1")]
    path.write_bytes(b"\n".join([*lines, record("é").encode()]))
    import_file(project, path)
    rows = project.ids()
    assert len(rows) == 3
    codes = [[problem.code for problem in project.problems(row)] for row in rows]
    assert codes[0] == codes[2]
    assert "Café" in project.text(rows[1])


OTHER_KINDS = {
    "preference": [
        {
            "input": {"messages": [{"role": "user", "content": f"Sunday {number}?"}]},
            "preferred_output": [{"role": "assistant", "content": "Open from ten."}],
            "non_preferred_output": [{"role": "assistant", "content": "Maybe."}],
        }
        for number in range(3)
    ],
    "reinforcement": [
        {"messages": [{"role": "user", "content": f"Sunday {number}?"}], "reference_answer": "Open"}
        for number in range(3)
    ],
    "prompt_completion": [
        {"prompt": f"Sunday {number}?", "completion": " Open from ten."} for number in range(3)
    ],
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_other_kinds_come_in_are_found_changed_tagged_and_go_out(project, tmp_path, kind):
    path = tmp_path / "other.jsonl"
    lines = [json.dumps(record) for record in OTHER_KINDS[kind]]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    summary = import_file(project, path)
    assert (summary.added, summary.unreadable) == (3, 0)
    ids = project.ids()
    assert [row.kind for row in project.rows(ids)] == [kind] * 3
    assert [row.preview for row in project.rows(ids)] == [f"Sunday {n}?" for n in range(3)]
    assert project.ids(ExampleQuery(search="open")) == ids
    assert not project.ids(ExampleQuery(search="user"))
    project.add_tag(ids[:1], "kept")
    assert list(project.ids(ExampleQuery(tags=("kept",)))) == [ids[0]]
    out = tmp_path / "out.jsonl"
    assert export(project, out).written == 3
    assert out.read_bytes() == path.read_bytes()
    assert find_and_replace(project.context, None, re.compile("Sunday"), "Monday").examples == 3
    assert json.loads(project.text(ids[0])) == json.loads(lines[0].replace("Sunday", "Monday"))
    project.undo()
    assert [project.text(row) for row in ids] == lines


def test_one_project_holds_several_kinds(project, tmp_path):
    for kind, records in OTHER_KINDS.items():
        path = tmp_path / f"{kind}.jsonl"
        path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        import_file(project, path)
    kinds = [row.kind for row in project.rows(project.ids())]
    assert kinds == [kind for kind in OTHER_KINDS for _number in range(3)]
