import pytest
from PySide6.QtWidgets import QMenu, QPushButton

from tunedesk.errors import UserError


@pytest.fixture
def presets(form):
    return form.cards._presets


def press(toast, text):
    next(b for b in toast.findChildren(QPushButton) if b.text() == text).click()


def entries(presets, text, choose=lambda prompt: None):
    menu = QMenu()
    presets.fill(menu, text, choose)
    return {action.text(): action for action in menu.actions() if action.text()}, menu


def test_a_prompt_is_kept_under_a_name_and_shown_by_it(show, short, presets, card, project):
    show(short)
    assert card(0).head.preset.text() == "Presets"
    presets.keep("Kind", "Be kind.")
    assert project.presets() == {"Kind": "Be kind."}
    assert card(0).head.preset.text() == "preset “Kind”"


def test_a_preset_is_chosen_for_another_example(
    show, conversation, presets, card, example, project
):
    project.set_preset("Brief", "Be brief.")
    show(conversation(("system", "Be kind."), ("user", "Hi"), ("assistant", "Yes")))
    found, _menu = entries(presets, "Be kind.", presets.parent()._edits.set_system_prompt)
    found["Brief"].trigger()
    assert example.conversation.messages[0].text == "Be brief."
    assert card(0).head.preset.text() == "preset “Brief”"


def test_a_preset_is_deleted(show, short, presets, project):
    show(short)
    presets.keep("Kind", "Be kind.")
    found, _menu = entries(presets, "Be kind.")
    found["Delete the preset"].trigger()
    assert project.presets() == {}


def test_the_name_is_asked_for(show, short, presets, project, qtbot):
    show(short)
    dialog = presets.ask_name("Be kind.")
    assert dialog.name.text() == "Be kind"
    dialog.name.setText("  ")
    assert not dialog.keep.isEnabled()
    dialog.name.setText("  Kind ")
    dialog.keep.click()
    assert project.presets() == {"Kind": "Be kind."}


def test_a_prompt_for_many_is_told(show, short, presets, form, qtbot):
    show(short)
    found, _menu = entries(presets, "Be kind.")
    with qtbot.waitSignal(form.system_prompt_wanted) as told:
        found["Set on selected examples…"].trigger()
    assert told.args == ["Be kind."]


def test_a_name_that_is_taken_says_so_first(show, short, presets, project):
    project.set_preset("Kind", "Be very kind.")
    show(short)
    dialog = presets.ask_name("Be kind.")
    dialog.name.setText("Kind")
    assert "There is a preset" in dialog.about.text()
    dialog.reject()
    assert project.presets() == {"Kind": "Be very kind."}


def test_keeping_and_deleting_a_preset_offer_undo(show, short, presets, project, feedback, qtbot):
    show(short)
    presets.keep("Kind", "Be kind.")
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: project.presets() == {})
    presets.keep("Kind", "Be kind.")
    found, _menu = entries(presets, "Be kind.")
    found["Delete the preset"].trigger()
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: project.presets() == {"Kind": "Be kind."})


def test_a_preset_that_cannot_be_kept_says_why(
    show, short, presets, project, background, monkeypatch, qtbot
):
    show(short)

    def refuse(_name, _text):
        raise UserError("The disk is full.")

    monkeypatch.setattr(project, "set_preset", refuse)
    with qtbot.waitSignal(background.user_error) as told:
        presets.keep("Kind", "Be kind.")
    assert told.args[0].sentence == "The disk is full."
