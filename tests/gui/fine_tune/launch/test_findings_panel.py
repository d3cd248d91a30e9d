from PySide6.QtWidgets import QPushButton
from tests.gui.fine_tune.launch.made_page import QUESTIONS, said, says, settled

from tunedesk.checks.messages import sentences
from tunedesk.fine_tuning.launch_settings import LaunchSettings


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
    says(qtbot, dialog, "1 example with errors is left out.")
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


def test_duplicates_among_what_is_trained_on_are_told(open_page, add, project, qtbot):
    ids = add(*QUESTIONS, "Again?", "Again?")
    copies = tuple(ids[-2:])
    dialog = open_page()
    says(qtbot, dialog, "2 × ", sentences.title("duplicate_examples"))
    asked = []
    dialog.examples_asked.connect(lambda query, title: asked.append(query.ids))
    next(b for b in dialog.findings.findChildren(QPushButton) if b.isVisible()).click()
    assert asked == [copies]
    # One of them alone is no duplicate, and is told as none.
    project.set_state(copies[1:], "to_review")
    dialog = open_page()
    settled(qtbot, dialog)
    qtbot.waitUntil(lambda: dialog._start is not None)
    assert not any(sentences.title("duplicate_examples") in line for line in said(dialog))


def test_no_figure_stands_for_tokens_that_are_not_counted(open_page, add, qtbot):
    add(*QUESTIONS)  # checked without a tokenizer
    dialog = open_page()
    settled(qtbot, dialog)
    says(qtbot, dialog, "not counted yet")
    assert not any("0 tokens" in line or "0 ×" in line for line in said(dialog))


def test_figures_of_the_launch_stand_in_the_description_of_its_button(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    settled(qtbot, dialog)
    assert dialog.start.accessibleDescription() == "20 examples, on this computer; nothing to pay"
    dialog = open_page(LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14"))
    settled(qtbot, dialog)
    assert dialog.start.accessibleDescription() == dialog.start.text().replace("&&", "&")
    assert "20 examples to OpenAI" in dialog.start.accessibleDescription()
