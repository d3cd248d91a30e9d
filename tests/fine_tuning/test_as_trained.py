"""The lines to and from the process that shows examples as they are trained on."""

import json

import pytest

from tunedesk.errors import UserError
from tunedesk.fine_tuning import as_trained
from tunedesk.fine_tuning.as_trained import (
    Answer,
    ExampleAsTrained,
    Kept,
    TrainedText,
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
        [text], 64, Kept(1, 1), True, Kept(2, 1), Kept(0, 0), Kept(1, 0), ["so"]
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
    }
    line = json.dumps({"number": 3, "example": held}).encode()
    assert parse_answer(line) == Answer(3, example=example)


def test_without_training_there_is_no_command(monkeypatch):
    monkeypatch.setattr(as_trained, "python_with_training", lambda: None)
    with pytest.raises(UserError, match="not installed"):
        command()
