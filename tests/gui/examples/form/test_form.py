import json

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

ALT_SHIFT = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def messages(example):
    """The roles and contents of the open example, as they stand in its text."""
    return lambda: [(m["role"], m.get("content")) for m in json.loads(example.text)["messages"]]


def test_the_boxes_have_the_names_that_screen_readers_say(show, short, card):
    show(short)
    names = [card(index).parts.first_text().accessibleName() for index in range(3)]
    assert names == ["System message 1", "User message 2", "Assistant message 3"]


def test_the_head_says_which_example_it_is(show, short, form):
    show(short)
    form.set_row_position(1, 12)
    assert form._head._title.text() == "Example 1"
    assert form._head._badge.text() == "Draft"
    assert form._head._place.text() == "1 / 12"


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


def test_tokens_and_problems_follow_the_text(show, short, card, text_box, example, qtbot):
    show(short)
    before = card(2).head.tokens.text()
    text_box(2).setFocus()
    text_box(2).set_cursor_position(6)
    with qtbot.waitSignal(example.facts_changed):
        qtbot.keyClicks(text_box(2), " {{name}}")
    qtbot.waitUntil(lambda: example.checks_are_current)
    assert card(2).head.tokens.text() != before
    assert card(2).property("tone") == "warning"
    assert text_box(2).extraSelections()[0].cursor.selectedText() == "{{name}}"


def test_a_new_message_takes_the_role_that_comes_next(show, short, messages, actions, form):
    show(short)
    form._conversation._footer.add.click()
    assert messages()[3] == ("user", "")
    actions["message.add"].trigger()
    assert messages()[4] == ("assistant", "")
    assert QApplication.focusWidget().accessibleName() == "Assistant message 5"


def test_move_by_keys_takes_the_cursor_along(show, short, messages, text_box, qtbot, window):
    show(short)
    text_box(2).setFocus()
    text_box(2).set_cursor_position(2)
    qtbot.keyClick(text_box(2), Qt.Key.Key_Up, ALT_SHIFT)
    assert messages()[1] == ("assistant", "Hello!")
    assert text_box(1).hasFocus()
    assert text_box(1).cursor_position() == 2
    qtbot.keyClick(text_box(1), Qt.Key.Key_Down, ALT_SHIFT)
    assert messages()[2] == ("assistant", "Hello!")


def test_split_merge_duplicate_delete(show, short, messages, text_box, actions):
    show(short)
    text_box(2).setFocus()
    text_box(2).set_cursor_position(3)
    actions["message.split"].trigger()
    assert messages()[2:] == [("assistant", "Hel"), ("assistant", "lo!")]
    assert text_box(3).hasFocus()
    text_box(2).setFocus()
    actions["message.merge"].trigger()
    assert messages()[2:] == [("assistant", "Hel\n\nlo!")]
    actions["message.duplicate"].trigger()
    assert len(messages()) == 4
    actions["message.delete"].trigger()
    actions["message.delete"].trigger()
    assert [role for role, _text in messages()] == ["system", "user"]
    assert text_box(1).hasFocus()


def test_all_of_it_is_undone_step_by_step(show, short, example, project, text_box, actions):
    show(short)
    text_box(2).setFocus()
    for action in ("message.duplicate", "message.delete", "message.move_up"):
        actions[action].trigger()
    example.flush()
    while project.undo_name() != "Add 1 example":
        project.undo()
    assert example.text == short


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


def test_the_role_is_changed_from_its_menu(show, short, card, messages, qtbot):
    show(short)
    card(1).head.role.click()
    menu = QApplication.activePopupWidget()
    next(a for a in menu.actions() if a.text() == "Assistant").trigger()
    menu.close()
    assert messages()[1][0] == "assistant"
    assert card(1).parts.first_text().accessibleName() == "Assistant message 2"


def test_train_on_this_is_the_weight(show, short, card, example):
    show(short)
    assert not card(1).head.trained.isVisible()
    card(2).head.trained.click()
    assert json.loads(example.text)["messages"][2]["weight"] == 0
    card(2).head.trained.click()
    assert "weight" not in json.loads(example.text)["messages"][2]


def test_the_menu_key_opens_all_that_can_be_done(show, short, text_box, qtbot):
    show(short)
    text_box(2).setFocus()
    text_box(2).menu_requested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    words = {action.text().partition("\t")[0] for action in menu.actions()}
    menu.close()
    assert {
        "Cut",
        "Paste",
        "Spelling",
        "Role",
        "Train on this",
        "Add tool call",
        "Add refusal",
    } <= words
    assert {"Split at the cursor", "Merge with the next", "Delete message"} <= words


def test_escape_leaves_for_the_table(show, short, form, text_box, qtbot):
    show(short)
    text_box(0).setFocus()
    with qtbot.waitSignal(form.leave_requested):
        qtbot.keyClick(text_box(0), Qt.Key.Key_Escape)


def test_tab_goes_from_text_to_text_and_on(show, short, form, text_box, qtbot):
    show(short)
    text_box(0).setFocus()
    for index in (1, 2):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert text_box(index).hasFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert form._conversation._footer.add.hasFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
    assert text_box(2).hasFocus()


