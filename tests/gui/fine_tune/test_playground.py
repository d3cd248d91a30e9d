"""A question to the tuned model, its answer as it comes, and what goes wrong."""

import pytest
from tests.services.fakes import FakeOther

from tunedesk.gui.fine_tune.playground import PlaygroundDialog
from tunedesk.services.providers import provider_named


@pytest.fixture
def service(keys):
    with FakeOther() as service:
        keys.keep(provider_named("custom"), service.url, service.key, True)
        yield service


@pytest.fixture
def dialog(qtbot, project, add_run, checkpoint, background, theme, keys, window, service):
    run = add_run(
        "one",
        provider="custom",
        base_url=service.url,
        base_model=service.models[0],
        stage="ended",
        status="succeeded",
        fine_tuned_model="ft:end",
    )
    dialog = PlaygroundDialog(
        project=project,
        run=run,
        checkpoints=[checkpoint(40)],
        model="ft:starter:40",
        background=background,
        theme=theme,
        keys=keys,
        parent=window,
    )
    window.show()
    dialog.open()
    yield dialog
    dialog.reject()
    background.finish()


def test_begins_with_the_model_that_was_chosen(dialog):
    assert dialog.tuned.which.currentData() == "ft:starter:40"
    assert not dialog.ask.isEnabled()
    dialog.question.setPlainText("Where is book 3?")
    assert dialog.ask.isEnabled()


def test_base_model_answers_beside_it(dialog, service, qtbot):
    dialog.question.setPlainText("Where is book 3?")
    dialog.with_other.click()
    assert dialog.beside.isVisible()
    assert dialog.beside.which.currentData() == service.models[0]
    dialog.ask.click()
    assert dialog.stop.isVisible()
    qtbot.waitUntil(lambda: not dialog.tuned.busy and not dialog.beside.busy, timeout=20_000)
    qtbot.waitUntil(lambda: bool(dialog.beside.answer.toPlainText()))
    sent = service.sent("POST", ".*/chat/completions")
    assert {request.json["model"] for request in sent} == {"ft:starter:40", service.models[0]}
    assert not dialog.stop.isVisible()


def test_model_that_is_not_there_is_said_calmly(dialog, qtbot):
    dialog.question.setPlainText("Where is book 3?")
    dialog.ask.click()
    qtbot.waitUntil(lambda: not dialog.tuned.busy, timeout=20_000)
    assert "no such model" in dialog.tuned.state.text()
    assert dialog.tuned.answer.toPlainText() == ""


def test_stopping_keeps_what_is_there(dialog):
    dialog.question.setPlainText("Where is book 3?")
    dialog.ask.click()
    dialog.stop.click()
    assert dialog.tuned.state.text() == "Stopped."
    assert not dialog.tuned.busy
