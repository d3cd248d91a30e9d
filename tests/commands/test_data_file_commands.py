"""`tunedesk check`: exit status, the object of --json, every problem with its line."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalogue.made_models import make_model
from tests.commands.conftest import record

from tunedesk.catalogue.token_encodings import model_encoding
from tunedesk.checks.checker import Checker
from tunedesk.commands.data_file_commands import quantiles
from tunedesk.formats import check_file as check_file_module
from tunedesk.formats.read_records import file_ranges

KEYS = {
    "file",
    "format",
    "encoding",
    "records",
    "examples",
    "unreadable",
    "errors",
    "warnings",
    "hints",
    "with_errors",
    "with_problems",
    "tokens",
    "issues",
}


def test_a_good_file_is_all_well(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    status, out, _err = command("check", file, "--json")
    report = json.loads(out)
    assert status == 0
    assert set(report) == KEYS
    assert (report["format"], report["encoding"], report["examples"]) == ("chat", "utf-8", 12)
    assert (report["records"], report["unreadable"], report["errors"]) == (12, 0, 0)
    assert set(report["tokens"]) == {"encoding", "messages", "tools", "images", "max"}


def test_tokens_are_those_of_the_published_formula(command, write_rows):
    message = {"role": "user", "content": "hello world"}
    file = write_rows("one.jsonl", [{"messages": [message]}])
    _status, out, _err = command("check", file, "--json")
    tokens = json.loads(out)["tokens"]
    # 3 for the message, 1 for its role, 2 for its words, 3 at the end.
    assert tokens == {"encoding": "o200k_base", "messages": 9, "tools": 0, "images": 0, "max": 9}


def test_every_problem_is_named_with_its_line_and_place(command, write_rows, good_rows):
    bad = {"messages": [{"role": "bot", "content": 7}, {"role": "assistant", "content": "{{x}}"}]}
    file = write_rows("bad.jsonl", [*good_rows, bad, "{oops"])
    status, out, _err = command("check", file, "--json")
    report = json.loads(out)
    found = {(issue["line"], issue["code"], issue["path"]) for issue in report["issues"]}
    assert status == 1
    assert report["unreadable"] == 1
    assert (13, "role_unknown", "/messages/0/role") in found
    assert (13, "content_not_text", "/messages/0/content") in found
    assert (13, "placeholder", "/messages/1/content") in found
    assert (14, "not_json", "") in found
    for issue in report["issues"]:
        assert set(issue) == {"line", "code", "severity", "path", "message", "fixable"}
        assert len(issue["message"].split()) > 3


def test_without_tokens_none_are_told(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    status, out, _err = command("check", file, "--json", "--no-tokens")
    assert status == 0
    assert json.loads(out)["tokens"] is None


def test_several_files_give_a_line_each_and_the_worst_status(command, write_rows, good_rows):
    good = write_rows("good.jsonl", good_rows)
    few = write_rows("few.jsonl", good_rows[:3])
    status, out, _err = command("check", good, few, "--json")
    assert status == 1
    assert [json.loads(line)["examples"] for line in out.splitlines()] == [12, 3]


def test_another_format_is_named_and_left_alone(command, write_rows):
    file = write_rows("pairs.jsonl", [{"instruction": "a", "output": "b"}] * 12)
    status, out, err = command("check", file, "--json")
    assert status == 2
    assert json.loads(out)["format"] == "alpaca"
    assert json.loads(out)["examples"] == 12
    assert "pairs.jsonl" in err


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda n: {"prompt": f"Room {n}?", "completion": " Yes."}, "prompt_completion"),
        (
            lambda n: {
                "messages": [{"role": "user", "content": "Name the part."}],
                "reference": f"part {n}",
            },
            "reinforcement",
        ),
        (
            lambda n: {
                "input": {"messages": [{"role": "user", "content": f"Room {n}?"}]},
                "preferred_output": [{"role": "assistant", "content": "Yes."}],
                "non_preferred_output": [{"role": "assistant", "content": "No."}],
            },
            "preference",
        ),
    ],
)
def test_good_rows_of_other_kinds_are_not_scolded(command, write_rows, made, name):
    file = write_rows("rows.jsonl", [made(number) for number in range(12)])
    status, out, _err = command("check", file, "--json")
    report = json.loads(out)
    assert (status, report["format"], report["examples"]) == (0, name, 12)
    assert (report["errors"], report["warnings"]) == (0, 0)
    assert report["tokens"]["messages"] > 12


def test_the_tokens_of_all_kinds_are_counted(command, write_rows, good_rows):
    pair = {
        "input": {"messages": [{"role": "user", "content": "Open?"}]},
        "preferred_output": [{"role": "assistant", "content": "Yes."}],
        "non_preferred_output": [{"role": "assistant", "content": "No."}],
    }
    alone = json.loads(command("tokens", write_rows("a.jsonl", good_rows), "--json")[1])
    pairs = json.loads(command("tokens", write_rows("b.jsonl", [pair]), "--json")[1])
    both = json.loads(command("tokens", write_rows("c.jsonl", [*good_rows, pair]), "--json")[1])
    assert pairs["tokens"] > 0
    assert both["tokens"] == alone["tokens"] + pairs["tokens"]


def test_a_missing_file_is_a_sentence(command, tmp_path):
    status, out, err = command("check", tmp_path / "nothing.jsonl")
    assert (status, out) == (2, "")
    assert "nothing.jsonl" in err
    assert "Traceback" not in err


def test_an_unknown_target_is_a_sentence(command, write_rows, good_rows):
    status, _out, err = command("check", write_rows("a.jsonl", good_rows), "--target", "moon")
    assert status == 2
    assert "moon" in err


def test_the_report_for_people_names_lines_and_counts(command, write_rows, good_rows):
    file = write_rows("bad.jsonl", [*good_rows, {"messages": []}])
    status, out, _err = command("check", file)
    assert status == 1
    assert "line 13" in out
    assert "1 error," in out


def test_duplicates_are_named_at_the_first_of_them(command, write_rows, good_rows):
    file = write_rows("double.jsonl", [*good_rows, good_rows[4]])
    _status, out, _err = command("check", file, "--json")
    issues = json.loads(out)["issues"]
    assert [(i["line"], i["severity"]) for i in issues if i["code"] == "duplicate_examples"] == [
        (5, "warning")
    ]


def test_a_large_file_gives_the_same_in_worker_processes(
    command, write_rows, good_rows, monkeypatch
):
    rows = [*good_rows, {"messages": []}, "{oops", *good_rows]
    file = write_rows("large.jsonl", rows)
    here = json.loads(command("check", file, "--json")[1])
    monkeypatch.setattr(check_file_module, "SMALL_FILE", 0)
    assert json.loads(command("check", file, "--json")[1]) == here


def test_a_large_file_read_in_parts_gives_the_same(command, write_rows, good_rows, monkeypatch):
    broken = '{"messages": [\n  {"role": "user",\n\n  oops}\n]}'
    rows = [*good_rows, {"messages": []}, broken, "{oops", *good_rows, *good_rows[:3]]
    file = write_rows("parts.jsonl", rows)
    here = json.loads(command("check", file, "--json")[1])
    monkeypatch.setattr(check_file_module, "SMALL_FILE", 0)
    monkeypatch.setattr(check_file_module, "file_ranges", partial(file_ranges, block=64))
    assert json.loads(command("check", file, "--json")[1]) == here


def test_totals_epochs_and_cost(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    status, out, _err = command("tokens", file, "--model", "gpt-4.1-mini", "--json")
    found = json.loads(out)
    cost = found["cost_estimate"]
    assert status == 0
    assert found["examples"] == 12
    assert cost["epochs"] == 100 // 12
    assert cost["billable_tokens"] == found["tokens"] * cost["epochs"]
    assert cost["price"] == pytest.approx(cost["billable_tokens"] * 5 / 1e6, abs=1e-4)
    assert cost["shutdown_date"] == "2027-01-14"


def test_a_fine_tuned_model_counts_as_its_base(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    tuned = command("tokens", file, "--model", "ft:gpt-4.1-2025-04-14:me::abc", "--json")[1]
    assert json.loads(tuned)["encoding"] == "o200k_base"


def test_rows_over_the_limit_are_named(command, write_rows, good_rows):
    long = {"messages": [{"role": "assistant", "content": "word " * 70_000}]}
    file = write_rows("long.jsonl", [*good_rows, long])
    found = json.loads(command("tokens", file, "--json")[1])
    assert found["over_limit"] == [13]


def test_the_words_for_people(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    status, out, _err = command("tokens", file, "--model", "gpt-4.1-mini")
    assert status == 0
    assert "about" in out
    assert "2027-01-14" in out


def test_totals_with_estimates_say_so(command, write_rows, good_rows):
    exact = command("tokens", write_rows("good.jsonl", good_rows))[1]
    assert "about" not in exact
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    rows = [*good_rows[:-1], good_rows[-1] | {"tools": [tool]}]
    first, _parts, spread, _over, epochs = command("tokens", write_rows("tools.jsonl", rows))[
        1
    ].splitlines()
    assert "examples, about " in first
    assert "with the estimates" in spread
    assert "billable tokens about " in epochs


@pytest.mark.parametrize("choice", [("--encoding", "klingon"), ("--model", "gpt-99")])
def test_an_unknown_choice_is_a_sentence(command, write_rows, good_rows, choice):
    status, _out, err = command("tokens", write_rows("a.jsonl", good_rows), *choice)
    assert status == 2
    assert choice[1] in err


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_quantiles_are_lengths_in_order(lengths):
    found = quantiles(lengths)
    mean = found.pop("mean")
    assert list(found.values()) == sorted(found.values())
    assert set(found.values()) <= set(lengths)
    assert found["min"] - 0.1 <= mean <= found["max"] + 0.1


def test_no_lengths_have_no_quantiles():
    assert quantiles([]) == {}


def test_copies_that_differ_in_spelling_are_named_with_their_lines(command, write_rows, good_rows):
    questions = ("Is the caf\u00e9 open?", "Is the cafe\u0301  open?", "IS THE CAF\u00c9 OPEN?")
    file = write_rows("rows.jsonl", [*good_rows, *(record(question) for question in questions)])
    report = json.loads(command("check", file, "--json")[1])
    (found,) = [issue for issue in report["issues"] if issue["code"] == "alike_examples"]
    assert (found["line"], found["severity"]) == (13, "hint")


def test_a_problem_of_every_row_is_told_once_with_its_number(command, write_rows, good_rows):
    rows = [{**row, "id": number} for number, row in enumerate(good_rows)]
    _status, out, _err = command("check", write_rows("rows.jsonl", rows))
    assert out.count("fields that training does not use") == 1
    assert "all 12 rows" in out
    assert "the first:" not in out
    report = json.loads(command("check", write_rows("rows.jsonl", rows), "--json")[1])
    assert sum(issue["code"] == "unknown_key" for issue in report["issues"]) == 12


def test_rows_that_break_a_rule_in_different_ways_are_told_with_the_first(command, write_rows):
    texts = (f"<start_of_turn>{role}\nHi" for role in ("user", "model"))
    texts = (*texts, "[INST] Hi [/INST] Hi", "<|im_start|>user\nHi<|im_end|>")
    _status, out, _err = command("check", write_rows("rows.jsonl", [{"text": t} for t in texts]))
    assert "all 4 rows  error    Text of a chat template; the first: The row is" in out


def test_fixes_that_undo_each_other_are_not_made_together(command, write_rows, tmp_path):
    file = write_rows("rows.jsonl", [record("Open?")])
    both = ("thoughts_in_text", "reasoning_field")
    status, _out, err = command("fix", file, tmp_path / "out.jsonl", "--rule", *both)
    assert status == 2
    assert "undo each other" in err
    assert not (tmp_path / "out.jsonl").exists()


def test_fixable_is_said_of_the_case(command, write_rows, good_rows):
    human = {"messages": [{"role": "Human", "content": "Hi"}, {"role": "bot", "content": "Hello"}]}
    other = {"messages": [{"role": "Zaphod", "content": "Hi"}, good_rows[0]["messages"][-1]]}
    report = json.loads(
        command("check", write_rows("rows.jsonl", [*good_rows, human, other]), "--json")[1]
    )
    roles = [issue for issue in report["issues"] if issue["code"] == "role_unknown"]
    assert [(issue["line"], issue["fixable"]) for issue in roles] == [
        (13, True),
        (13, True),
        (14, False),
    ]


def test_a_missing_file_is_json_too(command, tmp_path):
    status, out, err = command("check", tmp_path / "nothing.jsonl", "--json")
    assert status == 2
    assert "nothing.jsonl" in json.loads(out)["error"]
    assert "nothing.jsonl" in err


def test_the_marks_of_a_merge_are_one_problem(command, write_rows, good_rows):
    rows = [
        *good_rows,
        "<<<<<<< HEAD",
        record("Is it ours?"),
        "=======",
        record("Is it theirs?"),
        record("Is it theirs too?"),
        ">>>>>>> other",
    ]
    report = json.loads(command("check", write_rows("rows.jsonl", rows), "--json")[1])
    (found,) = [issue for issue in report["issues"] if issue["code"] == "merge_marker"]
    assert (found["line"], report["unreadable"]) == (13, 3)
    assert "lines 13 to 18" in found["message"]
    assert "15" in found["message"]
    # Without its end the marks are told one by one.
    report = json.loads(command("check", write_rows("rows.jsonl", rows[:-1]), "--json")[1])
    lines = [i["line"] for i in report["issues"] if i["code"] == "merge_marker"]
    assert lines == [13, 15]


def test_a_row_with_raw_tabs_and_line_breaks_is_one_problem_and_keeps_every_letter(
    command, write_rows, good_rows, tmp_path
):
    torn = json.dumps({**good_rows[0], "note": "a\tb \n\n\tc\n  d"}).replace("\\t", "\t")
    file = write_rows("tabs.jsonl", [*good_rows, torn.replace("\\n", "\n")])
    issues = json.loads(command("check", file, "--json")[1])["issues"]
    (problem,) = [each for each in issues if each["severity"] == "error"]
    first = len(good_rows) + 1
    assert f"lines {first} to {first + 3}" in problem["message"]
    command("fix", file, tmp_path / "out.jsonl")
    last = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["note"] == "a\tb \n\n\tc\n  d"


def test_what_cannot_be_read_is_written_with_the_blanks_around_it(
    command, write_rows, good_rows, tmp_path
):
    lines = ['  {"messages": [{"role": "user" oops  ', '\tgoes on"}]} \t', "  ]  "]
    file = write_rows("torn.jsonl", [*good_rows, *lines])
    _status, _out, err = command("fix", file, tmp_path / "out.jsonl")
    assert "3 errors remain" in err
    written = (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n")
    assert written[len(good_rows) :] == [*lines, ""]


def test_a_group_names_all_its_lines(command, write_rows, good_rows):
    file = write_rows("twice.jsonl", [*good_rows, *good_rows[:2]])
    _status, out, _err = command("check", file)
    number = len(good_rows)
    assert f"The same example stands here 2 times. (lines 1 and {number + 1})" in out
    issues = json.loads(command("check", file, "--json")[1])["issues"]
    groups = [each["lines"] for each in issues if each["code"] == "duplicate_examples"]
    assert groups == [[1, number + 1], [2, number + 2]]


def test_a_merge_of_three_versions_is_one_error_for_check_and_fix(
    command, write_rows, good_rows, tmp_path
):
    marks = ["<<<<<<< a", good_rows[0], "||||||| c", "=======", good_rows[1], ">>>>>>> b"]
    file = write_rows("merge.jsonl", [*good_rows, *marks])
    report = json.loads(command("check", file, "--json")[1])
    first = len(good_rows) + 1
    (said,) = [each["message"] for each in report["issues"] if each["code"] == "merge_marker"]
    assert f"lines {first} to {first + 5} are three versions" in said
    assert report["errors"] == 1
    assert "1 error remains" in command("fix", file, tmp_path / "out.jsonl")[2]


def test_a_model_on_this_computer_counts_by_its_own_tokenizer(command, write_rows):
    row = record("Who pays the fee?", "The tenant.")
    file = write_rows("one.jsonl", [row])
    make_model("HuggingFaceTB/SmolLM2-135M-Instruct")
    encoding = model_encoding("HuggingFaceTB/SmolLM2-135M-Instruct").name
    expected = Checker("local", encoding).check(json.dumps(row).encode()).tokens
    found = json.loads(command("tokens", file, "--model", "smollm2-135m", "--json")[1])
    assert (found["encoding"], found["limit"], found["tokens"]) == (encoding, 8192, expected)
    found = json.loads(command("check", file, "--target", "local", "--json")[1])
    assert (found["tokens"]["encoding"], found["tokens"]["messages"]) == (encoding, expected)
    assert encoding in command("tokens", file, "--encoding", encoding)[1]


def test_a_model_that_is_not_here_is_a_sentence(command, write_rows, good_rows):
    status, _out, err = command("tokens", write_rows("a.jsonl", good_rows), "--model", "qwen3-0.6b")
    assert status == 2
    assert "tunedesk models get qwen3-0.6b" in err
