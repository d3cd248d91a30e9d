"""The read-only form of kinds that have no form of their own yet."""

import json

import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from tunedesk.examples.kinds.registry import KINDS
from tunedesk.gui.examples.form.form_bars import FORM, RAW, TOOLS
from tunedesk.gui.examples.form.kind_form import KindForm
from tunedesk.gui.examples.form.problem_marks import ProblemLine
from tunedesk.gui.examples.form.read_only_form import MOST_OTHER_KEYS
from tunedesk.gui.widgets.labels import Label, SectionTitle

ANSWER = "Better not: grapefruit makes some of them too strong, and that is felt for days."


def pair(answer=ANSWER, **others):
    return json.dumps(
        {
            "input": {
                "messages": [
                    {"role": "system", "content": "You are on night duty. " * 8},
                    {"role": "user", "content": "Grapefruit and my heart tablets?"},
                ],
                "tools": [{"type": "function", "function": {"name": "find_doctor"}}],
            },
            "preferred_output": [{"role": "assistant", "content": answer}],
            "non_preferred_output": [{"role": "assistant", "content": "Sure!"}],
            **others,
        }
    )


@pytest.fixture
def view(form):
    """The read-only form."""
    return form._read_only


def cards(view):
    return [card for _number, card in sorted(view.list.cards().items())]


def read(view):
    """Headings and texts from top to bottom."""
    shown = []
    for card in cards(view):
        shown += [title.text() for title in card.findChildren(SectionTitle) if title.isVisible()]
        shown.append(card.text.text)
    return shown


def test_every_kind_has_a_form(form):
    assert set(form._forms) == set(KINDS)
    assert all(isinstance(kind_form, KindForm) for kind_form in form._forms.values())


def test_a_pair_is_read_from_the_prompt_to_the_other_answer(form, view, show):
    show(pair())
    assert form._views.currentWidget() is view
    shown = read(view)
    assert shown[0:2] == ["Prompt", "System"]
    assert shown[3:-2] == [
        *("User", "Grapefruit and my heart tablets?"),
        *("Preferred answer", "Assistant", ANSWER),
        *("Other answer", "Assistant", "Sure!"),
    ]
    assert shown[-2] == "Tools"
    assert json.loads(shown[-1]) == [{"type": "function", "function": {"name": "find_doctor"}}]


def test_a_prompt_with_its_completion_and_short_keys_beside_them(view, show):
    show(json.dumps({"prompt": "Why?", "completion": "Because.", "id": 17, "source": "leaflet"}))
    assert read(view) == ["Prompt", "Why?", "Completion", "Because."]
    labels = [label.text() for label in view._others.findChildren(Label) if label.isVisible()]
    assert labels == ["Other keys of this example", "id", "17", "source", "leaflet"]


def test_many_other_keys_are_left_to_the_raw_json(view, show):
    keys = {f"key{number}": number for number in range(MOST_OTHER_KEYS + 3)}
    show(json.dumps({"prompt": "Why?", "completion": "Because.", **keys}))
    assert sum(row.isVisible() for row in view._others._rows) == MOST_OTHER_KEYS
    assert view._others._left.isVisible()


@pytest.mark.parametrize("width", [330, 457, 620, 1100])
def test_no_text_is_cut_off_at_any_width(form, view, show, qtbot, width):
    show(pair())
    form.resize(width, 700)
    show(pair("A short one that just about fills one line or two."))
    qtbot.wait(50)
    for card in cards(view):
        document = card.text.document()
        assert document.textWidth() == card.text.viewport().width()
        assert card.text.viewport().height() >= document.size().height() - 1


def test_nothing_in_it_can_be_written(view, show, example, qtbot):
    show(pair())
    for card in cards(view):
        assert card.text.isReadOnly()
        card.text.setFocus()
        qtbot.keyClicks(card.text, "x")
    assert example.text == pair()


def test_commands_for_messages_leave_a_pair_alone(form, show, example, conversation, actions):
    show(conversation(("user", "Hi"), ("assistant", "Ho")))
    show(pair())
    for action in ("add", "delete", "duplicate", "move_up", "split", "merge"):
        actions[f"message.{action}"].trigger()
    assert example.text == pair()


def test_raw_json_is_one_click_away_and_shows_what_it_changes(form, view, show, example):
    show(pair())
    link = next(b for b in view.findChildren(QPushButton) if b.text() == "Edit as raw JSON")
    link.click()
    assert form._tabs.current == RAW
    form._raw.edit.edited.emit(example.text.replace("Sure!", "Of course!"))
    form.choose_view(FORM)
    assert "Of course!" in read(view)


def test_tools_have_no_tab_where_the_form_does_not_edit_them(form, show, conversation):
    show(conversation(("user", "Hi"), ("assistant", "Ho")))
    form.choose_view(TOOLS)
    show(pair())
    assert form._tabs.current == FORM
    assert not form._tabs._tabs.isTabVisible(TOOLS)
    show(conversation(("user", "Hi"), ("assistant", "Ho")))
    assert form._tabs._tabs.isTabVisible(TOOLS)


def test_problems_are_said_above_the_parts(view, show, example, qtbot):
    show(json.dumps({"conversations": [{"from": "human", "value": "Hi"}]}))
    qtbot.waitUntil(lambda: example.checks_are_current)
    assert [line for line in view.findChildren(ProblemLine) if line.isVisible()]


def test_go_to_puts_the_focus_on_the_part(form, view, show, example, qtbot):
    show(pair())
    example.go_to(("non_preferred_output", 0, "content"))
    focus = QApplication.focusWidget()
    assert focus is next(card.text for card in cards(view) if card.text.text == "Sure!")
    example.go_to(("input", "messages", 1, "content"))
    assert QApplication.focusWidget().text.startswith("Grapefruit")


def test_hits_of_a_search_are_marked(form, view, show):
    show(pair())
    form.set_search("grapefruit")
    marked = [card.text.text for card in cards(view) if card.text.extraSelections()]
    assert marked == ["Grapefruit and my heart tablets?", ANSWER]


def test_escape_leaves_for_the_table(form, view, show, qtbot):
    show(pair())
    with qtbot.waitSignal(form.leave_requested):
        cards(view)[0].text.leave_requested.emit()


def test_an_item_for_a_grader_says_what_stands_beside_it(form, show):
    question = {"role": "user", "content": "How many?"}
    show(json.dumps({"messages": [question], "reference_answer": "8"}))
    footer = form.cards._footer
    assert footer._keys_title.text() == "Reference for the grader"
    show(json.dumps({"messages": [question, {"role": "assistant", "content": "8"}], "id": 1}))
    assert footer._keys_title.text() == "Other keys of this example"
