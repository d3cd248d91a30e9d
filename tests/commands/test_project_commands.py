"""`tunedesk import`, `export` and `fix`: bytes stay, nothing is dropped in silence."""

import json

import pytest

from tunedesk.project.project import Project

ODD = (
    '{"x":1e2, "messages" : [{"role":"user","content":"a\\u00fc"},'
    '{"content":"b","role":"assistant"}]}'
)


def test_rows_come_out_as_they_came_in(command, write_rows, good_rows, tmp_path):
    file = write_rows("in.jsonl", [ODD, *good_rows])
    project, out = tmp_path / "a.tunedesk", tmp_path / "out.jsonl"
    assert command("import", project, file)[0] == 0
    assert command("export", project, out)[0] == 0
    assert out.read_bytes() == file.read_bytes()


def test_what_is_left_out_is_named(command, write_rows, good_rows, tmp_path):
    file = write_rows("in.jsonl", [good_rows[0], "...", {"messages": []}])
    project, out = tmp_path / "a.tunedesk", tmp_path / "out.jsonl"
    status, told, _err = command("import", project, file)
    assert status == 0
    assert "3 rows" in told
    status, told, err = command("export", project, out)
    assert "2 examples written" in told
    assert "(unreadable): examples 2" in err
    _status, told, err = command("export", project, out, "--without-errors")
    assert "1 example written" in told
    assert "(errors): examples 3" in err
    assert len(out.read_text().splitlines()) == 1


def test_a_query_chooses_the_rows(command, write_rows, good_rows, tmp_path):
    project, out = tmp_path / "a.tunedesk", tmp_path / "out.jsonl"
    command("import", project, write_rows("in.jsonl", good_rows))
    with Project.open(project) as opened:
        opened.set_state([opened.id_at(2), opened.id_at(5)], "approved")
    command("export", project, out, "--where", "state:approved")
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        good_rows[1],
        good_rows[4],
    ]


def test_a_wrong_query_is_a_sentence(command, write_rows, good_rows, tmp_path):
    project = tmp_path / "a.tunedesk"
    command("import", project, write_rows("in.jsonl", good_rows))
    status, _out, err = command("export", project, tmp_path / "o.jsonl", "--where", "colour:red")
    assert status == 2
    assert "colour:" in err
    assert not (tmp_path / "o.jsonl").exists()


def test_an_open_project_is_not_written_by_another(command, write_rows, good_rows, tmp_path):
    project = tmp_path / "a.tunedesk"
    file = write_rows("in.jsonl", good_rows)
    with Project.create(project):
        status, _out, err = command("import", project, file)
    assert status == 2
    assert "open elsewhere" in err


def test_another_format_is_left_alone(command, write_rows, tmp_path):
    file = write_rows("pairs.jsonl", [{"instruction": "a", "output": "b"}] * 3)
    status, _out, err = command("import", tmp_path / "a.tunedesk", file)
    assert status == 2
    assert "pairs.jsonl" in err


def test_fix_mends_and_keeps_all_else(command, write_rows, good_rows, tmp_path):
    developer = {
        "messages": [{"role": "developer", "content": "Be kind."}, *good_rows[0]["messages"]]
    }
    file = write_rows("in.jsonl", [ODD, developer, "...", *good_rows])
    out = tmp_path / "out.jsonl"
    status, told, _err = command("fix", file, out, "--rule", "role_developer")
    before, after = file.read_text().splitlines(), out.read_text().splitlines()
    assert status == 0
    assert "1 fixes in 1" in told
    assert after[1] == before[1].replace("developer", "system")
    assert [*after[:1], *after[2:]] == [*before[:1], *before[2:]]


@pytest.mark.parametrize("rule", ["no_such_rule", "too_few_examples"])
def test_a_rule_without_a_fix_is_a_sentence(command, write_rows, good_rows, tmp_path, rule):
    file = write_rows("in.jsonl", good_rows)
    status, _out, err = command("fix", file, tmp_path / "out.jsonl", "--rule", rule)
    assert status == 2
    assert rule in err


def test_a_copy_that_was_changed_is_merged(command, write_rows, good_rows, tmp_path):
    project, copy = tmp_path / "a.tunedesk", tmp_path / "b.tunedesk"
    command("import", project, write_rows("in.jsonl", good_rows))
    copy.write_bytes(project.read_bytes())
    command("import", copy, write_rows("more.jsonl", [good_rows[0]]))
    with Project.open(project) as here, Project.open(copy) as there:
        first = next(iter(here.ids()))
        here.set_state([first], "approved")
        there.set_state([first], "rejected")
        here.set_preset("Kind", "Be kind.")
        there.set_preset("Kind", "Be very kind.")
    status, told, err = command("merge", project, copy)
    assert status == 0
    assert "2 rows added, 0 rows changed, 0 rows deleted" in told
    assert "example 1: its state was changed in both; it stays as it is here" in err
    assert "“Kind” is called “Kind (2)” here" in err
    with Project.open(project, read_only=True) as here:
        assert here.count() == len(good_rows) + 1
    status, _told, err = command("merge", project, tmp_path / "nothing.tunedesk")
    assert status == 2
    assert "is not there" in err
