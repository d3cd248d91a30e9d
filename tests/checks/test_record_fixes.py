"""What single fixes do to the text of a record, and what they leave alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import can_fix, fix_all
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.parse_record import find_bare_quotes
from tunedesk.checks.problem import severity
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


def test_thoughts_move_to_their_field_and_back_and_only_where_that_is_chosen():
    def record(**message):
        return json.dumps({"messages": [USER, {"role": "assistant", **message}]})

    tagged = record(content="<think>\nThey ask.\n</think>\n\nYes.")
    fielded = record(content="Yes.", reasoning_content="They ask.")
    assert fix_all(tagged, {"thoughts_in_text"}) == (fielded, 1)
    assert fix_all(fielded, {"reasoning_field"}) == (tagged, 1)
    assert fix_all(tagged) == (tagged, 0)
    assert fix_all(fielded) == (fielded, 0)
    # Each undoes the other: with both there is an end all the same.
    assert fix_all(tagged, {"thoughts_in_text", "reasoning_field"}) == (fielded, 1)


@pytest.mark.parametrize(
    "message",
    [
        {"content": "<think>A.</think>B.", "reasoning_content": "C."},
        {"content": "<think>A.</think>"},
        {"content": "<think>A.</think>\n<think>B.</think>C."},
        {"content": "Write `<think>A.</think>` first."},
        {"content": ["<think>A.</think>B."]},
    ],
)
def test_thoughts_of_which_another_reading_is_possible_stay(message):
    text = json.dumps({"messages": [USER, {"role": "assistant", **message}]})
    fixed, _count = fix_all(text, {"thoughts_in_text", "reasoning_field"})
    assert fixed == text


def test_thoughts_before_a_call_need_no_answer_behind_them():
    calls = [{"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    message = {"role": "assistant", "content": "<think>\nA.\n</think>", "tool_calls": calls}
    text = json.dumps({"messages": [USER, message]})
    moved, count = fix_all(text, {"thoughts_in_text"})
    assert json.loads(moved)["messages"][1] == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "A.",
        "tool_calls": calls,
    }
    assert count == 1
    assert json.loads(fix_all(moved, {"reasoning_field"})[0])["messages"][1] == message


def test_thoughts_of_a_template_come_into_their_field():
    text = json.dumps(
        {
            "text": "<|start|>user<|message|>Open?<|end|><|start|>assistant<|channel|>analysis"
            "<|message|>They ask.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>"
        }
    )
    assert json.loads(fix_all(text)[0])["messages"] == [
        {"role": "user", "content": "Open?"},
        {"role": "assistant", "content": "Yes.", "reasoning_content": "They ask."},
    ]


def test_marks_at_the_end_of_a_text_are_taken_off_and_others_stay():
    def record(answer):
        return json.dumps({"messages": [USER, {"role": "assistant", "content": answer}]})

    assert fix_all(record("Yes.<|im_end|>\n<|endoftext|>")) == (record("Yes."), 1)
    assert fix_all(record("Yes.</s>")) == (record("Yes."), 1)
    for kept in ("Write <|im_end|> there.", "<|im_end|> and <|im_end|>", "<s>old</s>"):
        assert fix_all(record(kept)) == (record(kept), 0)
    pair = '{"prompt": "Open?", "chosen": "Yes.", "rejected": "Yes.</s>"}'
    assert fix_all(pair, {"special_token_text"}) == (pair, 0)


def _said(*contents, **others):
    """A conversation in which user and assistant take turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": each} for n, each in enumerate(contents)]
    return {"messages": messages, **others}


TOOL = {"type": "function", "function": {"name": "price"}}
CALL = {"id": "x", "type": "function", "function": {"name": "price", "arguments": '{"a": 1}'}}


def _calls(calls):
    return {
        "messages": [
            {"role": "user", "content": "How much?"},
            {"role": "assistant", "content": None, "tool_calls": calls},
        ],
        "tools": [TOOL],
    }


