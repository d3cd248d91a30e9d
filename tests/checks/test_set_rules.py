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
    alike_examples,
    almost_equal_prompts,
    check_set,
    check_size,
    different_answers,
    duplicates,
    looks_of,
    loosely,
    mostly_copies,
    perhaps_alike,
    similar_groups,
    without_system,
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


def test_too_few_to_train_here_are_told_plainly():
    told = [sentence(check_size(count, "local")[0]) for count in (0, 1, 9)]
    assert told == [
        "There are 0 examples; at least 10 are needed to train.",
        "There is 1 example; at least 10 are needed to train.",
        "There are 9 examples; at least 10 are needed to train.",
    ]


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


ALIKE = [
    "Wie sp\u00e4t \u00f6ffnet das Caf\u00e9 im Museum?",
    "Wie spa\u0308t o\u0308ffnet das Cafe\u0301 im Museum?",
    "Wie sp\u00e4t\u00a0\u00f6ffnet das Caf\u00e9 im Museum?",
    "  Wie sp\u00e4t \u00f6ffnet das Caf\u00e9 im Museum?\u200b",
    "WIE sp\u00e4t \u00d6FFNET DAS CAF\u00c9 IM MUSEUM?",
    "Wie sp\u00e4t \u00f6ffnet das Caf\u00e9 im  Museum ?",
]


def test_copies_that_differ_in_spelling_only_are_found():
    assert len({loosely(text) for text in ALIKE}) == 1
    assert len(set(looks_of(ALIKE))) == 1
    other = _text("Wann \u00f6ffnet das Caf\u00e9 im Museum?", "Um zehn.")
    texts = [*(_text(question, "Um zehn.") for question in ALIKE), other]
    facts = Checker(encoding=None).check_many(texts)
    gathered = SetFacts()
    gathered.add(range(len(texts)), facts, texts)
    wanted = perhaps_alike(gathered.members, gathered.looks, gathered.fingerprints)
    (problem,) = alike_examples((number, texts[number]) for number in wanted)
    assert problem.code == "alike_examples"
    assert problem.members == (0, 1, 2, 3, 4, 5)
    assert "6 examples" in sentence(problem)


def test_exact_copies_and_other_answers_are_not_alike():
    texts = [_text("Open?", "Yes."), _text("Open?", "Yes."), _text("Open?", "No.")]
    facts = Checker(encoding=None).check_many(texts)
    gathered = SetFacts()
    gathered.add(range(len(texts)), facts, texts)
    wanted = perhaps_alike(gathered.members, gathered.looks, gathered.fingerprints)
    assert alike_examples((number, texts[number]) for number in wanted) == []
    assert perhaps_alike([1, 2], [7, 7], [5, 5]) == []


def test_looks_are_the_same_whatever_stands_beside_them():
    texts = ["How often should I  oil the Chain?", "how often SHOULD i oil\tthe chain?", "Other"]
    together = looks_of(texts)
    assert together[0] == together[1] != together[2]
    assert [looks_of([text])[0] for text in texts] == together
    assert looks_of([*texts, "\u00e9", "a\0b"])[:3] == together
    assert looks_of([]) == []


def test_a_set_of_copies_says_how_many_are_distinct():
    texts = [_text(f"Question {number % 3}?", "Yes.") for number in range(9)]
    found = _check(texts)
    (problem,) = [each for each in found if each.code == "mostly_copies"]
    assert problem.parameters == {"count": 9, "distinct": 3, "copies": 6}
    assert "3 of 9" in sentence(problem)
    few = [_text(f"Question {number}?", "Yes.") for number in range(8)]
    assert "mostly_copies" not in _codes(_check([*few, few[0]]))
    assert mostly_copies([], 0) == []


def test_some_without_a_system_message():
    with_system = [_text(f"Question {number}?", "Yes.", "Be kind.") for number in range(4)]
    without = [_text("Other?", "No.")]
    (problem,) = [e for e in _check([*with_system, *without]) if e.code == "some_without_system"]
    assert problem.members == (4,)
    for texts in (with_system, without, [with_system[0], *(_text("A?", "B.") for _ in range(2))]):
        assert "some_without_system" not in _codes(_check(texts))
    assert without_system([], 0) == []
