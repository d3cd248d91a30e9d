"""The rules for the set as a whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.set_rules import (
    PromptUse,
    SetFacts,
    almost_equal_prompts,
    check_set,
    check_size,
    different_answers,
    duplicates,
    similar_groups,
)


def _text(question, answer, system=None):
    messages = [{"role": "system", "content": system}] if system else []
    messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}).encode()


def _check(texts, target="openai"):
    gathered = SetFacts()
    gathered.add(range(len(texts)), Checker(encoding=None).check_many(texts), texts)
    return check_set(gathered, target)


def _codes(problems):
    return [problem.code for problem in problems]


def test_under_ten_examples_in_the_words_of_openai():
    (problem,) = check_size(7)
    expected = "Training file has 7 example(s), but must have at least 10 examples"
    assert sentence(problem) == expected
    assert problem.members == ()


@pytest.mark.parametrize(
    ("examples", "target", "expected"),
    [
        (9, "openai", ["too_few_examples"]),
        (10, "openai", ["few_examples"]),
        (49, "openai", ["few_examples"]),
        (50, "openai", []),
        (1, "together", ["few_examples"]),
        (0, "together", ["too_few_examples"]),
    ],
)
def test_size(examples, target, expected):
    assert _codes(check_size(examples, target)) == expected


def test_unreadable_rows_are_no_examples():
    problems = _check([_text(f"q{n}", f"a{n}") for n in range(9)] + [b"broken"])
    assert _codes(problems) == ["too_few_examples"]


def test_exact_duplicates():
    texts = [_text(f"q{n}", f"a{n}") for n in range(60)]
    other_spelling = json.dumps(json.loads(texts[3]), indent=1).encode()
    (problem,) = _check([*texts, other_spelling, texts[3]])
    assert problem.code == "duplicate_examples"
    assert problem.members == (3, 60, 61)
    assert problem.parameters == {"count": 3}


def test_the_same_question_with_different_answers():
    texts = [_text(f"q{n}", f"a{n}") for n in range(60)]
    (problem,) = _check([*texts, _text("q5", "something else")])
    assert problem.code == "same_question_different_answers"
    assert problem.members == (5, 60)
    assert problem.parameters == {"count": 2, "answers": 2}


def test_almost_equal_system_prompts():
    good = "You answer the questions of visitors to a small public library."
    typo = "You answer the questions of visitors to a small public libary."
    other = "You are a patient teacher of mathematics for adults."
    texts = [_text(f"q{n}", f"a{n}", good if n % 2 else other) for n in range(60)]
    (problem,) = _check([*texts, _text("q60", "a60", typo), _text("q61", "a61", good + " ")])
    assert problem.code == "similar_system_prompts"
    assert set(problem.members) == {*range(1, 60, 2), 60, 61}
    assert problem.parameters["count"] == 3


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("You are a helpful assistant.", "You are a helpful assistant", True),
        ("You are a helpful assistant.", "you are a  helpful assistant!", True),
        ("You are a helpful assistant.", "You are a helpfull assistant.", True),
        ("You are a helpful assistant.", "You are a lawyer.", False),
        ("Translate the text to French.", "Translate the text to German.", False),
        ("Answer in one word.", "Answer in one sentence with two reasons.", False),
    ],
)
def test_which_prompts_are_alike(first, second, alike):
    groups = similar_groups([PromptUse(first, (1, 2)), PromptUse(second, (3,))])
    assert bool(groups) is alike


def test_gathering_in_pieces_is_gathering_at_once():
    texts = [_text(f"q{n % 7}", f"a{n % 5}", f"You are helper {'abc'[n % 3]}.") for n in range(40)]
    facts = Checker(encoding=None).check_many(texts)
    whole, first, second = SetFacts(), SetFacts(), SetFacts()
    whole.add(range(40), facts, texts)
    first.add(range(15), facts[:15], texts[:15])
    second.add(range(15, 40), facts[15:], texts[15:])
    first.merge(second)
    assert check_set(first) == check_set(whole)


def test_prompts_of_a_template_are_meant_to_differ():
    prompts = [PromptUse(f"You are agent number {n} of a large hotel.", (n,)) for n in range(9)]
    assert almost_equal_prompts(prompts) == []


def test_thousands_of_prompts_take_no_time():
    prompts = [PromptUse(f"You are agent number {n} of a large hotel.", (n,)) for n in range(3000)]
    assert len(almost_equal_prompts(prompts)) <= 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_groups_are_what_a_plain_search_finds(pairs):
    rows = [(number, question, answer) for number, (question, answer) in enumerate(pairs)]
    found = {problem.members for problem in different_answers(rows)}
    expected = set()
    for asked in {question for _, question, _ in rows}:
        group = [(number, answer) for number, question, answer in rows if question == asked]
        if len({answer for _, answer in group}) > 1:
            expected.add(tuple(number for number, _ in group))
    assert found == expected
    twice = {problem.members for problem in duplicates((n, q) for n, q, _ in rows)}
    groups = {q: tuple(n for n, question, _ in rows if question == q) for _, q, _ in rows}
    assert twice == {members for members in groups.values() if len(members) > 1}
