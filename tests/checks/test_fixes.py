"""A fix removes its problem, changes nothing else, and finds nothing to do a second time."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import FixJob, fix, fix_all, fix_texts, fixable
from tunedesk.checks.problem import codes
from tunedesk.examples.json_text import to_pointer

FAMILIES = ("reading", "messages", "kinds", "order", "images", "tools", "calls", "texts")

# Problems of these codes have a fix only in some cases; in the others somebody has to decide.
SOMETIMES = {
    "content_null",
    "content_missing",
    "content_list_empty",
    "blanks_around",
    "not_json",
    "duplicate_key",
    "role_unknown",
    "content_not_text",
    "parts_where_text_required",
    "parts_only_text",
    "weight_invalid",
    "key_misplaced",
    "tool_invalid",
    "tool_call_invalid",
    "tool_call_id_missing",
    "arguments_not_text",
    "function_call_legacy",
    "name_invalid",
    "image_part_foreign",
    "thoughts_never_opened",
    "reasoning_field",
    "special_token_text",
    "tools_not_a_list",
    "tool_calls_not_a_list",
    "pair_spelling",
    "system_empty",
    "control_character",
}


_SHOWN_LATER = {
    "thoughts_in_text",
    "content_blank",
    "same_role_twice",
    "reasoning_field",
    "unknown_key",
    "pair_answers_equal",
}


@pytest.fixture(scope="module")
def checker():
    return Checker(encoding=None)


def _named(facts):
    return [(problem.code, to_pointer(problem.path)) for problem in facts.problems]


def test_a_fix_removes_the_problem_and_brings_no_other(fault, fault_text, checker):
    before = checker.check(fault_text)
    for problem in before.problems:
        fixed = fix(fault_text.decode(), problem)
        if fixed is None:
            assert not fixable(problem.code) or problem.code in SOMETIMES
            continue
        after = checker.check(fixed.encode())
        assert (problem.code, to_pointer(problem.path)) not in _named(after)
        new = {code for code, _ in _named(after)} - {code for code, _ in _named(before)}
        # What could not be read before may show faults of its own, and so may a fixed role.
        assert before.kind == "unreadable" or new <= _SHOWN_LATER


def test_fixing_all_is_done_when_it_is_done(fault, fault_text):
    once, count = fix_all(fault_text.decode())
    assert (count == 0) == (once == fault_text.decode())
    assert fix_all(once) == (once, 0)


def test_known_problems_save_a_check_and_change_nothing(fault, fault_text, checker):
    known = checker.check(fault_text).problems
    text = fault_text.decode()
    assert fix_all(text, known=known) == fix_all(text)


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        (
            '{"role":"developer", "content":"x"}',
            "role_developer",
            '{"role":"system", "content":"x"}',
        ),
        ('{"role": "human", "content": "x"}', "role_unknown", '{"role": "user", "content": "x"}'),
        (
            '{"role": "Assistant", "content": "x"}',
            "role_unknown",
            '{"role": "assistant", "content": "x"}',
        ),
        (
            '{"role": "user",  "name": "", "content": "x"}',
            "name_empty",
            '{"role": "user",  "content": "x"}',
        ),
        (
            '{"role":"user","content":"x","name":"Anna M."}',
            "name_invalid",
            '{"role":"user","content":"x","name":"Anna_M"}',
        ),
        (
            '{"role": "user", "content": "x", "weight": 1}',
            "weight_misplaced",
            '{"role": "user", "content": "x"}',
        ),
        (
            '{"role": "assistant", "content": "x", "weight": "1"}',
            "weight_invalid",
            '{"role": "assistant", "content": "x", "weight": 1}',
        ),
        (
            '{"role": "assistant", "content": "x", "weight": null}',
            "weight_invalid",
            '{"role": "assistant", "content": "x"}',
        ),
        (
            '{"role": "assistant", "content": 1e2}',
            "content_not_text",
            '{"role": "assistant", "content": "1e2"}',
        ),
        (
            '{"role": "user", "content": " caf\\u00e9\\n"}',
            "blanks_around",
            '{"role": "user", "content": "caf\\u00e9"}',
        ),
        (
            '{"role": "user", "content": "cafÃ© – Ã la"}',
            "mojibake",
            '{"role": "user", "content": "café – à la"}',
        ),
        (
            '{"role": "user", "content": "a\\u0007b"}',
            "control_character",
            '{"role": "user", "content": "ab"}',
        ),
        (
            (
                '{"role": "assistant", "content": [{"type": "text", "text": "a"}, '
                '{"type": "text", "text": "b"}]}'
            ),
            "parts_where_text_required",
            '{"role": "assistant", "content": "a\\nb"}',
        ),
        (
            (
                '{"role": "assistant", "tool_calls": [{"id": "1", "type": "function", '
                '"function": {"name": "f", "arguments": {"a": 1.50}}}]}'
            ),
            "arguments_not_text",
            (
                '{"role": "assistant", "tool_calls": [{"id": "1", "type": "function", '
                '"function": {"name": "f", "arguments": "{\\"a\\": 1.50}"}}]}'
            ),
        ),
    ],
)
def test_only_the_span_changes(before, code, after):
    frame = '{{ "messages" : [{}], "id": 123456789012345678901234567890, "notes": "\\ud83d" }}'
    assert fix_all(frame.format(before), {code}) == (frame.format(after), 1)


def test_a_problem_of_another_text_is_not_fixed(checker):
    (problem,) = [
        p
        for p in checker.check(b'{"messages": [{"role": "developer", "content": "x"}]}').problems
        if p.code == "role_developer"
    ]
    assert fix('{"messages": []}', problem) is None
    assert fix("broken", problem) is None


_content = st.text(alphabet='aé {}"\\\n\x07Ã©ş', max_size=12)
_message = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["developer", "bot", "user", "assistant", "Human"]),
        "content": _content,
    },
    optional={
        "name": st.sampled_from(["", "a b", "ok"]),
        "weight": st.sampled_from([0, True, "1", None]),
        "tool_calls": st.sampled_from([[], None]),
        "extra": st.floats(allow_nan=False, allow_infinity=False),
    },
)


@settings(max_examples=200)
@given(st.lists(_message, max_size=4), st.booleans())
def test_fixing_reaches_an_end_and_keeps_the_rest(messages, ascii_only):
    text = json.dumps({"messages": messages, "keep": [1e2, "x"]}, ensure_ascii=ascii_only)
    fixed, count = fix_all(text)
    assert (count > 0) == (fixed != text)
    assert fix_all(fixed) == (fixed, 0)
    record = json.loads(fixed)
    assert record["keep"] == [1e2, "x"]
    extras = [message["extra"] for message in record["messages"] if "extra" in message]
    assert sorted(extras) == sorted(m["extra"] for m in messages if "extra" in m)
    left = {p.code for p in Checker(encoding=None).check(fixed.encode()).problems}
    assert not left & {"role_developer", "name_empty", "name_invalid", "weight_misplaced"}


def test_a_job_fixes_many_and_leaves_the_others():
    texts = [b'{"messages": [{"role": "developer", "content": "x"}]}', b'{"a": 1}', b"\xff"]
    fixed = fix_texts(FixJob(texts, frozenset({"role_developer"})))
    # Nobody answers in the first, the second is not an example, the third is not text.
    assert fixed[0][:3] == (texts[0].replace(b"developer", b"system"), 1, 1)
    assert [each[:3] for each in fixed[1:]] == [(texts[1], 0, 1), (texts[2], 0, 1)]


def test_only_known_codes_are_fixable():
    assert {code for code in codes() if fixable(code)} >= {"name_empty", "mojibake"}
    assert not fixable("no_assistant")
