import pytest
from tests.gui.fine_tune.launch.made_page import QUESTIONS


@pytest.mark.parametrize("text", ["many", "0", "51", "1.5", "nan"])
def test_settings_that_are_no_numbers_stop_the_launch(open_page, add, qtbot, text):
    add(*QUESTIONS)
    dialog = open_page()
    dialog.epochs.field.setText(text)
    assert not dialog.start.isEnabled()
    why = "Epochs must be a whole number from 1 to 50."
    assert dialog.epochs.says.text() == why
    assert why in dialog.stops
    dialog.epochs.field.setText("")
    qtbot.waitUntil(dialog.start.isEnabled)


def test_a_learning_rate_is_explained_as_the_place_takes_it(open_page):
    dialog = open_page()
    assert "twice as far" in dialog.more.learning_rate.says.text()
    dialog.providers.choose("nebius")
    dialog._on_provider_changed()
    assert "0.00002" in dialog.more.learning_rate.says.text()
    dialog.more.learning_rate.field.setText("2")
    assert dialog.more.learning_rate.value is None


def test_the_command_stands_with_the_rest_of_the_settings(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    assert not dialog.command.isVisible()
    dialog.more.opener.click()
    assert "tunedesk launch" in dialog.command.text()
    assert dialog.command.isVisible()
