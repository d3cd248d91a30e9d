"""`tunedesk import`, `export` and `fix`: bytes stay, nothing is dropped in silence."""

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.cli import main
from tunedesk.commands import data_file_commands
from tunedesk.project import change_log
from tunedesk.project.change_names import ChangeName
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project import Project
from tunedesk.workers import WorkerPool

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


def test_rejected_rows_that_are_written_are_told(command, write_rows, good_rows, tmp_path):
    project, out = tmp_path / "a.tunedesk", tmp_path / "out.jsonl"
    command("import", project, write_rows("in.jsonl", good_rows))
    assert "rejected" not in command("export", project, out)[2]
    with Project.open(project) as opened:
        opened.set_state([opened.id_at(2), opened.id_at(5)], "rejected")
    status, _told, err = command("export", project, out)
    assert status == 0
    assert "2 of them are rejected; --where leaves them out" in err
    assert len(out.read_text().splitlines()) == len(good_rows)
    assert not command("export", project, out, "--where", "state:rejected")[2]


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
    assert "open elsewhere by" in err
    assert "Holder(" not in err


def test_what_a_crash_cut_off_is_told(command, write_rows, good_rows, tmp_path):
    project = tmp_path / "a.tunedesk"
    file = write_rows("in.jsonl", good_rows)
    with Project.create(project) as opened, opened.context.store.transaction():
        name = ChangeName("delete", {"count": 300})
        change_log.begin(opened.context.store, name, incomplete=True)
    status, _out, err = command("import", project, file)
    assert status == 0
    assert "“Delete 300 examples” had been cut off, so it was taken back" in err
    assert "cut off" not in command("import", project, file)[2]


def test_an_import_that_a_full_disk_stopped_says_what_came(
    command, write_rows, good_rows, tmp_path, monkeypatch
):
    def refuse(_store, _change_id, _name):
        raise DiskFullError("The disk is full.")

    project = tmp_path / "a.tunedesk"
    files = [write_rows(name, good_rows) for name in ("one.jsonl", "two.jsonl")]
    monkeypatch.setattr(change_log, "end", refuse)
    status, _out, err = command("import", project, *files)
    assert status == 2
    assert f"The disk is full. {len(good_rows)} examples of one.jsonl came in and are kept" in err
    with Project.open(project, read_only=True) as opened:
        assert opened.count() == len(good_rows)


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
    assert "1 fix in 1" in told
    assert after[1] == before[1].replace("developer", "system")
    assert [*after[:1], *after[2:]] == [*before[:1], *before[2:]]


@pytest.mark.parametrize("rule", ["no_such_rule", "too_few_examples"])
def test_a_rule_without_a_fix_is_a_sentence(command, write_rows, good_rows, tmp_path, rule):
    file = write_rows("in.jsonl", good_rows)
    status, _out, err = command("fix", file, tmp_path / "out.jsonl", "--rule", rule)
    assert status == 2
    assert rule in err


def _fixed(command, tmp_path, text, *rules):
    file, out = tmp_path / "rows.jsonl", tmp_path / "fixed.jsonl"
    file.write_bytes(text.encode())
    told, warned = command("fix", file, out, *rules)[1:]
    return out.read_bytes().decode(), told + warned


GOOD = (
    '{"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}]}'
)


def test_blank_lines_in_a_text_are_kept_by_the_fix(command, tmp_path):
    broken = GOOD.replace("Yes.", "First,\n\n\nthen.")
    fixed, told = _fixed(command, tmp_path, f"{GOOD}\n{broken}\n{GOOD}\n")
    escaped = GOOD.replace("Yes.", r"First,\n\n\nthen.")
    assert fixed == f"{GOOD}\n{escaped}\n{GOOD}\n"
    assert "1 fix in 1" in told


def test_what_nobody_can_read_stays_with_its_blank_lines(command, tmp_path):
    broken = '{"messages": [{"role": "user", "content": First,\n\n\nthen."}]}'
    fixed, told = _fixed(command, tmp_path, f"{GOOD}\n{broken}\n{GOOD}\n")
    assert fixed == f"{GOOD}\n{broken}\n{GOOD}\n"
    assert "nothing could be fixed" in told
    assert "the file is a copy" not in told


def test_what_is_put_right_by_writing_is_said(command, tmp_path):
    fixed, told = _fixed(command, tmp_path, f"{GOOD}\n\n{GOOD},\n{GOOD}\n")
    assert fixed == 3 * f"{GOOD}\n"
    assert "Blank line" in told
    assert "the file is a copy" not in told
    assert "the file is a copy" in _fixed(command, tmp_path, 3 * f"{GOOD}\n")[1]


