"""The tab "As trained", with the real process and the template of the starter."""

import json

import pytest

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.errors import UserError
from tunedesk.fine_tuning.as_trained import ExampleAsTrained, Kept, TrainedText
from tunedesk.gui.examples.form import as_trained
from tunedesk.gui.examples.form.as_trained import checks_of
from tunedesk.gui.examples.form.form_bars import FORM, TRAINED

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


def test_the_open_example_is_shown_and_followed(show, short, form, example, project, qtbot):
    show(short)
    form.choose_view(TRAINED)
    view = form._trained
    qtbot.waitUntil(lambda: view._views.currentWidget() is view._page, timeout=60_000)
    assert view._models.currentData() == STARTER_ID
    assert "Hello?" in view._text.toPlainText()
    form.choose_view(FORM)
    changed = json.loads(short)
    changed["messages"][-1]["weight"] = 0
    form._edits.write_raw(json.dumps(changed))
    form.choose_view(TRAINED)
    qtbot.waitUntil(lambda: view._lines[0]._title.text() == "Nothing is learned")
    example.flush()
    project.undo()
    qtbot.waitUntil(lambda: view._lines[0]._title.text() == "The end mark is trained")
    assert view._copied().startswith("<|im_start|>")
    view.close_process()


def test_without_training_it_says_so(show, short, form, monkeypatch):
    def missing():
        raise UserError("Training on this computer is not installed.", "Install it first.")

    monkeypatch.setattr(as_trained, "command", missing)
    show(short)
    form.choose_view(TRAINED)
    assert form._trained._message.isVisible()
    assert form._trained._message._title.text() == "Training on this computer is not installed."
