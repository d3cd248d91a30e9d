"""What is right is left alone: no error and no warning on good examples in many languages."""

import pytest

from tunedesk.checks.checker import Checker
from tunedesk.checks.problem import severity

FAMILIES = ("good",)


@pytest.fixture(scope="module")
def checker():
    return Checker(encoding=None)


def test_a_good_example_has_no_problem(fault, fault_text, checker):
    problems = checker.check(fault_text).problems
    assert [p.code for p in problems if severity(p.code) != "hint"] == [], fault["note"]
    assert [p.code for p in problems if p.code.startswith("placeholder")] == [], fault["note"]
