"""What a worker does with texts: edits, counts of places, facts of what changed and of no other."""

import pickle
import re

import pytest
from tests.project.made_examples import example_text

from tunedesk.checks.checker import Checker
from tunedesk.project.stored_values import packed
from tunedesk.project.text_edit_jobs import (
    EditJob,
    Fixing,
    Replacement,
    SetSystemPrompt,
    edit_texts,
)


def job(edit, *texts, known=None):
    return EditJob(edit, [text.encode() for text in texts], "openai", "o200k_base", None, known)


def test_only_texts_that_change_come_back(project):
    texts = ("law and law", "tax", "law")
    edited = edit_texts(job(Replacement(re.compile("law"), "paper"), *map(example_text, texts)))
    assert edited.places == 3
    assert [number for number, _text, _facts in edited.texts] == [0, 2]
    assert [text.decode() for _number, text, _facts in edited.texts] == [
        example_text("paper and paper"),
        example_text("paper"),
    ]


def test_their_facts_are_those_of_the_checker():
    ((_number, text, facts),) = edit_texts(
        job(Replacement(re.compile("law"), "paper"), example_text("law"))
    ).texts
    assert facts == packed(Checker("openai", "o200k_base", None).check(text))


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (Replacement(re.compile("(l)aw"), r"\1x", None, True), "law", "lx"),
        (Replacement(re.compile("law"), "x", frozenset({"assistant"})), "law", None),
        (Replacement(re.compile("law"), "law"), "law", None),
    ],
)
def test_replacing_by_role_and_template(edit, before, after):
    edited = edit_texts(job(edit, example_text(before)))
    expected = [] if after is None else [example_text(after).encode()]
    assert [text for _number, text, _facts in edited.texts] == expected


def test_a_system_prompt_is_set_once():
    edit = SetSystemPrompt("Be kind.")
    ((_number, text, _facts),) = edit_texts(job(edit, example_text("law"))).texts
    assert b'"Be kind."' in text
    assert edit_texts(job(edit, text.decode())).texts == []


def test_what_is_not_utf_8_is_left_alone():
    edit = Replacement(re.compile("."), "x")
    edited = edit_texts(EditJob(edit, [b"\xff\xfe"], "openai", "o200k_base", None))
    assert edited == ([], 0)


def test_fixes_use_the_problems_that_are_known():
    record = example_text(" law ")
    fixing = Fixing(("blanks_around",), "openai")
    plain = edit_texts(job(fixing, record))
    stored = packed(Checker("openai", "o200k_base", None).check(record.encode()))
    assert plain.places == 1
    # Problems that are known to be none are not looked for again.
    assert edit_texts(job(fixing, record, known=["[]"])) == ([], 0)
    assert edit_texts(job(fixing, record, known=[None])) == plain
    assert stored is not None


@pytest.mark.parametrize(
    "edit",
    [Replacement(re.compile("a"), "b"), Fixing(("blanks_around",), "openai"), SetSystemPrompt("x")],
)
def test_jobs_travel_to_other_processes(edit):
    sent = job(edit, example_text("law"))
    assert pickle.loads(pickle.dumps(sent)) == sent
