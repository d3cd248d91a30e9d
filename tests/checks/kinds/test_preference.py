"""Pairs in both spellings: what is right is not scolded, what is wrong is said at its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.catalogue.targets import target
from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import fix_all
from tunedesk.checks.kinds.preference import check_pair, check_pairs, is_openai_pair
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.problem import severity

ASKED = {"role": "user", "content": "Is there a lift?"}
YES = {"role": "assistant", "content": "Yes, beside the cloakroom."}
NO = {"role": "assistant", "content": "No."}
PAIR = {"input": {"messages": [ASKED]}, "preferred_output": [YES], "non_preferred_output": [NO]}


def _codes(record):
    return [problem.code for problem in check_pair(record, target("openai"))]


@pytest.mark.parametrize(
    "record",
    [
        PAIR,
        {**PAIR, "input": {"messages": [{"role": "system", "content": "Be kind."}, ASKED]}},
        {**PAIR, "id": 7},
        {**PAIR, "input": {"messages": [ASKED], "tools": [], "parallel_tool_calls": True}},
    ],
)
def test_a_good_pair_has_nothing_but_the_hint(record):
    assert _codes(record) == []
    facts = Checker(encoding=None).check(json.dumps(record).encode())
    assert [problem.code for problem in facts.problems] == ["other_training"]
    assert severity("other_training") == "hint"


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": [ASKED], "chosen": [YES], "rejected": [NO]},
        {"prompt": "Is there a lift?", "chosen": "Yes.", "rejected": "No."},
        {"chosen": [ASKED, YES], "rejected": [ASKED, NO]},
    ],
)
def test_the_spelling_of_open_tools_becomes_that_of_the_api(record):
    assert _codes(record) == ["pair_spelling"]
    fixed, count = fix_all(json.dumps({**record, "id": 1e2}))
    assert count == 1 or "Yes." not in fixed
    result = json.loads(fixed)
    if isinstance(record.get("prompt"), str):
        assert result["input"]["messages"] == [{"role": "user", "content": "Is there a lift?"}]
    else:
        assert result["input"] == {"messages": [ASKED]}
        assert (result["preferred_output"], result["non_preferred_output"]) == ([YES], [NO])
    assert is_openai_pair(result)
    assert "100.0" in fixed  # what stands beside stays as it is spelled
    assert _codes(result) == []


def test_answers_of_several_messages_are_not_rewritten():
    record = {"chosen": [ASKED, YES, ASKED, YES], "rejected": [ASKED, NO]}
    text = json.dumps(record)
    assert fix_all(text, {"pair_spelling"}) == (text, 0)


def test_the_message_of_a_pair_is_counted_within_its_part():
    messages = [{"role": "system", "content": "Be kind."}, {"role": "bot", "content": "x"}, ASKED]
    (problem,) = check_pair({**PAIR, "input": {"messages": messages}}, target("openai"))
    assert problem.path == ("input", "messages", 1, "role")
    assert sentence(problem).startswith("Message 2 ")


_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"role": inner, "content": inner})
        | st.fixed_dictionaries({"messages": inner})
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["input", "prompt", *PAIR, "chosen", "rejected"]), _value, min_size=1
    )
)
def test_any_pair_gets_an_answer(record):
    for problem in check_pair(record, target("openai")):
        assert sentence(problem)


def _dpo(asked, chosen, rejected):
    said = [{"role": "user", "content": asked}]
    return {
        "prompt": said,
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def _whole(asked, chosen, rejected):
    """The same with the prompt in both answers."""
    pair = _dpo(asked, chosen, rejected)
    return {key: [*pair["prompt"], *pair[key]] for key in ("chosen", "rejected")}


def _openai(asked, chosen, rejected):
    pair = _dpo(asked, chosen, rejected)
    return {
        "input": {"messages": pair["prompt"]},
        "preferred_output": pair["chosen"],
        "non_preferred_output": pair["rejected"],
    }


def _set_problems(records):
    return check_pairs(enumerate(json.dumps(record).encode() for record in records))


@pytest.mark.parametrize("first", [_dpo, _whole, _openai])
@pytest.mark.parametrize("second", [_dpo, _whole, _openai])
def test_an_answer_that_is_preferred_here_and_rejected_there(first, second):
    records = [
        first("Is there a lift?", "Yes, here.", "No, sir."),
        first("Is there a lift?", "Yes, over there.", "Yes, some."),
        second("Is there a lift?", "No, sir.", "Yes, here. "),
        second("Is it open?", "No, sir.", "Yes, here."),
        {"messages": []},
    ]
    (problem,) = _set_problems(records)
    assert problem.code == "pairs_contradict"
    assert problem.members == (0, 2)
    assert sentence(problem).startswith("An answer is preferred in one of these 2 pairs")


def test_answers_that_are_the_same_contradict_nothing():
    same = _dpo("Is there a lift?", "Yes.", "Yes.")
    assert _set_problems([same, same]) == []


def test_how_much_longer_the_preferred_answers_are():
    short, long = "A word.", "A word and a half."
    (longer,) = _set_problems([_dpo("a", long, short), _openai("b", long, short)])
    assert sentence(longer) == "On average the preferred answers are 157 % longer."
    (shorter,) = _set_problems([_whole("a", short, long), _dpo("b", short, long)])
    assert sentence(shorter) == "On average the preferred answers are 61 % shorter."
    assert _set_problems([_dpo("a", short, long), _dpo("b", long, short)]) == []
