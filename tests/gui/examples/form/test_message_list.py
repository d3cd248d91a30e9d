import json

import pytest

COUNT = 300


@pytest.fixture
def long_conversation(conversation):
    roles = ("user", "assistant")
    return conversation(*((roles[n % 2], f"{n} " + "word " * (n % 70)) for n in range(COUNT)))


def test_only_cards_near_the_screen_exist(show, form, long_conversation):
    show(long_conversation)
    assert form.cards.list.count == COUNT
    assert len(form.cards.list.cards()) < 60


def test_scrolling_shows_the_messages_in_order_without_gaps(show, form, long_conversation):
    show(long_conversation)
    cards = form.cards.list
    bar = cards.verticalScrollBar()
    for value in range(0, bar.maximum(), 4_000):
        bar.setValue(value)
        seen = sorted(
            (card.y(), index)
            for index, card in cards.cards().items()
            if card.y() + card.height() > bar.value()
            and card.y() < bar.value() + cards.viewport().height()
        )
        indexes = [index for _y, index in seen]
        assert indexes == list(range(indexes[0], indexes[0] + len(indexes)))
        tops = [y for y, _index in seen]
        heights = [cards.cards()[index].height() for index in indexes]
        for top, height, following in zip(tops, heights, tops[1:], strict=False):
            assert following == top + height + 10


def test_what_is_looked_at_stays_when_a_text_above_grows(show, form, long_conversation, qtbot):
    show(long_conversation)
    cards = form.cards.list
    cards.verticalScrollBar().setValue(cards.card(20).y() - 18)
    qtbot.waitUntil(lambda: 18 in cards.cards())
    offset = cards.cards()[20].y() - cards.verticalScrollBar().value()
    height = cards.cards()[18].height()
    cards.cards()[18].parts.first_text().edited.emit("line\n" * 30)
    qtbot.waitUntil(lambda: cards.cards()[18].height() > height)
    assert cards.cards()[20].y() - cards.verticalScrollBar().value() == offset


def test_a_message_far_away_is_made_when_it_is_asked_for(show, form, long_conversation, example):
    show(long_conversation)
    example.go_to(("messages", 250, "content"))
    card = form.cards.list.cards()[250]
    assert card.parts.first_text().hasFocus()
    assert card.parts.first_text().text.startswith("250 ")


def test_cards_are_used_again_for_the_next_example(show, short, form, store, example):
    show(short)
    before = set(form.cards.list.cards().values())
    example.open(store(short.replace("Hello?", "Who?")))
    assert set(form.cards.list.cards().values()) == before
    assert form.cards.list.cards()[1].parts.first_text().text == "Who?"


def test_fewer_messages_leave_no_card_behind(show, conversation, form, short, store, example):
    show(short)
    example.open(store(conversation(("user", "Hi"), ("assistant", "Yes"))))
    shown = [
        card
        for card in form.cards.list.findChildren(type(form.cards.list.cards()[0]))
        if not card.isHidden()
    ]
    assert len(shown) == 2


def test_long_conversation_is_written_in_place(show, form, long_conversation, example, qtbot):
    show(long_conversation)
    example.go_to(("messages", 299, "content"))
    box = form.cards.list.cards()[299].parts.first_text()
    box.set_cursor_position(0)
    qtbot.keyClicks(box, "New ")
    assert json.loads(example.text)["messages"][299]["content"].startswith("New 299")
