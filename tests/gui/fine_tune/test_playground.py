"""A question to the tuned model, its answer as it comes, and what goes wrong."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from tests.services.fakes import FakeOther

from tunedesk.gui.fine_tune.playground import PlaygroundDialog
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import RunExample
from tunedesk.services.providers import provider_named


@pytest.fixture
def service(keys):
    with FakeOther() as service:
        keys.keep(provider_named("custom"), service.url, service.key, True)
        yield service


@pytest.fixture
def run(add_run, service):
    return add_run(
        "one",
        provider="custom",
        base_url=service.url,
        base_model=service.models[0],
        stage="ended",
        status="succeeded",
        fine_tuned_model="ft:end",
    )


@pytest.fixture
def open_dialog(qtbot, context, run, checkpoint, background, keys, window):
    """Opens the dialog over the run."""
    dialogs = []

    def open_dialog(model="ft:starter:40", of=run):
        dialog = PlaygroundDialog(
            context, run=of, checkpoints=[checkpoint(40)], model=model, keys=keys, parent=window
        )
        window.show()
        dialog.open()
        dialogs.append(dialog)
        return dialog

    yield open_dialog
    for dialog in dialogs:
        dialog.reject()
    background.finish()


@pytest.fixture
def dialog(open_dialog):
    return open_dialog()


def ask(dialog, question, qtbot):
    dialog.question.setPlainText(question)
    dialog.ask.click()
    qtbot.waitUntil(lambda: not dialog.tuned.busy and not dialog.beside.busy, timeout=20_000)


def said(pane):
    return pane.conversation.toPlainText()


def test_begins_with_the_model_that_was_chosen(dialog):
    assert dialog.tuned.which.currentData() == "ft:starter:40"
    assert not dialog.ask.isEnabled()
    assert not dialog.keep.isEnabled()
    dialog.question.setPlainText("Where is book 3?")
    assert dialog.ask.isEnabled()


def test_base_model_answers_beside_it(dialog, service, qtbot):
    dialog.with_other.click()
    assert dialog.beside.isVisible()
    assert dialog.beside.which.currentData() == service.models[0]
    ask(dialog, "Where is book 3?", qtbot)
    qtbot.waitUntil(lambda: service.reply in said(dialog.beside))
    sent = service.sent("POST", ".*/chat/completions")
    assert {request.json["model"] for request in sent} == {"ft:starter:40", service.models[0]}
    assert not dialog.stop.isVisible()


def test_a_conversation_goes_on(dialog, service, qtbot):
    dialog.tuned.which.setItemData(dialog.tuned.which.currentIndex(), service.models[0])
    dialog.system.setPlainText("You are a librarian.")
    ask(dialog, "Where is book 3?", qtbot)
    ask(dialog, "And book 4?", qtbot)
    *_first, last = service.sent("POST", ".*/chat/completions")
    assert last.json["messages"] == [
        {"role": "system", "content": "You are a librarian."},
        {"role": "user", "content": "Where is book 3?"},
        {"role": "assistant", "content": service.reply},
        {"role": "user", "content": "And book 4?"},
    ]
    assert said(dialog.tuned).count(service.reply) == 2
    dialog.anew.click()
    assert said(dialog.tuned) == ""
    ask(dialog, "Good evening", qtbot)
    sent = service.sent("POST", ".*/chat/completions")[-1].json["messages"]
    assert [message["content"] for message in sent] == ["You are a librarian.", "Good evening"]


def test_a_good_conversation_is_kept_as_an_example(dialog, service, project, qtbot):
    dialog.tuned.which.setItemData(dialog.tuned.which.currentIndex(), service.models[0])
    dialog.system.setPlainText("You are a librarian.")
    ask(dialog, "Where is book 3?", qtbot)
    assert dialog.keep.isEnabled()
    dialog.keep.click()
    (kept,) = project.first_ids(ExampleQuery(), 9)
    assert json.loads(project.text(kept)) == {
        "messages": [
            {"role": "system", "content": "You are a librarian."},
            {"role": "user", "content": "Where is book 3?"},
            {"role": "assistant", "content": service.reply},
        ]
    }
    assert project.rows([kept])[0].state == "to_review"
    assert not dialog.keep.isEnabled()


def test_questions_of_the_examples_are_offered_with_what_they_are(
    add, project, run, service, open_dialog, qtbot
):
    numbers = add("Where is book 1?", "Where is book 2?")
    project.runs.set_examples(
        run.id,
        [
            RunExample(part, 1, number, project.rows([number])[0].version_id)
            for part, number in zip(("training", "validation"), numbers, strict=True)
        ],
    )
    dialog = open_dialog()
    assert [dialog.samples.item(row).text() for row in range(dialog.samples.count())] == [
        "Held back: new to the model",
        "Where is book 2?",
        "Trained on: it has seen these",
        "Where is book 1?",
    ]
    titles = [dialog.samples.item(row) for row in (0, 2)]
    assert not any(title.flags() & Qt.ItemFlag.ItemIsSelectable for title in titles)
    dialog.samples.itemClicked.emit(dialog.samples.item(1))
    assert dialog.question.toPlainText() == "Where is book 2?"
    dialog.tuned.which.setItemData(dialog.tuned.which.currentIndex(), service.models[0])
    dialog.ask.click()
    qtbot.waitUntil(lambda: not dialog.tuned.busy, timeout=20_000)
    # What the example answers stands below, and is no part of the conversation.
    assert said(dialog.tuned).endswith("In your example\nYes.")
    assert dialog.tuned.messages[-1]["content"] == service.reply


def test_the_starter_is_explained_before_it_answers(add_run, open_dialog):
    def told(dialog):
        return any("knows no language" in label.text() for label in dialog.findChildren(QLabel))

    assert not told(open_dialog())
    assert told(open_dialog(of=add_run("two", stage="ended", fine_tuned_model="ft:two")))


def test_model_that_is_not_there_is_said_calmly(dialog, qtbot):
    ask(dialog, "Where is book 3?", qtbot)
    assert "no such model" in dialog.tuned.state.text()
    assert dialog.tuned.messages == []
    assert not dialog.keep.isEnabled()


def test_stopping_keeps_what_is_there(dialog):
    dialog.question.setPlainText("Where is book 3?")
    dialog.ask.click()
    dialog.stop.click()
    assert dialog.tuned.state.text() == "Stopped."
    assert not dialog.tuned.busy
