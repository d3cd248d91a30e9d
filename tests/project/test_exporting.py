"""Export: exact bytes, in the order asked for, nothing dropped in silence."""

import pytest
from tests.project.made_examples import add, example_text, facts_of, lose_from_index, retype

from tunedesk.errors import Cancelled, UserError
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.exporting import export, training_rows, version_records
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery

ODD = [
    '{"messages":[{"role":"user","content":"\\u00e9\\ud800"}],"n":123456789012345678901234567890}',
    '{ "messages" : [ ] , "x":1.0,"x":2 }',
    '{"messages": [{"role": "user", "content": "中文 é"}]}',
]


def test_bytes_are_kept(project, tmp_path):
    for text in ODD:
        project.add_example(text, facts_of(text))
    out = tmp_path / "out.jsonl"
    summary = export(project, out)
    assert out.read_bytes() == ("\n".join(ODD) + "\n").encode()
    assert (summary.written, summary.left_out, summary.reasons()) == (3, 0, [])


def test_a_record_over_lines_becomes_one_line(project, tmp_path):
    text = '{\n  "messages": [\r\n  ],\n "x": "a\\nb"\n}'
    project.add_example(text, facts_of(text))
    out = tmp_path / "out.jsonl"
    export(project, out)
    assert out.read_bytes().count(b"\n") == 1
    assert b'"a\\nb"' in out.read_bytes()


def test_filter_and_order(project, tmp_path):
    for name in ("one", "two", "three", "four"):
        add(project, name)
    ids = project.ids()
    project.set_state(ids[1:], "approved")
    out = tmp_path / "out.jsonl"
    seen = []
    query = ExampleQuery(states=("approved",), sort="tokens")
    export(project, out, query, lambda done, total: seen.append((done, total)))
    assert out.read_text().splitlines() == [example_text(n) for n in ("two", "four", "three")]
    assert seen[-1] == (3, 3)


def test_what_is_left_out_is_told(project, tmp_path):
    good = add(project, "good")
    bad = add(project, "bad", "role_unknown")
    broken = project.add_example("{oops", facts_of("{oops", "not_json")._replace(kind="unreadable"))
    out = tmp_path / "out.jsonl"
    summary = export(project, out)
    assert (summary.written, summary.left_out) == (2, 1)
    assert summary.left_out_ids == {"unreadable": [broken]}
    assert summary.reasons() == ["1 row that is not a JSON object was left out."]
    summary = export(project, out, leave_out_errors=True)
    assert summary.left_out_ids == {"unreadable": [broken], "errors": [bad]}
    assert out.read_text() == example_text("good") + "\n"
    summary = export(project, out, leave_out_unreadable=False)
    assert summary.left_out == 0
    assert out.read_text().endswith("{oops\n")
    assert good


def test_cancel_leaves_the_old_file(project, tmp_path):
    add(project, "one")
    out = tmp_path / "out.jsonl"
    out.write_text("old")

    def cancel(_done, _total):
        raise Cancelled

    with pytest.raises(Cancelled):
        export(project, out, progress=cancel)
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".jsonl") == [
        "out.jsonl"
    ]
    retype(project, project.ids()[0], "still works")


def test_a_place_that_cannot_be_written(project, tmp_path):
    add(project, "one")
    with pytest.raises(UserError):
        export(project, tmp_path / "no folder" / "out.jsonl")


def test_an_export_is_a_snapshot(project, tmp_path):
    for number in range(2500):
        add(project, str(number))
    out = tmp_path / "out.jsonl"
    last = project.ids()[-1]

    def write_meanwhile(_done, _total):
        with project.handle() as handle:
            retype(handle, last, "changed meanwhile")

    export(project, out, progress=write_meanwhile)
    assert out.read_text().splitlines()[-1] == example_text("2499")
    assert project.text(last) == example_text("changed meanwhile")