def test_single_messages_become_conversations_where_each_has_a_system_message(command, tmp_path):
    roles = ["system", "user", "assistant", "user", "assistant", "system", "user", "assistant"]
    rows = [json.dumps({"role": role, "content": f"{role}."}) for role in roles]
    fixed, told = _fixed(command, tmp_path, "\n".join([*rows, GOOD, ""]))
    records = [json.loads(line) for line in fixed.splitlines()]
    assert [len(record["messages"]) for record in records] == [5, 3, 2]
    assert "2 times in the file" in told
    # Without system messages there is more than one way to do it.
    assert _fixed(command, tmp_path, "\n".join(rows[1:5]) + "\n")[0].splitlines() == rows[1:5]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("{u}\n{a}\n\n{u}\n{a}\n{u}\n{a}\n", [2, 4]),
        ("{u}\n{a}\n\n\n{s}\n{u}\n{a}\n", [2, 3]),
        ("[{u}, {a}, {u}, {a}]", [4]),
        ("[\n {s},\n {u},\n {a},\n {s},\n {u},\n {a}\n]", [3, 3]),
        ("[[{u}, {a}], [{s}, {u}, {a}]]", [2, 3]),
        # An answer never begins a conversation.
        ("{u}\n\n{a}\n\n{u}\n\n{a}\n", []),
    ],
)
def test_where_single_messages_become_conversations(command, tmp_path, text, lengths):
    row = {role[0]: json.dumps({"role": role, "content": role}) for role in ROLES}
    filled = re.sub(r"\{(\w)\}", lambda found: row[found[1]], text)
    fixed, _told = _fixed(command, tmp_path, filled)
    records = [json.loads(line) for line in fixed.splitlines()]
    assert [len(each["messages"]) for each in records if "messages" in each] == lengths
    written = [m for each in records for m in each.get("messages", [each])]
    assert [m["role"] for m in written] == re.findall(r'"role": "(\w+)"', filled)


ROLES = ("system", "user", "assistant")


_pieces = st.sampled_from(
    [
        GOOD,
        "",
        "",
        "   ",
        '{"messages": [{"role": "user", "content": "cut',
        '{"messages": [oops, "content": "x"}',
        "and then.",
        "  indented",
        "<<<<<<< HEAD",
        "...",
    ]
)


@pytest.fixture(scope="module")
def _one_pool():
    """The worker processes are started once for all commands."""
    with WorkerPool() as pool, pytest.MonkeyPatch.context() as patch:
        # Its threads begin before any test, which is asked for those that it leaves.
        assert list(pool.map_ordered(len, ["one"])) == [3]
        patch.setattr(data_file_commands, "WorkerPool", lambda: contextlib.nullcontext(pool))
        yield


@given(pieces=st.lists(_pieces, max_size=14))
@pytest.mark.usefixtures("_one_pool")
def test_the_fix_loses_nothing_that_it_does_not_understand(tmp_path_factory, pieces):
    folder = tmp_path_factory.mktemp("fix")
    file, out = folder / "rows.jsonl", folder / "fixed.jsonl"
    file.write_text("".join(f"{piece}\n" for piece in (GOOD, *pieces)), encoding="utf-8")
    assert main(["fix", str(file), str(out), "--rule", "name_empty"]) == 0
    before = file.read_text(encoding="utf-8").splitlines()
    after = out.read_text(encoding="utf-8").splitlines()
    # In the order of the file everything stands there but blank lines between good rows.
    kept = iter(after)
    for number, line in enumerate(before):
        if not line.strip():
            beside = [row for row in reversed(before[:number]) if row.strip()][:1]
            beside += [row for row in before[number + 1 :] if row.strip()][:1]
            if all(row == GOOD for row in beside) or len(beside) < 2:
                continue
        assert line.strip() == next(kept).strip()
    assert not "".join(kept).strip()


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


def test_a_table_comes_in_by_the_names_of_its_columns_or_as_it_is_told(command, tmp_path):
    table, project, out = tmp_path / "a.csv", tmp_path / "a.tunedesk", tmp_path / "out.jsonl"
    table.write_text("Frage;Antwort;Topic\nWas?;Das.;dose\n;;\n;;lost\n", encoding="utf-8")
    status, told, err = command("import", project, table)
    assert (status, told.strip()) == (0, f"{table}: 1 row imported")
    assert "row 4: The row has no text" in err
    with Project.open(project, read_only=True) as opened:
        assert [use.name for use in opened.tags()] == ["dose"]
    assert command("import", project, table, "--map", "Frage=assistant,Antwort=user")[0] == 0
    command("export", project, out)
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert [message["content"] for message in first["messages"]] == ["Was?", "Das."]
    assert {m["role"]: m["content"] for m in second["messages"]} == {
        "assistant": "Was?",
        "user": "Das.",
    }


def test_a_table_whose_columns_nobody_knows_is_refused_with_what_to_do(command, tmp_path):
    table, project = tmp_path / "a.csv", tmp_path / "a.tunedesk"
    table.write_text("1,2,3,4\n5,6,7,8\n", encoding="utf-8")
    status, _told, err = command("import", project, table)
    assert status == 2
    assert "Name them User and Assistant" in err
    assert command("import", project, table, "--map", "Nobody=user")[0] == 2
