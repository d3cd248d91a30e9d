"""Facts come back from the project file as they were, each under its name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.project.made_examples import example_text

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.project.stored_values import (
    FACT_COLUMNS,
    loaded,
    packed,
    problems_of,
    stored_problems,
)

ALL_DIFFERENT = Facts(
    kind="preference",
    preview="what it is about",
    roles="sua",
    tokens=1,
    message_tokens=2,
    tool_tokens=3,
    image_tokens=4,
    trained_tokens=5,
    fingerprint=6,
    question=7,
    answer=-8,
    system=9,
    problems=(
        Problem("blanks_around", ("messages", 0), {"number": 1}),
        Problem("not_known_here", (), {"text": "\ud800", "large": 10**30}),
    ),
)


def test_every_fact_is_kept_under_its_name(project):
    example = project.add_example(example_text("one"), ALL_DIFFERENT)
    assert project.facts(example) == ALL_DIFFERENT
    row = project.rows([example])[0]
    for name in ("kind", "preview", "roles", "tokens", "trained_tokens"):
        assert getattr(row, name) == getattr(ALL_DIFFERENT, name)
    assert row.turns == 3
    columns = {entry[1] for entry in project.context.store.rows("PRAGMA table_info(version)")}
    assert {*FACT_COLUMNS, "problems"} <= columns
    (copied,) = project.context.store.rows(
        "SELECT example.tokens, example.trained_tokens, turns, preview_start, example.hints"
        " FROM example"
    )
    assert copied == (1, 5, 3, "what it is about", row.hints)


def test_new_facts_of_a_text_replace_the_old(project):
    example = project.add_example(example_text("one"), Facts("other", "nothing yet"))
    project.set_text(example, example_text("two"), ALL_DIFFERENT, "Edit")
    assert project.facts(example) == ALL_DIFFERENT
    project.undo()
    assert project.facts(example) == Facts("other", "nothing yet")


def test_packed_facts_are_plain():
    values, codes, problems = packed(ALL_DIFFERENT)
    assert dict(zip(FACT_COLUMNS, values, strict=True)) == {
        name: value for name, value in ALL_DIFFERENT._asdict().items() if name != "problems"
    }
    assert codes == ("blanks_around", "not_known_here")
    assert problems_of(problems) == ALL_DIFFERENT.problems
    assert packed(Facts("other", ""))[1:] == ((), None)


@given(
    st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.booleans()),
    st.lists(st.text() | st.integers(), max_size=4),
)
def test_any_problem_comes_back(parameters, path):
    problems = (Problem("any_code", tuple(path), parameters),)
    assert problems_of(stored_problems(problems)) == problems


@pytest.mark.parametrize(
    "stored",
    ["", None, "no json", "{}", "[1]", '[["code", [], 1]]', '[["code", [1.5], {}]]', "[" * 5000],
)
def test_what_a_stranger_wrote_is_left_out(stored):
    assert problems_of(stored) == ()


def test_values_of_another_type_are_the_default():
    assert loaded(json.dumps({"a": 1}), {}) == {"a": 1}
    assert loaded("[1]", {}) == {}
    assert loaded(None, "x") == "x"
