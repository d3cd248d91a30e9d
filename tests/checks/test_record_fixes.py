"""What single fixes do to the text of a record, and what they leave alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import can_fix, fix_all
from tunedesk.checks.parse_record import find_bare_quotes
from tunedesk.examples.json_text import parse

USER = {"role": "user", "content": "Is it open?"}
ANSWER = {"role": "assistant", "content": "Yes."}


@pytest.fixture(scope="module")
def checker():
    return Checker(encoding=None)


def test_a_row_of_python_becomes_json(checker):
    text = "{'messages': [{'role': 'user', 'content': \"it's\", 'name': None}]}"
    fixed, _count = fix_all(text, {"not_json"})
    assert parse(fixed).value["messages"][0]["content"] == "it's"


def test_equal_duplicates_are_taken_out_and_others_left():
    same = '{"messages": [{"role": "user", "role": "user", "content": "Hi"}]}'
    other = same.replace('"role": "user", "role"', '"role": "system", "role"')
    assert fix_all(same, {"duplicate_key"})[1] == 1
    assert fix_all(other, {"duplicate_key"}) == (other, 0)


def test_quotation_marks_in_a_text_are_escaped_and_nothing_else():
    text = '{"messages": [{"role": "user", "content": "A so-called "express" service, "no"?"}]}'
    fixed, count = fix_all(text, {"not_json"})
    assert count == 1
    assert fixed.replace("\\", "") == text
    assert json.loads(fixed)["messages"][0]["content"] == 'A so-called "express" service, "no"?'


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "b" "c": 1}',  # a comma is missing
        '{"a": "b", c": 1}',  # a mark is missing
        '{"a": "b',
        '{"a": [1, 2}',
        '{"a": 1} trailing "words"',
        "",
        '"',
    ],
)
def test_where_more_than_one_reading_is_possible_nothing_is_escaped(text):
    assert find_bare_quotes(text) is None


@given(st.text(alphabet='ab ",:{}[]\\', max_size=30), st.text(alphabet='ab "', max_size=10))
def test_escaping_gives_json_and_takes_nothing_away(inside, second):
    text = f'{{"messages": [{{"role": "user", "content": "{inside}"}}], "b": "{second}"}}'
    found = find_bare_quotes(text)
    if found is not None:
        parse(found.escaped)
        assert text[found.offset] == '"'
        assert len(found.escaped) > len(text)


def test_raw_line_breaks_are_escaped_with_every_blank_line():
    text = '{"messages": [\n  {"role": "user", "content": "First,\n\n\n then."}]}'
    fixed, count = fix_all(text)
    assert count == 1
    assert json.loads(fixed)["messages"][0]["content"] == "First,\n\n\n then."
    assert fixed.startswith('{"messages": [\n  {"role"')  # outside of texts they stay


def test_an_empty_system_message_is_taken_out_if_it_holds_nothing_else():
    empty = {"role": "system", "content": ""}
    fixed, _count = fix_all(json.dumps({"messages": [empty, USER, ANSWER]}))
    assert json.loads(fixed) == {"messages": [USER, ANSWER]}
    named = json.dumps({"messages": [{**empty, "name": "rules"}, USER, ANSWER]})
    assert fix_all(named) == (named, 0)


def test_parts_of_other_tools_become_texts():
    record = {
        "messages": [
            {"role": "user", "content": ["Is it", "open?"]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "value": "Sunday."},
                    {"type": "text", "value": "Yes."},
                ],
            },
        ]
    }
    fixed, _count = fix_all(json.dumps(record))
    assert json.loads(fixed)["messages"] == [
        {"role": "user", "content": "Is it\nopen?"},
        {"role": "assistant", "content": "Yes.", "reasoning_content": "Sunday."},
    ]


def test_a_picture_in_the_form_of_qwen_is_written_anew_only_where_it_can_be_reached(checker):
    def record(place):
        part = {"type": "image", "image": place}
        return json.dumps({"messages": [{"role": "user", "content": [part]}, ANSWER]})

    fixed, count = fix_all(record("https://example.org/a.png"), {"image_part_foreign"})
    part = json.loads(fixed)["messages"][0]["content"][0]
    assert (count, part["image_url"]["url"]) == (1, "https://example.org/a.png")
    on_disk = record("/home/me/a.png")
    assert fix_all(on_disk) == (on_disk, 0)
    (problem,) = checker.check(on_disk.encode()).problems
    assert not can_fix(on_disk.encode(), problem)


def test_a_templated_text_becomes_messages_and_what_stands_beside_it_stays(checker):
    text = (
        '{"id": 1e2, "text": "<|im_start|>user\\nOpen?<|im_end|>\\n<|im_start|>assistant\\nYes."}'
    )
    fixed, count = fix_all(text)
    assert count == 1
    assert fixed.startswith('{"id": 1e2, "messages": [')
    assert [m["content"] for m in json.loads(fixed)["messages"]] == ["Open?", "Yes."]


def test_one_loose_tag_is_completed_and_two_are_left():
    def record(answer):
        return json.dumps({"messages": [USER, {"role": "assistant", "content": answer}]})

    fixed, count = fix_all(record("So.\n</think>\n\nYes."), {"thoughts_never_opened"})
    assert (json.loads(fixed)["messages"][1]["content"], count) == (
        "<think>\nSo.\n</think>\n\nYes.",
        1,
    )
    two = record("So.\n</think>\n\nThen.\n</think>\n\nYes.")
    assert fix_all(two, {"thoughts_never_opened"}) == (two, 0)
