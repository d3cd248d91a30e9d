"""The rules for the data set, by SQL: the same answer as from the hashes one by one."""

import json

from tunedesk.checks.checker import Checker
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.set_rules import SetFacts, check_set
from tunedesk.project import check_project
from tunedesk.project.check_project import set_problems
from tunedesk.project.row_edits import NewExample

CHECKER = Checker()


def text_of(question, answer, system=None):
    begin = f'{{"role": "system", "content": "{system}"}}, ' if system else ""
    return (
        f'{{"messages": [{begin}{{"role": "user", "content": "{question}"}},'
        f' {{"role": "assistant", "content": "{answer}"}}]}}'
    ).encode()


TEXTS = [
    text_of("a", "1", "You are the pharmacist on night duty, brief and kind."),
    text_of("a", "1", "You are the pharmacist on night duty, brief and kind."),
    text_of("a", "2", "You are the pharmacist on night duty, brief and kind."),
    text_of("b", "1", "You are the pharmacist on night duty, brief and kind"),
    text_of("c", "1"),
    text_of("c", "2"),
    text_of("d", "1", "Something else altogether, about the law of the sea."),
    b"{broken",
    b"[1]",
]


def by_code(problems):
    return sorted((problem.code, sorted(problem.members)) for problem in problems)


def test_sql_and_hashes_agree(project):
    facts = [CHECKER.check(text) for text in TEXTS]
    ids = project.add_examples(
        [NewExample(text, fact) for text, fact in zip(TEXTS, facts, strict=True)]
    )
    expected = SetFacts()
    expected.add(ids, facts, TEXTS)
    found = set_problems(project)
    assert by_code(found) == by_code(check_set(expected))
    codes = {problem.code for problem in found}
    assert codes == {
        "too_few_examples",
        "duplicate_examples",
        "same_question_different_answers",
        "similar_system_prompts",
        "some_without_system",
    }


def test_deleted_examples_do_not_count(project):
    ids = project.add_examples([NewExample(text, CHECKER.check(text)) for text in TEXTS])
    project.delete(ids[1:])
    assert [problem.code for problem in set_problems(project)] == ["too_few_examples"]
    assert set_problems(project)[0].parameters["count"] == 1


def test_an_empty_project(project):
    assert [problem.code for problem in set_problems(project)] == ["too_few_examples"]


def test_copies_that_differ_in_spelling_only_are_found(project):
    texts = [
        text_of("Is the caf\u00e9 open?", "Yes."),
        text_of("Is the cafe\u0301 open?", "Yes."),
        text_of("IS THE CAF\u00c9 OPEN ?", "yes."),
        text_of("Is the caf\u00e9 open?", "No."),
    ]
    ids = project.add_examples([NewExample(text, CHECKER.check(text)) for text in texts])
    (found,) = [problem for problem in set_problems(project) if problem.code == "alike_examples"]
    assert sorted(found.members) == sorted(ids[:3])


def test_pairs_that_contradict_are_found_and_what_was_not_looked_for_is_said(project, monkeypatch):
    texts = [
        json.dumps({"prompt": "Open?", "chosen": first, "rejected": second}).encode()
        for first, second in (("Yes.", "Not."), ("Not.", "Yes."), ("Yes!", "Not!"))
    ]
    ids = project.add_examples([NewExample(text, CHECKER.check(text)) for text in texts])
    found = {problem.code: problem for problem in set_problems(project)}
    assert found["pairs_contradict"].members == tuple(ids[:2])
    assert "alike_not_searched" not in found
    monkeypatch.setattr(check_project, "_MOST_ALIKE", 2)
    said = [sentence(p) for p in set_problems(project) if p.code == "alike_not_searched"]
    assert [each[:31] for each in said] == [
        "In a project of over 2 examples",
        "In a project of over 2 pairs, t",
    ]
