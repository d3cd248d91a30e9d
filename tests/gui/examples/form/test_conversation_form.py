"""The messages of an example as cards."""

import json

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication

from tunedesk.gui.widgets.layouts import tab_stops


def test_typing_changes_the_record_and_nothing_else_in_it(show, example, text_box, qtbot):
    show('{"x": 1e2,  "messages": [{"role": "user", "content": "a\\/b", "y": "\\u00e9"}]}')
    text_box(0).setFocus()
    text_box(0).set_cursor_position(3)
    qtbot.keyClicks(text_box(0), "!")
    assert example.text == (
        '{"x": 1e2,  "messages": [{"role": "user", "content": "a/b!", "y": "\\u00e9"}]}'
    )


def test_half_a_surrogate_pair_survives_typing_behind_it(show, example, text_box, qtbot):
    show('{"messages": [{"role": "user", "content": "\\ud83d"}]}')
    text_box(0).setFocus()
    text_box(0).set_cursor_position(1)
    qtbot.keyClicks(text_box(0), "x")
    assert example.conversation.messages[0].text == "\ud83dx"
    assert "\\ud83dx" in example.text


def test_tokens_and_problems_follow_the_text(show, short, card, text_box, example, window, qtbot):
    show(short)
    before = card(2).head.tokens.text()
    text_box(2).setFocus()
    text_box(2).set_cursor_position(6)
    with qtbot.waitSignal(example.facts_changed):
        qtbot.keyClicks(text_box(2), " {{name}}")
    qtbot.waitUntil(lambda: example.checks_are_current)
    assert card(2).head.tokens.text() != before
    assert card(2).property("tone") == "accent"  # where the cursor is
    assert card(2)._problem_lines[0].isVisible()
    assert text_box(2).extraSelections()[0].cursor.selectedText() == "{{name}}"
    window.field.setFocus()
    assert card(2).property("tone") == "warning"


def test_undo_puts_the_cursor_where_the_change_was(show, short, project, example, text_box, qtbot):
    show(short)
    text_box(1).setFocus()
    text_box(1).set_cursor_position(5)
    qtbot.keyClicks(text_box(1), " you")
    example.flush()
    text_box(2).setFocus()
    project.undo()
    assert text_box(1).text == "Hello?"
    assert text_box(1).hasFocus()
    assert text_box(1).cursor_position() == 5


def test_undo_from_elsewhere_leaves_the_focus_there(
    show, short, project, example, text_box, window, qtbot
):
    show(short)
    text_box(1).setFocus()
    qtbot.keyClicks(text_box(1), "x")
    window.field.setFocus()
    project.undo()
    assert text_box(1).text == "Hello?"
    assert window.field.hasFocus()


def test_keys_go_from_text_to_text(show, short, text_box, actions):
    show(short)
    text_box(0).setFocus()
    for index in (1, 2, 2):
        actions["go.next_message"].trigger()
        assert text_box(index).hasFocus()
    actions["go.previous_message"].trigger()
    assert text_box(1).hasFocus()


def test_tab_goes_through_all_of_a_message(show, short, card, text_box, form):
    show(short)
    head = card(2).head
    stops = [stop for stop in tab_stops(form.cards) if card(2).isAncestorOf(stop)]
    assert stops == [head.role, head.trained, head.menu, text_box(2)]
    head = card(0).head
    stops = list(tab_stops(form.cards))
    assert stops[:4] == [head.role, head.preset, head.menu, text_box(0)]
    footer = form.cards._footer
    assert stops[-2:] == [footer.add, footer.tools]


def test_go_to_selects_the_letters_that_are_wrong(show, conversation, example, text_box):
    show(conversation(("user", "Hi"), ("assistant", "Dear {{name}}, hello")))
    example.go_to(("messages", 1, "content"))
    assert text_box(1).hasFocus()
    assert text_box(1).textCursor().selectedText() == "{{name}}"


def test_words_that_are_searched_for_are_marked(show, short, form, text_box):
    show(short)
    form.set_search("hello")
    marks = [s.cursor.selectedText() for i in (1, 2) for s in text_box(i).extraSelections()]
    assert marks == ["Hello", "Hello"]
    form.set_search("")
    assert text_box(1).extraSelections() == []


