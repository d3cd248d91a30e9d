"""A file is checked alike in one piece and in parts, and what is found stands at its line."""

import gc
import json

import pytest

from tunedesk.checks.fixes import fix_all
from tunedesk.formats import check_file as check_file_module
from tunedesk.formats.check_file import check_file
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.read_records import read_batches

GOOD = {
    "messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}]
}
PAIR = {
    "input": {"messages": GOOD["messages"][:1]},
    "preferred_output": [GOOD["messages"][1]],
    "non_preferred_output": [{"role": "assistant", "content": "No."}],
}
RAW_BREAK = json.dumps(GOOD).replace("Yes.", "Yes,\n\nfrom ten.")
ROWS = [
    *(json.dumps({**GOOD, "id": number}) for number in range(6)),
    RAW_BREAK,
    "<<<<<<< HEAD",
    json.dumps(GOOD),
    "=======",
    json.dumps(PAIR),
    ">>>>>>> other",
    "",
    json.dumps(GOOD["messages"]),
    '{"messages": [{"role": "bot", "content": "a "quoted" word"}]}',
    json.dumps({"messages": [{"role": "Zaphod", "content": 7}, GOOD["messages"][1]]}),
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{row}\n" for row in ROWS), encoding="utf-8")
    return path


def _found(report):
    return [(p.line, p.problem.code, p.severity, p.fixable) for p in report.problems]


def test_the_collector_of_garbage_stays_as_it_was(tmp_path):
    """The window collects in its own thread: nobody may switch Python's collector on there."""
    path = tmp_path / "one.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "Hello"}]}', encoding="utf-8")
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        check_file(path, "openai", None)
        assert not gc.isenabled()
        gc.enable()
        check_file(path, "openai", None)
        assert gc.isenabled()
    finally:
        # Tests of the window run in the same process: what threads collect there crashes it.
        gc.enable() if was_enabled else gc.disable()


def test_what_is_found_stands_at_its_line(file):
    report = check_file(file, "openai", "r50k_base", try_fixes=True)
    found = _found(report)
    assert (report.records, report.examples, report.unreadable) == (15, 10, 5)
    assert (7, "control_character_raw", "error", True) in found
    assert (10, "merge_marker", "error", False) in found
    assert (15, "blank_line", "hint", True) in found
    assert (16, "messages_bare", "error", True) in found
    assert (17, "not_json", "error", True) in found
    assert (18, "role_unknown", "error", False) in found
    assert (18, "content_not_text", "error", True) in found
    (marks,) = [p.problem for p in report.problems if p.problem.code == "merge_marker"]
    assert marks.parameters == {"reason": "whole", "first": 10, "middle": 12, "last": 14}
    (breaks,) = [p.problem for p in report.problems if p.problem.code == "control_character_raw"]
    assert (breaks.parameters["first"], breaks.parameters["last"]) == (7, 9)
    assert sum(report.lengths) == report.message_tokens > 0


def test_a_file_in_parts_gives_the_same(file, monkeypatch):
    whole = check_file(file, "openai", "r50k_base", try_fixes=True)
    monkeypatch.setattr(check_file_module, "SMALL_FILE", 0)
    parts = check_file(file, "openai", "r50k_base", try_fixes=True)
    assert _found(parts) == _found(whole)
    assert (parts.records, parts.lengths) == (whole.records, whole.lengths)


def test_what_is_not_judged_is_counted(tmp_path):
    file = tmp_path / "alpaca.jsonl"
    rows = ['{"instruction": "a", "output": "b"}', "oops", '{"x": "\\ud800"}', "7", "oops"]
    file.write_text("\n".join(rows * 3), encoding="utf-8")
    report = check_file(file, "openai", None)
    assert not report.info.is_checked
    assert (report.records, report.examples, report.unreadable) == (15, 6, 9)
    assert report.problems == []
    assert list(report.lengths) == [0] * 6


def _row(answer):
    return json.dumps(
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": answer}]}
    )


TORN_WITH_QUOTES = (
    '{"messages": [{"role": "user", "content": "He said "yes"\nand went,\n\n\tor "so""},\n'
    '{"role": "assistant", "content": "fine"}]}'
)


@pytest.mark.parametrize("rows_before", [0, 3])
@pytest.mark.parametrize("rows_behind", [0, 3])
@pytest.mark.parametrize("mark", ["", ","])
def test_a_row_torn_by_line_breaks_and_quotation_marks_is_one(
    tmp_path, rows_before, rows_behind, mark
):
    path = tmp_path / "torn.jsonl"
    good = [_row(str(number)) for number in range(6)]
    lines = [*good[:rows_before], TORN_WITH_QUOTES + mark, *good[3 : 3 + rows_behind]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = check_file(path, "local", None)
    assert (report.records, report.unreadable) == (rows_before + rows_behind + 1, 1)
    (text,) = [
        text
        for batch in read_batches(path, inspect_file(path))
        for text in batch.texts
        if b"He said" in text
    ]
    fixed, _count = fix_all(text.decode())
    said = json.loads(fixed)["messages"][0]["content"]
    assert said == 'He said "yes"\nand went,\n\n\tor "so"'


def test_a_torn_row_takes_no_good_one_along(tmp_path):
    path = tmp_path / "torn.jsonl"
    cut = '{"messages": [{"role": "user", "content": "He said "yes"'
    path.write_text("\n".join([_row("1"), cut, "", "and more", _row("2")]), encoding="utf-8")
    report = check_file(path, "local", None)
    assert report.examples == 2


def test_problems_of_every_row_of_one_line_are_counted_by_rows(tmp_path):
    path = tmp_path / "list.json"
    messages = json.loads(_row("1"))["messages"]
    path.write_text(json.dumps([messages] * 12), encoding="utf-8")
    report = check_file(path, "openai", None)
    assert report.codes["messages_bare"] == report.records == 12
    assert report.with_errors == report.with_problems == 12
    path.write_text(json.dumps([GOOD] * 12), encoding="utf-8")
    report = check_file(path, "openai", None)
    assert (report.count("warning") > 0, report.with_problems) == (True, 0)
