"""“Should you tune at all?”: what is said of which examples, in the window."""

from PySide6.QtWidgets import QPushButton

from tunedesk.fine_tuning.suitability import Suitability
from tunedesk.gui.fine_tune.suitability_dialog import SuitabilityDialog, findings
from tunedesk.gui.widgets.labels import Label


def said(**values):
    usual = {
        "examples": 80,
        "answers": 80,
        "with_single_facts": 0,
        "single_fact": "",
        "with_money": 0,
        "prompt_words": 20,
    }
    return findings(Suitability(**{**usual, **values}))


def test_a_set_that_teaches_a_manner_has_nothing_against_it():
    assert {tone for tone, _text in said()} == {"success"}


def test_few_examples_facts_and_money_are_warned_of():
    (tone, text), *_others = said(examples=12)
    assert tone == "warning"
    assert text.startswith("12 examples are few")
    texts = [text for tone, text in said(with_single_facts=30, single_fact="1987", with_money=1)]
    assert texts[1].startswith("30 of 80 answers state a figure that stands nowhere else, “1987”")
    assert texts[2].startswith("1 answer names an amount of money")


def test_a_long_prompt_speaks_for_tuning():
    assert any("has 900 words" in text for _tone, text in said(prompt_words=900))


def test_without_examples_it_says_what_to_do():
    ((tone, text),) = said(examples=0)
    assert tone == "warning"
    assert "Write or import" in text


def test_the_page_offers_it_and_it_leads_on_to_the_launch(page, add, actions, qtbot):
    add("In 1987?", "Why?")
    asked = []
    actions.bind("finetune.new", lambda: asked.append(1))
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.empty)
    actions["finetune.suitability"].trigger()
    dialog = page.findChild(SuitabilityDialog)
    qtbot.waitUntil(
        lambda: any("2 examples are few" in each.text() for each in dialog.findChildren(Label))
    )
    launch = next(each for each in dialog.findChildren(QPushButton) if "Fine-tune" in each.text())
    launch.click()
    assert asked == [1]
    assert not dialog.isVisible()
