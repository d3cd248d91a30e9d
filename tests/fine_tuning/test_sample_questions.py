"""Questions of a run's examples: all that the training saw before each answer, and no more."""

import json

import pytest

from tunedesk.fine_tuning.sample_questions import (
    first_question,
    given_beside,
    questions_of,
    sample_questions,
    says_the_same,
    tool_names,
)
from tunedesk.project.run_records import RunExample

TOOLS = [{"type": "function", "function": {"name": "find_book", "parameters": {"type": "object"}}}]
SYSTEM = {"role": "developer", "content": "You are a librarian."}
ASKED = {"role": "user", "content": "Where is Dune?", "name": "Ann"}
CALL = {
    "role": "assistant",
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "find_book", "arguments": '{"title": "Dune"}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Shelf 3"}
SAID = {"role": "assistant", "content": "On shelf 3."}


def questions(record, part="training"):
    return list(questions_of(json.dumps(record), part))


def test_each_answer_is_asked_for_with_all_that_stands_before_it():
    call, said = questions(
        {
            "messages": [SYSTEM, ASKED, CALL, RESULT, SAID],
            "tools": TOOLS,
            "parallel_tool_calls": False,
        }
    )
    assert call.messages == (SYSTEM, ASKED)
    assert call.answer == CALL
    assert call.more == said.more == {"tools": TOOLS, "parallel_tool_calls": False}
    assert said.messages == (SYSTEM, ASKED, CALL, RESULT)
    assert (call.text, said.text) == ("Where is Dune?", "Shelf 3")
    assert (call.is_said_by_user, said.is_said_by_user) == (True, False)
    assert (call.turn, said.turn) == (1, 2)


def test_answers_that_are_not_learnt_stand_before_others_and_are_not_asked_for():
    first, second = {**SAID, "weight": 0}, {"role": "user", "content": "And Emma?"}
    (only,) = questions({"messages": [ASKED, first, second, {**SAID, "weight": 1}]})
    # A weight says what is learnt; no service takes one in a chat.
    assert only.messages == (ASKED, SAID, second)


def test_functions_in_the_old_form_are_sent_as_training_read_them():
    function = {"name": "find_book", "parameters": {"type": "object"}}
    called = {"role": "assistant", "content": None, "function_call": {"name": "find_book"}}
    result = {"role": "function", "name": "find_book", "content": "Shelf 3"}
    _call, said = questions({"messages": [ASKED, called, result, SAID], "functions": [function]})
    assert said.messages == (ASKED, called, result)
    assert given_beside(said.more, as_tools=False) == {"functions": [function]}
    assert given_beside(said.more, as_tools=True) == {
        "tools": [{"type": "function", "function": function}]
    }
    assert tool_names(said.more) == ["find_book"]


@pytest.mark.parametrize("preferred", [[SAID], [CALL]])
def test_a_pair_is_asked_for_its_preferred_answer(preferred):
    (only,) = questions(
        {
            "input": {"messages": [SYSTEM, ASKED], "tools": TOOLS},
            "preferred_output": preferred,
            "non_preferred_output": [{"role": "assistant", "content": "No."}],
        }
    )
    assert only.messages == (SYSTEM, ASKED)
    assert only.answer == preferred[0]
    assert only.more == {"tools": TOOLS}


def test_an_item_for_reinforcement_has_no_answer_of_its_own():
    (only,) = questions({"messages": [SYSTEM, ASKED], "reference_answer": "Shelf 3"})
    assert (only.messages, only.answer) == ((SYSTEM, ASKED), {})


@pytest.mark.parametrize(
    "text",
    ["", "[1]", '{"messages": 1}', '{"messages": ["a", 3]}', '{"prompt": 1, "completion": "b"}'],
)
def test_what_has_no_messages_has_no_questions(text):
    assert list(questions_of(text, "training")) == []


def test_a_completion_goes_on_from_its_prompt_and_is_no_chat():
    (only,) = questions({"prompt": "Once upon", "completion": " a time"})
    assert only.is_completion
    assert (only.text, only.answer["content"]) == ("Once upon", " a time")


def test_an_answer_without_a_question_is_not_asked_for():
    assert questions({"messages": [SYSTEM, SAID]}) == []


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        (CALL, True),
        ({**CALL, "content": ""}, True),
        ({"role": "assistant", "function_call": CALL["tool_calls"][0]["function"]}, True),
        ({**CALL, "content": "Let me look."}, False),
        (SAID, False),
    ],
)
def test_a_call_is_the_same_by_its_name_and_its_arguments(answer, same):
    assert (
        says_the_same(json.loads(json.dumps(answer).replace('\\": \\"', '\\":\\"')), CALL) is same
    )


def test_questions_of_a_run_are_those_held_back_and_then_those_trained_on(project):
    texts = [
        json.dumps({"messages": [SYSTEM, {"role": "user", "content": question}, SAID]})
        for question in ("First?", "Second?")
    ]
    numbers = [project.add_example(text, project.checker().check(text.encode())) for text in texts]
    run = project.runs.add(
        name="one",
        provider="local",
        base_url="http://127.0.0.1:9/v1",
        base_model="tunedesk-starter",
        settings={},
        program_version="1",
    )
    assert sample_questions(project, run.id) == []
    assert first_question(project, run.id) is None
    project.runs.set_examples(
        run.id,
        [
            RunExample(part, 1, number, project.rows([number])[0].version_id)
            for part, number in zip(("training", "validation"), numbers, strict=True)
        ],
    )
    found = sample_questions(project, run.id)
    assert [(question.part, question.text) for question in found] == [
        ("validation", "Second?"),
        ("training", "First?"),
    ]
    assert first_question(project, run.id).system == SYSTEM
