"""The launch page: what is chosen, what it means, and what the button does."""

import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QPushButton
from tests.fine_tuning.made_project import add_texts, conversation
from tests.services.fakes import FakeOther

from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, APPROVED, LaunchSettings
from tunedesk.gui.fine_tune.launch.launch_estimate import next_name
from tunedesk.gui.fine_tune.launch.model_list import recommended
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import size_text
from tunedesk.project.query import ExampleQuery
from tunedesk.services.providers import provider_named

QUESTIONS = [f"Question {number}?" for number in range(20)]


def said(dialog):
    return [label.text() for label in dialog.findings.findChildren(Label) if label.isVisible()]


def says(qtbot, dialog, *parts):
    """Wait until a line of the right side holds all of these."""
    qtbot.waitUntil(lambda: any(all(part in line for part in parts) for line in said(dialog)))


def settled(qtbot, dialog):
    qtbot.waitUntil(
        lambda: (
            dialog._estimate is not None and dialog._estimate.preview.settings == dialog.settings
        )
    )


def test_approved_examples_are_the_first_choice(open_page, add, qtbot):
    add(*QUESTIONS)
    add("Not looked at yet?", state="to_review")
    dialog = open_page()
    assert dialog.settings.query == APPROVED
    assert (dialog.examples.approved.count, dialog.examples.all.count) == (20, 21)
    assert not dialog.examples.filter.isVisible()
    assert dialog.start.accessibleName() == "Start training"
    assert dialog.start.text() == "Train on this computer"
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


def test_errors_stop_the_launch_until_those_examples_are_left_out(open_page, add, project, qtbot):
    add(*QUESTIONS)
    broken = project.add_example(
        '{"messages": [{"role": "user", "content": "a"}]}',
        project.checker().check(b'{"messages": [{"role": "user", "content": "a"}]}'),
        state="approved",
    )
    dialog = open_page()
    settled(qtbot, dialog)
    assert not dialog.start.isEnabled()
    dialog.findings.leave_out.click()
    settled(qtbot, dialog)
    assert dialog.start.isEnabled()
    says(qtbot, dialog, "1 is left out: with errors")
    dialog.findings.leave_out.click()
    settled(qtbot, dialog)
    asked = []
    dialog.examples_asked.connect(lambda query, title: asked.append(query.ids))
    says(qtbot, dialog, "1 × ")
    shows = [b for b in dialog.findings.findChildren(QPushButton) if b.isVisible()]
    shows[0].click()
    assert asked == [(broken,)]
    assert not dialog.isVisible()


