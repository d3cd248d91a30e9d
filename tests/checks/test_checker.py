"""The short way and the way of the rules come to the same facts; the checker as a whole."""

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker, CheckJob, check_texts
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.errors import UserError

_pieces = st.sampled_from(
    [
        "a",
        "Hello there",
        " ",
        "\n",
        "ç",
        "ş",
        "Ã©",
        "é »",
        "{{name}}",
        "{",
        "[Your Name]",
        "<|endoftext|>",
        "\x07",
        "\x1e",
        "\ufffd",
        "你好",
        "😀",
        '"',
        "\\",
        '":',
        '\\":',
        "\u2028",
        "€",
        "\x7f",
        "\x85",
        "\x90",
    ]
)
_texts = st.lists(_pieces, max_size=5).map("".join)
_messages = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "tool", "developer", "bot"]),
        "content": _texts,
    },
    optional={"weight": st.sampled_from([0, 1]), "name": st.sampled_from(["anna", ""])},
)
_plain_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant"]), "content": _texts}
)
_records = st.fixed_dictionaries(
    {"messages": st.lists(_plain_messages, max_size=5) | st.lists(_messages, max_size=4)},
    optional={"id": st.integers(), "meta": st.dictionaries(_texts, _texts, max_size=2)},
)


@pytest.fixture(scope="module")
def checker():
    return Checker(encoding="r50k_base")


@settings(max_examples=400)
@given(record=_records, ascii_only=st.booleans(), compact=st.booleans())
def test_the_short_way_agrees_with_the_rules(checker, record, ascii_only, compact):
    separators = (",", ":") if compact else None
    text = json.dumps(record, ensure_ascii=ascii_only, separators=separators).encode()
    assert checker.check(text) == checker.check_by_rules(text)


_ROWS = [
    json.dumps({"messages": messages, **more}, separators=separators).encode()
    for messages in (
        [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Yes."}],
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": 'Say "hello"\n'},
            {"role": "assistant", "content": "Caf\u00e9 \\\\ ol\u00e9"},
        ],
    )
    for more in ({}, {"id": 7, "meta": {"a": ["b", {"c": "d"}]}})
    for separators in (None, (",", ":"))
]
# What rows are made of, and what damage puts between: keys of other kinds, marks that escape.
_SPLICES = [
    b'"',
    b"\\",
    b'\\"',
    b"\\u0022",
    b"\\ud800",
    b"\\u001e",
    b"\x1e",
    b"\xff",
    b"\xc3",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\t",
    b"\n",
    b"null",
    b"0",
    b"{{name}}",
    b'"role": "user", ',
    b'"role": "assistant", ',
    b'"role":',
    b'"content": "again", ',
    b'"content": "", ',
    b'"messages": [], ',
    b'"weight": 0, ',
    b'"id": 1, ',
    b'"preferred_output": [], ',
    b'"chosen": 1, "rejected": 2, ',
    b'"reference_answer": "x", ',
    b'"tools": [], ',
    b'{"role": "user", "content": "Hi"}, ',
    b'{"role": "system", "content": "Be kind."}, ',
    b'{"role": "assistant", "content": "Yes."}',
]
_damage = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from([b"", *_SPLICES])), max_size=3
)


@settings(max_examples=1500)
@given(data=st.data(), damage=_damage)
def test_both_ways_agree_on_damaged_rows(checker, all_faults, data, damage):
    text = data.draw(st.sampled_from(_ROWS + [text for _fault, text in all_faults]))
    for place, removed, put in damage:
        at = int(place * len(text))
        text = text[:at] + put + text[at + removed :]
    assert checker.check(text) == checker.check_by_rules(text)


@pytest.mark.parametrize("key", ["preferred_output", "preferred_completion", "reference_answer"])
def test_a_row_of_two_kinds_gets_one_verdict(checker, key):
    asked = {"role": "user", "content": "Hi there"}
    for messages in ([asked], [asked, {"role": "assistant", "content": "Yes."}]):
        text = json.dumps({"messages": messages, key: []}).encode()
        assert checker.check(text) == checker.check_by_rules(text)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode()))
