"""One message: its fields, its problems and its height."""

import json

from PySide6.QtCore import Qt


def test_the_boxes_have_the_names_that_screen_readers_say(show, short, card):
    show(short)
    names = [card(index).parts.first_text().accessibleName() for index in range(3)]
    assert names == ["System message 1", "User message 2", "Assistant message 3"]


def test_train_on_this_is_the_weight(show, short, card, example):
    show(short)
    assert not card(1).head.trained.isVisible()
    card(2).head.trained.click()
    assert json.loads(example.text)["messages"][2]["weight"] == 0
    card(2).head.trained.click()
    assert "weight" not in json.loads(example.text)["messages"][2]


def test_content_that_is_no_text_is_shown_and_mended(show, conversation, card, messages):
    show(conversation(("user", 5), ("assistant", "Yes")))
    assert card(0).parts.first_text() is None
    card(0).parts.turned_into_text.emit()
    assert messages()[0] == ("user", "5")
    assert card(0).parts.first_text().text == "5"


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
