"""Prompts with completions, and forms that no training takes as they are."""

import json

import pytest

from tunedesk.checks.checker import Checker
from tunedesk.checks.problem import severity


def _problems(record, target="openai"):
    facts = Checker(target, encoding="r50k_base").check(json.dumps(record).encode())
    return facts, [(problem.code, problem.path) for problem in facts.problems]


def test_a_good_completion_is_counted_and_not_scolded():
    facts, problems = _problems({"prompt": "Hello", "completion": " there"})
    assert problems == [("other_training", ())]
    assert (facts.kind, facts.tokens, facts.trained_tokens) == ("prompt_completion", 2, 1)


@pytest.mark.parametrize(
    ("record", "code", "path"),
    [
        ({"prompt": 7, "completion": "b"}, "completion_part_not_text", ("prompt",)),
        ({"prompt": "a", "completion": None}, "completion_part_not_text", ("completion",)),
        ({"prompt": "a", "completion": ""}, "completion_empty", ("completion",)),
        ({"prompt": "a", "completion": "{{name}}"}, "placeholder", ("completion",)),
    ],
)
def test_what_is_wrong_with_a_completion_is_said(record, code, path):
    assert (code, path) in _problems(record)[1]


@pytest.mark.parametrize(
    "record",
    [
        {"conversations": [{"from": "human", "value": "Hi"}]},
        {"instruction": "Say hi", "output": "Hi"},
    ],
)
def test_forms_of_other_tools_are_an_error_and_count_nothing(record):
    facts, problems = _problems(record)
    assert problems == [("not_a_chat_example", ())]
    assert severity("not_a_chat_example") == "error"
    assert facts.tokens == 0