def test_nothing_makes_it_stumble(data):
    facts = Checker(encoding=None).check(data)
    assert facts.kind == "unreadable" or facts.problems
    assert len(facts.preview) <= 160


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "messages",
                        "role",
                        "content",
                        "tool_calls",
                        "function",
                        "arguments",
                        "tools",
                        "type",
                        "name",
                        "weight",
                        "image_url",
                        "url",
                        "function_call",
                        "functions",
                        "tool_call_id",
                        "parameters",
                        "parallel_tool_calls",
                        "refusal",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=15,
    )
)
def test_whatever_stands_there_it_is_checked(value):
    facts = Checker(encoding="r50k_base").check(json.dumps({"messages": value}).encode())
    assert facts.problems or facts.kind == "chat"


def test_facts_of_an_example(checker):
    text = (
        b'{"messages": [{"role": "system", "content": "Be kind."}, '
        b'{"role": "user", "content": "Hi\\n\\nyou"}, {"role": "assistant", "content": "Hello!"}]}'
    )
    facts = checker.check(text)
    assert (facts.kind, facts.roles, facts.turns, facts.preview) == ("chat", "sua", 3, "Hi you")
    assert facts.tokens == facts.message_tokens == sum(checker.message_tokens(text)) + 3
    assert 0 < facts.trained_tokens < facts.tokens
    assert None not in (facts.fingerprint, facts.question, facts.answer, facts.system)
    assert facts.problems == ()


def test_an_example_over_the_limit_names_the_message_that_is_cut():
    record = {
        "messages": [
            {"role": "user", "content": "word " * 20_000 + "end"},
            {"role": "assistant", "content": "Yes."},
        ]
    }
    facts = Checker("openai", "r50k_base", "gpt-3.5-turbo-0613").check(json.dumps(record).encode())
    (problem,) = facts.problems
    assert problem.code == "over_token_limit"
    assert problem.path == ("messages", 0)
    assert problem.parameters["limit"] == 4096


def test_the_length_of_kinds_that_are_not_trained_is_known(checker):
    asked = {"role": "user", "content": "Is it open on Sunday?"}
    yes, no = ({"role": "assistant", "content": text} for text in ("Yes, from ten.", "Maybe."))
    alone = [
        checker.check(json.dumps({"messages": messages}).encode()).tokens
        for messages in ([asked], [yes], [no])
    ]
    pair = {"input": {"messages": [asked]}, "preferred_output": [yes], "non_preferred_output": [no]}
    as_texts = {"prompt": asked["content"], "chosen": yes["content"], "rejected": no["content"]}
    for record in (pair, as_texts):
        facts = checker.check(json.dumps(record).encode())
        assert facts.tokens == facts.message_tokens == sum(alone) - 6  # the 3 of an example once
        assert 0 < facts.trained_tokens < facts.tokens
        assert not facts.is_trained
        assert checker.message_tokens(json.dumps(record).encode()) == []
    completion = {"prompt": asked["content"], "completion": yes["content"]}
    facts = checker.check(json.dumps(completion).encode())
    count = TokenCounter("r50k_base").count
    assert facts.tokens == count(asked["content"]) + count(yes["content"])
    assert facts.trained_tokens == count(yes["content"])
    assert Checker(encoding=None).check(json.dumps(pair).encode()).tokens == 0


def test_many_give_the_same_as_one_by_one(checker):
    texts = [b'{"messages": []}', b"broken", b'{"messages": [{"role": "user", "content": "Hi"}]}']
    assert checker.check_many(texts) == [checker.check(text) for text in texts]


def test_a_job_and_its_facts_travel_between_processes():
    job = pickle.loads(pickle.dumps(CheckJob([b'{"messages": []}'], encoding=None)))
    facts = check_texts(job)
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_unknown_names_are_refused_kindly():
    with pytest.raises(UserError, match="moon"):
        Checker("moon")
    with pytest.raises(UserError, match="o900k"):
        Checker(encoding="o900k")