def test_too_few_examples_stop_the_launch(open_page, add, qtbot):
    add("Only one?")
    dialog = open_page(LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14"))
    assert not dialog.start.isEnabled()
    says(qtbot, dialog, "at least 10 are needed")


def test_a_service_needs_a_key_and_says_where_the_examples_go(open_page, project, keys, qtbot):
    # With their tokens: the price is told by them.
    add_texts(project, [conversation(question, "Yes.") for question in QUESTIONS])
    dialog = open_page()
    dialog.providers.cards["openai"].click()
    settled(qtbot, dialog)
    says(qtbot, dialog, "OpenAI needs a key.")
    assert not dialog.start.isEnabled()
    assert dialog.start.text().startswith("Send 20 examples to OpenAI, less than $0.01")
    assert dialog.start.accessibleName() == "Start training"
    says(qtbot, dialog, "whole, go to OpenAI")
    dialog.connection.key.setText("sk-not-a-real-key-1234567890")
    dialog.connection.use_key.click()
    qtbot.waitUntil(dialog.start.isEnabled)
    assert dialog.connection.key.text() == ""
    assert keys.find(provider_named("openai"), "").value == "sk-not-a-real-key-1234567890"
    dialog.connection.forget.click()
    qtbot.waitUntil(lambda: not dialog.start.isEnabled())
    assert keys.find(provider_named("openai"), "") is None


def test_readable_address_must_be_accepted(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    dialog.providers.cards["custom"].click()
    dialog.model_name.setText("their-model")
    dialog.connection.address.setText("http://server.example/v1")
    settled(qtbot, dialog)
    assert not dialog.start.isEnabled()
    dialog.connection.plain_http.click()
    qtbot.waitUntil(dialog.start.isEnabled)
    assert dialog.settings.base_url == "http://server.example/v1"
    assert dialog.settings.base_model == "their-model"


def test_trying_a_connection_says_what_is_wrong(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    dialog.providers.cards["custom"].click()
    dialog.connection.address.setText("http://127.0.0.1:9/v1")
    dialog.connection.try_button.click()
    qtbot.waitUntil(lambda: dialog.connection.report is not None, timeout=20_000)
    assert not dialog.connection.report.ok
    assert dialog.connection.says.text() == dialog.connection.report.sentence


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


def test_page_follows_the_project(open_page, add, project, qtbot):
    ids = add(*QUESTIONS)
    dialog = open_page()
    project.set_state(ids[:5], "rejected")
    qtbot.waitUntil(lambda: dialog.examples.approved.count == 15)
    qtbot.waitUntil(lambda: dialog.examples.held.text().startswith("3 of 15."))


def test_arrow_keys_choose_the_base_model(open_page, add):
    add(*QUESTIONS)
    dialog = open_page()
    first = dialog.settings.base_model
    assert first == "tunedesk-starter"
    model = dialog.models.row_model
    dialog.models.selectionModel().setCurrentIndex(
        model.index(1), QItemSelectionModel.SelectionFlag.ClearAndSelect
    )
    assert dialog.settings.base_model == model.row_at(1).id
    assert dialog.settings.base_model in dialog.command.text()


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


@pytest.mark.parametrize(
    ("last", "project", "names", "name"),
    [
        ("", "Night library", [], "night-library-v1"),
        ("pharmacy-v4", "x", ["a", "pharmacy-v4"], "pharmacy-v5"),
        # Another run that was begun from the same one has the number.
        ("pharmacy-v4", "x", ["pharmacy-v4", "pharmacy-v5", "pharmacy-v6"], "pharmacy-v7"),
        ("mine", "x", ["mine", "b"], "mine-v3"),
        ("mine", "x", ["mine", "mine-v3"], "mine-v4"),
        ("", "法律", [], "model-v1"),
    ],
)
def test_names_of_new_runs(last, project, names, name):
    assert next_name(last, project, names) == name


def test_a_name_that_another_run_has_is_told(open_page, add, add_run, qtbot):
    add(*QUESTIONS)
    add_run("night-v1", stage="ended", status="succeeded")
    dialog = open_page()
    assert dialog.name.text() not in ("", "night-v1")
    dialog.name.setText("night-v1")
    assert dialog._name_note.text() == "Another run has this name already."


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


def test_a_model_is_advised_with_the_reason_and_taken(open_page, project, qtbot):
    add_texts(project, [conversation(question, "Yes.") for question in QUESTIONS])
    dialog = open_page()
    settled(qtbot, dialog)
    row = recommended(dialog.models.row_model.rows())
    assert f"For real work take {row.title}: the largest" in dialog._advice_text.text()
    dialog._take.click()
    assert dialog.settings.base_model == row.id
    settled(qtbot, dialog)
    qtbot.waitUntil(lambda: "is the one to take" in dialog._advice_text.text())
    says(qtbot, dialog, size_text(row.download))
    assert row.badge.startswith("fits: about ")
    assert "download" in row.size


def test_the_command_stands_with_the_rest_of_the_settings(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    assert not dialog.command.isVisible()
    dialog.more.opener.click()
    assert "tunedesk launch" in dialog.command.text()
    assert dialog.command.isVisible()


def test_what_a_screen_reader_sets_without_a_click_is_chosen(open_page, add, qtbot):
    add(*QUESTIONS)
    add("Not looked at yet?", state="to_review")
    dialog = open_page()
    dialog.providers.cards["openai"].setChecked(True)
    dialog.examples.all.setChecked(True)
    settled(qtbot, dialog)
    assert dialog.settings.provider == "openai"
    assert dialog.settings.query == ALL_BUT_REJECTED
    assert "OpenAI" in dialog.providers.explanation.text()
    assert dialog.start.text().startswith("Send ")


def test_a_key_that_is_refused_can_be_replaced_at_once(open_page, add, qtbot):
    add(*QUESTIONS)
    with FakeOther() as server:
        dialog = open_page(LaunchSettings(provider="custom", base_model="m", base_url=server.url))
        part = dialog.connection

        def tried():
            part.try_button.click()
            qtbot.waitUntil(lambda: part.report is not None, timeout=20_000)
            return part.report

        assert "asks for a key, and none was given" in tried().sentence
        part.key.setText("a-wrong-key-0123456789")
        part.keep.setChecked(False)
        assert "does not accept the key" in tried().sentence
        assert part.key.isVisible()
        part.key.setText(server.key)
        assert tried().ok
        assert not part.key.isVisible()
        assert dialog.models.model_id in server.models
        qtbot.waitUntil(lambda: dialog.start.text() == "Send 20 examples to 127.0.0.1")


def test_the_list_says_how_long_an_example_may_be_and_what_memory_it_takes(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    rows = {row.id: row for row in dialog.models.row_model.rows()}
    small, large = rows["HuggingFaceTB/SmolLM2-135M-Instruct"], rows["Qwen/Qwen3-1.7B"]
    assert small.limit == "up to 8,192 tokens an example"
    assert small.size.endswith(" of memory")
    assert 0 < small.memory < large.memory
    assert small.limit in small.words
    dialog.models.choose(small.id)
    settled(qtbot, dialog)
    before = dialog.models.row.memory
    says(qtbot, dialog, f"about {before / 1e9:.1f} of")
    dialog.more.method.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog.models.row.memory > before)
    dialog.providers.cards["openai"].click()
    assert {row.limit for row in dialog.models.row_model.rows()} == {
        "up to 65,536 tokens an example"
    }
