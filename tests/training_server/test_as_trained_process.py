"""The process that shows examples as they are trained on, asked as the window asks it."""

import io
import json
import subprocess
import sys

import pytest

from tunedesk.training_server.as_trained_process import answer, serve
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings

CHAT = json.dumps(
    {
        "messages": [
            {"role": "user", "content": "Open?"},
            {"role": "assistant", "content": "Yes, ü."},
        ]
    }
)


@pytest.fixture
def models(tmp_path):
    return BaseModels(ServerSettings(tmp_path, ""), 0)


def test_the_models_of_the_computer_are_named(models):
    assert answer({}, models) == {"models": [STARTER]}


def test_a_starter_shows_its_text_without_tokens(models):
    (text,) = answer({"model": STARTER, "text": CHAT}, models)["example"]["texts"]
    assert "Yes, ü." in text["text"]
    assert text["ends"] == text["learnt"] == []
    assert text["spans"]


@pytest.mark.parametrize("text", ["[]", "{}", "{", '{"messages": 3}', '{"messages": [{}]}', "null"])
def test_what_is_no_example_is_refused_in_a_sentence(models, text):
    assert answer({"model": STARTER, "text": text}, models)["refused"]


def test_a_model_that_is_not_there_is_named(models):
    assert "mine" in answer({"model": "mine", "text": CHAT}, models)["refused"]


def test_each_answer_bears_the_number_of_its_question(models):
    answers = io.StringIO()
    serve(io.StringIO('{"number": 1}\n{"number": 2}\n'), answers, models)
    assert [json.loads(line)["number"] for line in answers.getvalue().splitlines()] == [1, 2]


def test_the_process_answers_and_ends_with_its_input(tmp_path):
    question = json.dumps({"number": 7, "model": STARTER, "text": CHAT})
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tunedesk.training_server.as_trained_process"),
            *("--data-dir", str(tmp_path)),
        ],
        input=f"{question}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["number"] == 7
    assert said["example"]["texts"]