@pytest.mark.parametrize(
    ("before", "codes", "after"),
    [
        # Tools and calls as text, as one object, wrapped twice, without their frame.
        (_said("a", "b", tools=json.dumps([TOOL])), {"tools_not_a_list"}, {"tools": [TOOL]}),
        (
            _said("a", "b", tools=json.dumps(json.dumps([TOOL]))),
            {"tools_not_a_list"},
            {"tools": [TOOL]},
        ),
        (_said("a", "b", tools=TOOL), {"tools_not_a_list"}, {"tools": [TOOL]}),
        (_said("a", "b", tools='{"name": "price"}'), {"tools_not_a_list"}, {"tools": [TOOL]}),
        (_said("a", "b", tools=[json.dumps(TOOL)]), {"tool_invalid"}, {"tools": [TOOL]}),
        (_calls(json.dumps([CALL])), {"tool_calls_not_a_list"}, _calls([CALL])),
        (_calls(CALL), {"tool_calls_not_a_list"}, _calls([CALL])),
        (_calls([json.dumps(CALL)]), {"tool_call_invalid"}, _calls([CALL])),
        (
            _calls([{"id": "x", "name": "price", "arguments": '{"a": 1}'}]),
            {"tool_call_invalid"},
            _calls([CALL]),
        ),
        # Texts in forms of other tools.
        (_said(["a", {"text": "b"}], "c"), {"content_list_of_texts"}, _said("a\nb", "c")),
        (
            _said(
                [{"type": "input_text", "text": "a"}],
                [{"type": "output_text", "text": "b", "annotations": []}],
            ),
            {"content_list_of_texts"},
            _said("a", "b"),
        ),
        (_said({"type": "text", "text": "a"}, "b"), {"content_not_text"}, _said("a", "b")),
        (_said({"parts": ["a", "b"]}, "c"), {"content_not_text"}, _said("a\nb", "c")),
        # Conversations in one text.
        *(
            ({"text": text}, {"templated_row"}, {"text": None, **_said("a", "b: c", "d", "e")})
            for text in (
                "\n\nHuman: a\n\nAssistant: b: c\n\nHuman: d\n\nAssistant: e",
                "### Human: a\n### Assistant: b: c\n### Human: d\n### Assistant: e</s>",
                "USER: a ASSISTANT: b: c</s>USER: d ASSISTANT: e</s>",
                (
                    "<｜begin▁of▁sentence｜><｜User｜>a<｜Assistant｜>b: c"
                    "<｜User｜>d<｜Assistant｜>e<｜end▁of▁sentence｜>"
                ),
            )
        ),
        # System messages that say nothing.
        *(
            (
                {"messages": [system, *_said("a", "b")["messages"]]},
                {code},
                _said("a", "b"),
            )
            for system, code in (
                ({"role": "system"}, "content_missing"),
                ({"role": "system", "content": None}, "content_null"),
                ({"role": "system", "content": []}, "content_list_empty"),
            )
        ),
    ],
)
def test_other_forms_are_told_and_written_in_the_usual_one(before, codes, after):
    checker = Checker(encoding=None)
    problems = checker.check(json.dumps(before).encode()).problems
    assert {p.code for p in problems if severity(p.code) == "error"} == codes
    fixed = json.loads(fix_all(json.dumps(before))[0])
    wanted = {key: value for key, value in {**before, **after}.items() if value is not None}
    assert fixed == wanted
    assert not [p for p in checker.check(json.dumps(fixed).encode()).problems if is_bad(p)]


def is_bad(problem):
    return severity(problem.code) == "error"


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ("none", "“tools” is a text; it has to be a list of tools."),
        ('[{"name": "pri', "“tools” is the text of a list that was cut off."),
        ("[]", "“tools” is a text that stands for no tools; it has to be left out."),
        (7, "“tools” is a number; it has to be a list of tools."),
    ],
)
def test_what_stands_in_the_place_of_tools_is_said_and_never_lost(tools, words):
    text = json.dumps(_said("a", "b", tools=tools))
    (problem,) = Checker(encoding=None).check(text.encode()).problems
    assert sentence(problem) == words
    assert json.loads(fix_all(text)[0]).get("tools", "[]") == tools


def test_a_transcript_of_which_another_reading_is_possible_stays_a_text():
    for text in ("Q: a\nA: b", "Human: a", "Assistant: b\n\nHuman: a", "He said: Human: a"):
        assert fix_all(json.dumps({"text": text}))[1] == 0
    kept = 'Human: What is "Assistant:"?\n\nAssistant: A title.\nAssistant: is printed in red.'
    (messages,) = json.loads(fix_all(json.dumps({"text": kept}))[0]).values()
    assert [each["content"] for each in messages] == [
        'What is "Assistant:"?',
        "A title.\nAssistant: is printed in red.",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": [1, {"b": "c"} {"d": "e"}]}', '{"a": [1, {"b": "c"}, {"d": "e"}]}'),
        ('{"role": "user" "content": "Hi"}', '{"role": "user", "content": "Hi"}'),
        ('{“a”: “b”, "c": ‟d”}', '{"a": "b", "c": "d"}'),
        ('{"a": "say "yes", or "no""}', '{"a": "say \\"yes\\", or \\"no\\""}'),
        ('{"a": "say “yes” "or" no"}', '{"a": "say “yes” \\"or\\" no"}'),
        ('{"a": "b" c}', None),
        ("{“a”: “he said “yes””}", None),
    ],
)
def test_commas_and_quotation_marks_where_one_reading_is_possible(before, after):
    fixed, count = fix_all(before, {"not_json"})
    assert fixed == (before if after is None else after)
    assert count == (after is not None)


def test_blanks_stay_where_they_alone_tell_two_answers_apart():
    pair = json.dumps({"prompt": "Open?", "chosen": "Yes.", "rejected": "Yes. "})
    assert "Yes. " in fix_all(pair, {"blanks_around"})[0]
    other = json.dumps({"prompt": "Open?", "chosen": "Yes.", "rejected": "No. "})
    assert "No. " not in fix_all(other, {"blanks_around"})[0]


def test_pairs_of_transcripts_become_pairs_of_messages():
    begin = "\n\nHuman: Open?\n\nAssistant: Until six.\n\nHuman: And tomorrow?\n\nAssistant: "
    pair = {"chosen": f"{begin}From ten.", "rejected": f"{begin}I do not know."}
    fixed = json.loads(fix_all(json.dumps(pair))[0])
    assert [each["content"] for each in fixed["input"]["messages"]] == [
        "Open?",
        "Until six.",
        "And tomorrow?",
    ]
    assert fixed["preferred_output"] == [{"role": "assistant", "content": "From ten."}]
    assert fixed["non_preferred_output"] == [{"role": "assistant", "content": "I do not know."}]