@pytest.mark.parametrize("index", ["example_position", "example_changed"])
def test_what_a_damaged_list_has_lost_is_never_left_out_in_silence(tmp_path, index):
    path, out = tmp_path / "Test.tunedesk", tmp_path / "out.jsonl"
    out.write_text("before")
    with Project.create(path) as project:
        for number in range(10):
            add(project, str(number))
        project.delete(project.ids()[8:])
        assert export(project, tmp_path / "whole.jsonl").written == 8
        assert len(training_rows(project, ExampleQuery())) == 8
    lose_from_index(path, index, 3)
    with Project.open(path) as project:
        with pytest.raises(ProjectDamagedError, match=r"differ \(7 and 8\).*left out"):
            export(project, out)
        with pytest.raises(ProjectDamagedError, match="left out"):
            training_rows(project, ExampleQuery(states=("draft",)))
        assert index in "; ".join(project.find_damage())
    assert out.read_text() == "before"


BROKEN = [
    b"\x00" * 40,
    b"\xff\x00",
    b"not json at all",
    b"",
    b'{"messages": [' + bytes(20) + b"]}",
    b'"a text"',
]


@pytest.mark.parametrize("with_checksums", [False, True])
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("leave_out_errors", [False, True])
def test_a_text_that_is_no_json_any_more_is_never_written(
    project, tmp_path, broken, leave_out_errors, with_checksums
):
    """Its facts are whole, as a damaged page of texts leaves them."""
    first, second, third = (add(project, name) for name in ("one", "two", "three"))
    odd = project.add_example("{oops", facts_of("{oops", "not_json")._replace(kind="unreadable"))
    project.context.store.execute("UPDATE version_text SET text = ? WHERE id = ?", (broken, second))
    if not with_checksums:  # as in a file from before version 4
        project.context.store.execute("UPDATE version_text SET checksum = NULL")
    out = tmp_path / "out.jsonl"
    summary = export(project, out, leave_out_errors=leave_out_errors)
    assert out.read_text().splitlines() == [example_text("one"), example_text("three")]
    assert summary.written == 2
    assert summary.left_out_ids == {"unreadable": [odd], "damaged": [second]}
    damaged = "1 example whose text is missing or damaged in the project file was left out."
    assert damaged in summary.reasons()
    summary = export(project, out, leave_out_unreadable=False)
    assert (summary.written, summary.left_out_ids) == (3, {"damaged": [second]})
    assert "{oops" in out.read_text()
    # A launch is refused, but for what was no JSON from the beginning.
    with pytest.raises(ProjectDamagedError, match="missing or damaged"):
        list(version_records(project, [first, second, third]))
    assert list(version_records(project, [first, odd])) == [
        [example_text("one").encode(), b"{oops"]
    ]


def test_texts_with_blanks_around_are_written_as_they_are(project, tmp_path):
    for name in ("one", "two"):
        project.add_example(f"  {example_text(name)}\t", facts_of(name))
    out = tmp_path / "out.jsonl"
    summary = export(project, out)
    assert (summary.written, summary.left_out) == (2, 0)
    assert out.read_text() == f"  {example_text('one')}\t\n  {example_text('two')}\t\n"


def test_a_text_in_which_a_letter_changed_on_the_disk_is_left_out_and_named(project, tmp_path):
    first, second = add(project, "a dose of 5 mg"), add(project, "two")
    changed = example_text("a dose of 9 mg").encode()
    project.context.store.execute("UPDATE version_text SET text = ? WHERE id = ?", (changed, first))
    out = tmp_path / "out.jsonl"
    summary = export(project, out)
    assert (summary.written, summary.left_out_ids) == (1, {"damaged": [first]})
    with pytest.raises(ProjectDamagedError, match="missing or damaged"):
        list(version_records(project, [first, second]))
    # What is typed there anew is a text of its own.
    retype(project, first, "a dose of 5 mg.")
    assert export(project, out).written == 2


def test_old_texts_without_checksums_and_new_ones_are_written(project, tmp_path):
    for name in ("one", "two", "three"):
        add(project, name)
    project.context.store.execute("UPDATE version_text SET checksum = NULL WHERE id = 2")
    out = tmp_path / "out.jsonl"
    assert export(project, out).written == 3
    assert out.read_text().splitlines() == [example_text(n) for n in ("one", "two", "three")]
