"""The checker as a whole: whatever a record is, it gets its facts."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker, CheckJob, check_texts
from tunedesk.checks.problem import severity
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.errors import UserError


@pytest.fixture(scope="module")
def checker():
    return Checker(encoding="r50k_base")


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
        assert not [p for p in facts.problems if severity(p.code) == "error"]
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
