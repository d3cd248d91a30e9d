from PySide6.QtWidgets import QPushButton

from tunedesk.gui.widgets.cards import Card, EmptyState
from tunedesk.gui.widgets.labels import (
    Badge,
)


def test_card_and_badge_change_their_tone(theme, qtbot):
    card, badge = Card(), Badge(theme, "Draft")
    qtbot.addWidget(card)
    qtbot.addWidget(badge)
    card.set_tone("error")
    badge.show_text("Approved", "success")
    assert card.property("tone") == "error"
    assert (badge.text(), badge.property("tone")) == ("Approved", "success")


def test_empty_state_offers_a_next_step(theme, qtbot):
    empty = EmptyState(theme, "examples", "No examples yet", "Write the first one.")
    qtbot.addWidget(empty)
    button = QPushButton("New example")
    empty.add_button(button)
    empty.resize(500, 400)
    empty.show()
    assert button.isVisible()
    empty.show_text("search", "Nothing found")
    assert not empty._text.isVisible()
