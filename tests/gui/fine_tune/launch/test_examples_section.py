from tests.gui.fine_tune.launch.made_page import QUESTIONS, says, settled

from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, APPROVED, LaunchSettings
from tunedesk.project.query import ExampleQuery


def test_approved_examples_are_the_first_choice(open_page, add, qtbot):
    add(*QUESTIONS)
    add("Not looked at yet?", state="to_review")
    dialog = open_page()
    assert dialog.settings.query == APPROVED
    assert (dialog.examples.approved.count, dialog.examples.all.count) == (20, 21)
    assert not dialog.examples.filter.isVisible()
    assert dialog.start.accessibleName() == "Start training"
    assert dialog.start.text() == "Start training"
    assert dialog.start.isEnabled()
    says(qtbot, dialog, "Nothing.")
    assert dialog.examples.held.text().startswith("4 of 20.")


def test_with_nothing_approved_all_are_taken_and_it_is_said(open_page, add, qtbot):
    add(*QUESTIONS, state="to_review")
    add("No.", state="rejected")
    dialog = open_page()
    settled(qtbot, dialog)
    assert dialog.settings.query == ALL_BUT_REJECTED
    assert dialog.examples.all.count == 20
    assert dialog.examples.note.isVisible()
    assert not dialog.examples.approved.isEnabled()


def test_filter_of_the_table_can_be_trained_on(open_page, add, project, qtbot):
    ids = add(*QUESTIONS)
    project.add_tag(ids[:12], "law")
    dialog = open_page(shown=ExampleQuery(tags=("law",), sort="tokens"))
    dialog.examples.filter.click()
    settled(qtbot, dialog)
    assert dialog.settings.query == ExampleQuery(tags=("law",))
    assert len(dialog._estimate.preview.split.training) == 10


def test_a_choice_of_all_where_nothing_was_approved_is_none(open_page, add, project, qtbot):
    ids = add(*QUESTIONS, state="to_review")
    dialog = open_page()
    settled(qtbot, dialog)
    assert dialog.settings.query == ALL_BUT_REJECTED
    qtbot.waitUntil(dialog.start.isEnabled)
    dialog.start.click()
    project.set_state(ids[:12], "approved")
    again = open_page(LaunchSettings.from_json(project.setting("fine_tune.last")))
    settled(qtbot, again)
    assert again.settings.query == APPROVED
    again.examples.all.click()
    settled(qtbot, again)
    qtbot.waitUntil(again.start.isEnabled)
    again.start.click()
    third = open_page(LaunchSettings.from_json(project.setting("fine_tune.last")))
    assert third.settings.query == ALL_BUT_REJECTED


def test_the_keyboard_begins_at_the_choice_that_is_made(open_page, add, qtbot):
    add(*QUESTIONS, state="to_review")
    dialog = open_page()
    settled(qtbot, dialog)
    assert dialog.examples.all.isChecked()
    assert dialog.focusWidget() is dialog.examples.all


def test_a_share_that_leaves_none_says_why(open_page, add, qtbot):
    add("One?", "Two?")
    dialog = open_page()
    settled(qtbot, dialog)
    assert dialog.examples.share.currentText() == "20 %"
    assert dialog.examples.held.text() == (
        "None of the 2 examples is held back, though 20 % is asked for: they are too few, or all "
        "ask the same."
    )
    dialog.examples.share.setCurrentIndex(0)
    settled(qtbot, dialog)
    assert dialog.examples.held.text().startswith("None. Then nothing shows")
    told = dialog.examples.share.accessibleDescription()
    assert told.endswith(dialog.examples.held.text())
