"""What the base model makes of the examples, on the launch page, by the real process."""

import json

import pytest
from PySide6.QtWidgets import QPushButton
from tests.gui.fine_tune.launch.made_page import QUESTIONS, said, says, settled

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.fine_tuning import launch_check
from tunedesk.fine_tuning.launch_settings import LaunchSettings

STARTER = LaunchSettings(base_model=STARTER_ID)


@pytest.fixture
def reads():
    return True


@pytest.fixture
def long_id(project):
    """An example that is just short enough by the estimate of its tokens, and not for a starter."""
    turns = [{"role": role, "content": "a"} for role in ("user", "assistant")] * 750
    text = json.dumps({"messages": turns})
    return project.add_example(text, project.checker().check(text.encode()), state="approved")


def test_what_the_base_model_does_not_take_stops_the_launch_until_it_is_left_out(
    open_page, add, long_id, qtbot
):
    add(*QUESTIONS)
    dialog = open_page(STARTER)
    qtbot.waitUntil(lambda: dialog.reading.found is not None, timeout=60_000)
    says(qtbot, dialog, "1 example is longer than the 8,192 tokens that the model reads.")
    says(qtbot, dialog, "tokens are learned")
    assert not dialog.start.isEnabled()
    asked = []
    dialog.examples_asked.connect(lambda query, title: asked.append((query.ids, title)))
    dialog.findings.leave_out.click()
    settled(qtbot, dialog)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=60_000)
    assert any(
        "1 example that the base model does not take is left out." in x for x in said(dialog)
    )
    dialog.findings.leave_out.click()
    settled(qtbot, dialog)
    qtbot.waitUntil(lambda: dialog.reading.is_refused, timeout=60_000)
    shows = dialog.reading.findChildren(QPushButton)
    next(button for button in shows if button.isVisible()).click()
    assert asked == [((long_id,), "Too long")]
    assert not dialog.isVisible()


def test_who_starts_while_they_are_read_waits_or_presses_again(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page(STARTER)
    launched = []
    dialog.launch_asked.connect(lambda preview, _plain: launched.append(preview))
    qtbot.waitUntil(dialog.start.isEnabled)
    assert dialog.reading.is_reading
    dialog.start.click()
    assert launched == []
    assert dialog.start.text() == "Start now, before all are read"
    dialog.start.click()
    assert len(launched) == 1


def test_who_waits_is_not_asked_again(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page(STARTER)
    launched = []
    dialog.launch_asked.connect(lambda preview, _plain: launched.append(preview))
    qtbot.waitUntil(dialog.start.isEnabled)
    dialog.start.click()
    qtbot.waitUntil(lambda: len(launched) == 1, timeout=60_000)


def test_where_nothing_can_be_read_nothing_is_said(open_page, add, qtbot, monkeypatch):
    monkeypatch.setattr(launch_check, "python_with_training", lambda: None)
    add(*QUESTIONS)
    dialog = open_page(STARTER)
    assert not dialog.reading.is_reading
    assert not dialog.reading.isVisible()
    dialog.providers.cards["openai"].click()
    settled(qtbot, dialog)
    assert not dialog.reading.is_reading
