from PySide6.QtGui import QFontMetrics
from tests.fine_tuning.made_project import add_texts, conversation
from tests.gui.fine_tune.launch.made_page import QUESTIONS, says, settled
from tests.services.fakes import FakeOther

from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, LaunchSettings
from tunedesk.gui.fine_tune.launch.provider_section import ProviderCard
from tunedesk.services.providers import provider_named


def test_a_service_needs_a_key_and_says_where_the_examples_go(open_page, project, keys, qtbot):
    # With their tokens: the price is told by them.
    add_texts(project, [conversation(question, "Yes.") for question in QUESTIONS])
    dialog = open_page()
    dialog.providers.cards["openai"].click()
    settled(qtbot, dialog)
    says(qtbot, dialog, "OpenAI needs a key.")
    assert not dialog.start.isEnabled()
    assert dialog.start.text().startswith(
        "Start training: send 20 examples to OpenAI, less than $0.01"
    )
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
    assert dialog.start.text().startswith("Start training: send ")


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
        qtbot.waitUntil(
            lambda: dialog.start.text() == "Start training: send 20 examples to 127.0.0.1"
        )


def test_a_card_has_room_for_all_its_lines(theme, qtbot):
    """Also narrow, and with large fonts, where a line stands on three."""
    line = "Any server that speaks OpenAI's API, on this computer or elsewhere"
    card = ProviderCard(theme, "Another server", line)
    qtbot.addWidget(card)
    low, high = (card.heightForWidth(width) for width in (400, 110))
    assert low == card.sizeHint().height()
    small = QFontMetrics(theme.font("small")).lineSpacing()
    assert high >= low + 2 * small