def test_many_other_keys_are_folded_away(show, conversation, form):
    show(conversation(("user", "Hi"), ("assistant", "Yes"), **{f"key{n}": n for n in range(9)}))
    footer = form.cards._footer
    assert not footer._rows
    footer._keys_title.click()
    assert len([row for row in footer._rows if row.isVisible()]) == 9
    footer._keys_title.click()
    assert not any(row.isVisible() for row in footer._rows)


def test_keys_the_form_has_no_field_for_are_shown_and_removed(
    show, conversation, card, form, example
):
    show(conversation({"role": "user", "content": "Hi", "mood": [1]}, meta={"id": 7}))
    assert card(0)._others[0]._value.text() == "[1]"
    card(0)._others[0].removed.emit()
    form._conversation._footer.key_removed.emit(0)
    assert json.loads(example.text) == {"messages": [{"role": "user", "content": "Hi"}]}


def test_dragging_the_head_moves_the_message(show, short, form, card, messages):
    show(short)
    drag = form._conversation._drag
    viewport = form.cards.list.viewport()
    drag.drag(2, viewport.mapToGlobal(QPoint(40, 2)))
    assert drag._line.isVisible()
    drag.drop(viewport.mapToGlobal(QPoint(40, 2)))
    assert [role for role, _text in messages()] == ["assistant", "system", "user"]
    assert not drag._line.isVisible()


def test_a_new_example_is_spoken_of_when_its_field_was_left(
    show, conversation, card, text_box, example, window
):
    show(conversation(("system", ""), ("user", ""), ("assistant", "")))
    assert [card(index).property("tone") for index in range(3)] == ["warning"] * 3
    assert len(example.problems) == len(example.facts.problems) > 0
    example.begin_new()
    assert [card(index).property("tone") for index in range(3)] == [""] * 3
    assert example.problems == ()
    text_box(1).setFocus()
    text_box(2).setFocus()
    assert [card(index).property("tone") for index in range(3)] == ["", "warning", "accent"]
    window.field.setFocus()
    assert [card(index).property("tone") for index in range(3)] == ["", "warning", "warning"]
    assert {problem.path[1] for problem in example.problems} == {1, 2}


def test_a_dialog_or_menu_in_between_is_not_leaving(show, conversation, card, text_box, example):
    show(conversation(("user", ""), ("assistant", "")))
    example.begin_new()
    text_box(0).setFocus()
    for reason in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
        QApplication.sendEvent(text_box(0), QFocusEvent(QEvent.Type.FocusOut, reason))
        assert card(0).property("tone") == ""
    QApplication.sendEvent(
        text_box(0), QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    )
    assert card(0).property("tone") == "warning"


def test_the_next_new_example_is_not_left_by_leaving_the_last_one(
    show, conversation, card, text_box, example, window
):
    show(conversation(("user", ""), ("assistant", "")))
    example.begin_new()
    text_box(1).setFocus()
    text_box(1).insertPlainText("Hello")
    show(conversation(("user", ""), ("assistant", "")))
    example.begin_new()
    text_box(0).setFocus()
    assert [card(index).property("tone") for index in range(2)] == ["accent", ""]
    window.field.setFocus()
    assert [card(index).property("tone") for index in range(2)] == ["warning", ""]


def test_another_example_is_not_new(show, conversation, card, example):
    show(conversation(("user", ""), ("assistant", "")))
    example.begin_new()
    show(conversation(("user", "Hi"), ("assistant", "")))
    assert card(1).property("tone") == "warning"


def test_a_system_prompt_is_added_in_one_click(
    show, conversation, form, messages, text_box, actions
):
    show(conversation(("user", "Hi"), ("assistant", "Hello")))
    button = form.cards._footer.prompt
    assert button.isVisible()
    button.click()
    assert messages() == [("system", ""), ("user", "Hi"), ("assistant", "Hello")]
    assert text_box(0).hasFocus()
    assert not button.isVisible()
    text_box(2).setFocus()
    actions["message.add_prompt"].trigger()  # it is there already: go to it
    assert len(messages()) == 3
    assert text_box(0).hasFocus()


def test_a_developer_message_at_the_top_is_a_system_prompt(show, conversation, form):
    show(conversation(("developer", "Be kind."), ("user", "Hi"), ("assistant", "Hello")))
    assert not form.cards._footer.prompt.isVisible()
