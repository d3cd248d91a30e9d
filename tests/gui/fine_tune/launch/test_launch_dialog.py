"""The launch page: what is chosen, what it means, and what the button does."""

from tests.gui.fine_tune.launch.made_page import QUESTIONS, settled

from tunedesk.fine_tuning.launch_settings import LaunchSettings


def test_launching_hands_over_what_was_shown_and_remembers_it(open_page, add, project, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    dialog.epochs.field.setText("5")
    dialog.more.opener.click()
    dialog.more.seed.field.setText("7")
    dialog.name.setText("pharmacy-v1")
    settled(qtbot, dialog)
    asked = []
    dialog.launch_asked.connect(lambda preview, plain: asked.append((preview, plain)))
    dialog.start.click()
    preview, plain = asked[0]
    assert not plain
    assert preview.settings.epochs == 5
    assert preview.settings.seed == 7
    again = open_page(LaunchSettings.from_json(project.setting("fine_tune.last")))
    assert again.settings.epochs == 5
    assert again.settings.seed == 7


def test_page_follows_the_project(open_page, add, project, qtbot):
    ids = add(*QUESTIONS)
    dialog = open_page()
    project.set_state(ids[:5], "rejected")
    qtbot.waitUntil(lambda: dialog.examples.approved.count == 15)
    qtbot.waitUntil(lambda: dialog.examples.held.text().startswith("3 of 15."))


def test_preset_of_azure_goes_into_the_request(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    dialog.providers.cards["azure"].click()
    assert dialog.preset.isVisible()
    assert dialog._preset_title.isVisible()
    dialog.preset.setCurrentIndex(1)
    settled(qtbot, dialog)
    assert dialog.settings.extra_body == {"trainingType": "Standard"}
    dialog.providers.cards["local"].click()
    assert dialog.settings.extra_body == {}


def test_the_page_begins_where_the_project_trains(open_page, add, project, keys, qtbot):
    add(*QUESTIONS)
    project.set_setting("target", "openai")
    dialog = open_page()
    assert dialog.settings.provider == "openai"
    dialog.providers.cards["local"].click()
    settled(qtbot, dialog)
    qtbot.waitUntil(dialog.start.isEnabled)
    dialog.start.click()
    assert project.setting("target") == "local"
