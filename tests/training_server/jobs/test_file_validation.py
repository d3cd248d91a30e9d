"""The validation of files: Tunedesk's checks, OpenAI's words."""

import json

import pytest
from tests.training_server.conftest import chat_lines

from tunedesk.training_server.job_folder import FileToCheck, read_records
from tunedesk.training_server.jobs.file_validation import validate_file


@pytest.fixture
def validate(tmp_path):
    def run(content, method="supervised", is_training=True, skip_bad=False):
        path = tmp_path / "file-x"
        path.write_bytes(content)
        file = FileToCheck(str(path), "file-x", "train.jsonl")
        out = tmp_path / "out.jsonl"
        named = []
        verdict = validate_file(
            file, method, is_training, skip_bad, out, lambda _verdict, bad: named.extend(bad)
        )
        assert named == verdict.bad
        records = list(read_records(out)) if out.exists() else []
        return verdict, records

    return run


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def pair(number=0):
    return {
        "input": {"messages": [{"role": "user", "content": f"Question {number}"}]},
        "preferred_output": [{"role": "assistant", "content": "Good"}],
        "non_preferred_output": [{"role": "assistant", "content": "Bad"}],
    }


def test_good_records_are_written_with_their_lines(validate):
    verdict, records = validate(b"\n" + chat_lines(12))
    assert verdict.error is None
    assert verdict.examples == 12
    assert [line for line, _record in records] == list(range(2, 14))
    assert records[0][1] == json.loads(chat_lines(1))


def test_too_few_examples_in_openais_words(validate):
    verdict, _records = validate(chat_lines(7))
    assert verdict.error == (
        "invalid_n_examples",
        "Training file has 7 example(s), but must have at least 10 examples",
    )
    assert validate(b"")[0].error[0] == "invalid_n_examples"
    assert validate(chat_lines(1), is_training=False)[0].error is None


def test_a_bad_line_in_openais_words(validate):
    bad = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": 3}]}
    verdict, _records = validate(lines(bad) + chat_lines(10) + b"{\n" + lines({"messages": []}))
    code, message = verdict.error
    assert code == "invalid_training_file"
    assert message.startswith(
        "The job failed due to an invalid training file. Invalid file format. "
        'Line 1, message 2, key "content": '
    )
    assert "2 more lines" in message
    assert [each.line for each in verdict.bad] == [1, 12, 13]
    assert str(verdict.bad[1]).startswith("Line 12: The row ")


def test_bad_lines_are_left_out_on_request(validate):
    verdict, records = validate(chat_lines(10) + b"[]\n" + chat_lines(1, 50), skip_bad=True)
    assert verdict.error is None
    assert [each.line for each in verdict.bad] == [11]
    assert [line for line, _record in records] == [*range(1, 11), 12]
    verdict, _records = validate(chat_lines(9) + b"[]\n", skip_bad=True)
    assert verdict.error[0] == "invalid_n_examples"


def test_a_file_for_another_method_in_openais_words(validate):
    verdict, _records = validate(chat_lines(10), method="dpo")
    assert verdict.error == (
        "invalid_training_file",
        (
            "The job failed due to an invalid training file. Invalid file format. Input file "
            "file-x is in the fine-tune-chat format, but the specified fine-tuning job is not "
            "using 'supervised' as the training method (provided method=dpo). "
        ),
    )
    verdict, _records = validate(lines(*(pair(number) for number in range(10))))
    assert "fine-tune-preference format" in verdict.error[1]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n" * 9, b"Hello there.\n"])
def test_what_is_no_training_file_is_said(validate, content):
    verdict, _records = validate(content)
    assert verdict.error[0] == "invalid_training_file"
    assert "file-x”" not in verdict.error[1]
    assert "left alone" not in verdict.error[1], "that is the window's word, not the server's"


def test_pairs_are_checked_on_both_sides(validate):
    good = [pair(number) for number in range(10)]
    assert validate(lines(*good), "dpo")[0].error is None
    for key, value in (
        ("input", {"messages": []}),
        ("input", {"messages": [{"role": "pope", "content": "a"}]}),
        ("input", "text"),
        ("preferred_output", []),
        ("preferred_output", [{"role": "user", "content": "a"}]),
        ("non_preferred_output", [{"role": "assistant"}]),
        ("non_preferred_output", [{"role": "assistant", "content": "Good"}]),
    ):
        verdict, _records = validate(lines(*good, pair() | {key: value}), "dpo")
        assert [each.line for each in verdict.bad] == [11], (key, value)
        assert key in verdict.bad[0].text


def test_prompts_with_completions_are_taken(validate):
    good = [{"prompt": f"{number} + 1 =", "completion": f" {number + 1}"} for number in range(10)]
    assert validate(lines(*good))[0].error is None
    verdict, _records = validate(lines(*good, {"prompt": "a", "completion": 3}))
    assert verdict.bad[0].text == 'key "completion": Input should be a valid string'


def test_images_are_refused_with_their_line(validate):
    part = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    message = {"role": "user", "content": [part]}
    bad = {"messages": [message, {"role": "assistant", "content": "b"}]}
    verdict, _records = validate(chat_lines(10) + lines(bad))
    assert "Images" in verdict.bad[0].text
