"""The lines to and from the process that shows examples as they are trained on."""

import json

import pytest

from tunedesk.errors import UserError
from tunedesk.examples.as_trained import ExampleAsTrained, Kept, TrainedText
from tunedesk.fine_tuning import as_trained
from tunedesk.fine_tuning.as_trained import (
    Answer,
    checks_of,
    command,
    models_question,
    parse_answer,
    question,
)


def test_a_question_is_one_line_whatever_the_text():
    line = question(3, "a model", 'He said\n"é \ud800"')
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"number": 3, "model": "a model", "text": 'He said\n"é ?"'}
    assert json.loads(models_question(4)) == {"number": 4}


def test_answers_are_read():
    assert parse_answer(b'{"number": 1, "models": ["a"]}') == Answer(1, models=["a"])
    assert parse_answer(b'{"number": 2, "refused": "No."}') == Answer(2, refused="No.")
    text = TrainedText("ab", [1, 2], [1], [0], [[1, 2]], True)
    example = ExampleAsTrained(
        [text], 64, Kept(1, 1), True, Kept(2, 1), Kept(0, 0), Kept(1, 0), ["so"], 1
    )
    held = {
        "texts": [vars(text)],
        "context": 64,
        "system": {"total": 1, "kept": 1},
        "system_is_first": True,
        "thoughts": {"total": 2, "kept": 1},
        "calls": {"total": 0, "kept": 0},
        "media": {"total": 1, "kept": 0},
        "added": ["so"],
        "empty_answers": 1,
    }
    line = json.dumps({"number": 3, "example": held}).encode()
    assert parse_answer(line) == Answer(3, example=example)


def test_without_training_there_is_no_command(monkeypatch):
    monkeypatch.setattr(as_trained, "python_with_training", lambda: None)
    with pytest.raises(UserError, match="not installed"):
        command()


TEXT = TrainedText("ab</s>", [1, 2, 6], [1, 2], [2], [[1, 6]], True)


def example_with(**changes):
    values = {
        "texts": [TEXT],
        "context": 64,
        "system": Kept(1, 1),
        "system_is_first": True,
        "thoughts": Kept(0, 0),
        "calls": Kept(0, 0),
        "media": Kept(0, 0),
        "added": [],
        "empty_answers": 0,
    }
    return ExampleAsTrained(**{**values, **changes})


def said(**changes):
    return {check.title: (check.tone, check.detail) for check in checks_of(example_with(**changes))}


def test_all_is_well():
    assert {tone for tone, _detail in said().values()} == {"success"}
    assert list(said()) == [
        "The end mark is trained",
        "Nothing is cut off",
        "System prompt is kept",
        "Nothing is added",
    ]


@pytest.mark.parametrize(
    ("changes", "title", "tone"),
    [
        ({"texts": [TrainedText("ab", [1, 2], [], [], [], False)]}, "Nothing is learned", "error"),
        (
            {"texts": [TrainedText("ab", [1, 2], [1], [], [[1, 2]], False)]},
            "The end mark is not trained",
            "warning",
        ),
        ({"context": 2}, "Too long", "error"),
        ({"empty_answers": 1}, "An answer is empty", "warning"),
        ({"system": Kept(1, 0)}, "The system prompt is lost", "error"),
        ({"system_is_first": False}, "System prompt is kept", "warning"),
        ({"added": ["You are Bot."]}, "The template adds words", "muted"),
        ({"thoughts": Kept(3, 1)}, "Thoughts are left out", "warning"),
        ({"thoughts": Kept(3, 3)}, "Thoughts are kept", "success"),
        ({"calls": Kept(2, 1)}, "Tool calls are left out", "error"),
        ({"media": Kept(1, 0)}, "Pictures and files are left out", "error"),
        ({"calls": Kept(2, 2)}, "Tool calls are kept", "success"),
    ],
)
def test_what_is_not_well_is_said(changes, title, tone):
    assert said(**changes)[title][0] == tone


def test_the_thoughts_that_are_left_out_are_counted():
    detail = said(thoughts=Kept(3, 1))["Thoughts are left out"][1]
    assert detail.startswith("2 of 3 thoughts are left out")
