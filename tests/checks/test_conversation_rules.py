"""Every fault that a sample holds is named with its code, place and severity."""

import pytest

from tunedesk.checks.checker import Checker
from tunedesk.checks.messages.sentences import advice, sentence, title
from tunedesk.checks.problem import severity
from tunedesk.examples.json_text import to_pointer

FAMILIES = ("reading", "messages", "kinds", "order", "images", "tools", "calls", "texts")


@pytest.fixture(scope="module")
def checkers():
    return {name: Checker(name, encoding=None) for name in ("openai", "azure", "local")}


def test_a_fault_is_named(fault, fault_text, checkers):
    target = fault.get("target", "openai")
    problems = checkers[target].check(fault_text).problems
    named = [(p.code, to_pointer(p.path), severity(p.code, target)) for p in problems]
    assert (fault["code"], fault["path"], fault["severity"]) in named


def test_a_fault_is_said_in_words(fault, fault_text, checkers):
    for problem in checkers[fault.get("target", "openai")].check(fault_text).problems:
        said = sentence(problem)
        assert "…" not in said.rstrip("…")[:-1] or problem.code in ("unknown_key",), said
        assert said[0].isupper() or said[0] in "“"
        assert title(problem.code)
        assert advice(problem.code)
