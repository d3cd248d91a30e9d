"""What the base model makes of the examples, on the launch page, by the real process."""

import json
from dataclasses import replace

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
    launched, asked = [], []
    dialog.launch_asked.connect(lambda preview, _plain: launched.append(preview))
    dialog.reading.examples_asked.connect(lambda query, title: asked.append((query.ids, title)))
    qtbot.waitUntil(dialog.start.isEnabled)
    dialog.start.click()
    assert dialog.start.text() == "Start now, before all are read"
    qtbot.waitUntil(lambda: dialog.reading.found is not None, timeout=60_000)
    says(qtbot, dialog, "1 example is longer than the 8,192 tokens that the model reads.")
    says(qtbot, dialog, "tokens are learned")
    qtbot.waitUntil(lambda: not dialog.start.isEnabled())
    dialog.reading.findChild(QPushButton).clicked.emit()
    assert asked == [((long_id,), "Too long")]
    assert launched == []


def test_what_is_left_out_does_not_stop_it_and_it_starts_when_all_are_read(
    open_page, add, long_id, qtbot
):
    add(*QUESTIONS)
    dialog = open_page(replace(STARTER, leave_out_errors=True))
    launched = []
    dialog.launch_asked.connect(lambda preview, _plain: launched.append(preview))
    left_out = "1 example that the base model does not take is left out."
    qtbot.waitUntil(lambda: left_out in said(dialog), timeout=60_000)
    qtbot.waitUntil(dialog.start.isEnabled)
    dialog.start.click()
    qtbot.waitUntil(lambda: len(launched) == 1, timeout=60_000)
    assert launched[0].left_out == {"refused": (long_id,)}


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


def test_where_nothing_can_be_read_nothing_is_said(open_page, add, qtbot, monkeypatch):
    monkeypatch.setattr(launch_check, "python_with_training", lambda: None)
    add(*QUESTIONS)
    dialog = open_page(STARTER)
    assert not dialog.reading.is_reading
    assert not dialog.reading.isVisible()
    dialog.providers.cards["openai"].click()
    settled(qtbot, dialog)
    assert not dialog.reading.is_reading