def test_leaving_the_form_writes_what_was_typed(show, short, project, text_box, window, qtbot):
    example_id = show(short)
    text_box(1).setFocus()
    qtbot.keyClicks(text_box(1), "x")
    window.field.setFocus()
    assert "xHello?" in project.text(example_id)


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


def test_content_that_is_no_text_is_shown_and_mended(show, conversation, card, messages):
    show(conversation(("user", 5), ("assistant", "Yes")))
    assert card(0).parts.first_text() is None
    card(0).parts.turned_into_text.emit()
    assert messages()[0] == ("user", "5")
    assert card(0).parts.first_text().text == "5"


def test_a_record_that_is_not_json_opens_at_its_error(show, form, example, card, qtbot):
    show('{"messages": [{"role": "user", "content": "Hi"}')
    assert form._views.currentWidget() is form._raw
    assert "column" in form._raw._verdict.text()
    form._raw.go_to_error()
    qtbot.keyClicks(form._raw.edit, "]}")
    form.choose_view(0)
    assert card(0).parts.first_text().text == "Hi"


def test_monospace_is_remembered(show, short, form, actions, settings, text_box):
    show(short)
    family = text_box(0).font().family()
    actions["view.monospace"].trigger()
    assert settings.monospace
    assert text_box(0).font().family() != family


def test_nobody_is_told_that_nothing_is_written_while_beginning(
    show, conversation, card, text_box, window
):
    show(conversation(("user", "Hi"), ("assistant", "")))
    text_box(1).setFocus()
    assert card(1).property("tone") == "accent"
    assert not card(1)._problem_lines[0].isVisible()
    window.field.setFocus()
    assert card(1).property("tone") == "warning"
    assert card(1)._problem_lines[0].isVisible()


def test_many_other_keys_are_folded_away(show, conversation, form):
    show(conversation(("user", "Hi"), ("assistant", "Yes"), **{f"key{n}": n for n in range(9)}))
    footer = form.cards._footer
    assert not footer._rows
    footer._keys_title.click()
    assert len([row for row in footer._rows if row.isVisible()]) == 9
    footer._keys_title.click()
    assert not any(row.isVisible() for row in footer._rows)


def test_the_box_is_as_tall_as_its_text(show, conversation, card, text_box, qtbot):
    show(conversation(("system", "word " * 200), ("user", "one\ntwo"), ("assistant", "one")))

    def fits(index):
        box = text_box(index)
        needed = box.heightForWidth(box.width())
        return needed <= box.height() <= needed + 1

    qtbot.waitUntil(lambda: all(fits(index) for index in range(3)))
    text_box(2).setFocus()
    for _line in range(5):
        qtbot.keyClick(text_box(2), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: fits(2))
    assert card(2).height() > text_box(2).height()


def test_larger_text_makes_taller_cards(show, short, card, theme, qtbot):
    show(short)
    before = card(1).height()
    theme.set_zoom(1.8)
    qtbot.waitUntil(lambda: card(1).height() > before)


def test_nothing_is_open(form, example):
    example.open(None)
    assert form._views.currentWidget() is form._nothing
    assert not form._review.isVisible()


def test_a_project_that_is_only_read_cannot_be_changed(
    store, short, project, example, form, text_box, card, monkeypatch, qtbot
):
    example_id = store(short)
    monkeypatch.setattr(type(project), "read_only", property(lambda self: True), raising=False)
    example.open(example_id)
    text_box(1).setFocus()
    qtbot.keyClicks(text_box(1), "x")
    assert example.text == short
    assert not card(2).head.trained.isEnabled()


def test_keys_the_form_has_no_field_for_are_shown_and_removed(
    show, conversation, card, form, example
):
    show(conversation({"role": "user", "content": "Hi", "mood": [1]}, meta={"id": 7}))
    assert card(0)._others[0]._value.text() == "[1]"
    card(0)._others[0].removed.emit()
    form._conversation._footer.key_removed.emit(0)
    assert json.loads(example.text) == {"messages": [{"role": "user", "content": "Hi"}]}


def test_name_and_refusal_have_fields(show, conversation, card, example, qtbot):
    show(
        conversation(
            {"role": "user", "content": "Hi", "name": "Ann"}, {"role": "assistant", "refusal": "No"}
        )
    )
    qtbot.keyClicks(card(0)._name_field, "a")
    card(1)._refusal_text.setFocus()
    card(1)._refusal_text.set_cursor_position(2)
    qtbot.keyClicks(card(1)._refusal_text, "!")
    first, second = json.loads(example.text)["messages"]
    assert (first["name"], second["refusal"]) == ("Anna", "No!")


def test_dragging_the_head_moves_the_message(show, short, form, card, messages):
    show(short)
    drag = form._conversation._drag
    viewport = form.cards.list.viewport()
    drag.drag(2, viewport.mapToGlobal(QPoint(40, 2)))
    assert drag._line.isVisible()
    drag.drop(viewport.mapToGlobal(QPoint(40, 2)))
    assert [role for role, _text in messages()] == ["assistant", "system", "user"]
    assert not drag._line.isVisible()
