"""The text that a model reads: where its tokens stand, and what is said of them."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QTextCursor

from tunedesk.examples.as_trained import TrainedText
from tunedesk.gui.examples.form.token_text import BREAK, TokenText

TEXT = TrainedText("<s>Hi 😀\nYes</s>", [3, 5, 7, 8, 11, 15], [4, 5], [0, 5], [[8, 15]], True)


@pytest.fixture
def shown(theme, window, qtbot):
    text = TokenText(theme, window)
    text.resize(400, 300)
    window.show()
    qtbot.waitExposed(window)
    text.show_text(TEXT, 64)
    return text


def point_at(text, piece):
    """The middle of the first letter of a piece of what is shown."""
    cursor = text.document().find(piece)
    cursor.setPosition(cursor.selectionStart())
    left = text.cursorRect(cursor)
    cursor.movePosition(QTextCursor.MoveOperation.Right)
    return QPointF((left.center() + text.cursorRect(cursor).center()) / 2)


def test_line_breaks_are_shown_and_not_copied(shown):
    assert shown.toPlainText() == f"<s>Hi 😀{BREAK}\nYes</s>"
    shown.selectAll()
    assert shown.createMimeDataFromSelection().text() == TEXT.text


@pytest.mark.parametrize(
    ("piece", "number"), [("<s>", 0), ("Hi", 1), ("😀", 2), (BREAK, 3), ("Yes", 4), ("</s>", 5)]
)
def test_the_token_below_the_pointer_is_found(shown, piece, number):
    assert shown._token_at(point_at(shown, piece)) == number


def test_what_is_said_of_a_token(shown):
    assert shown._about(1) == "Token 2 of 6, only read"
    assert shown._about(4) == "Token 5 of 6, learned"
    shown.show_text(TEXT, 4)
    assert shown._about(4) == "Token 5 of 6, beyond what the model reads"


def colors(shown, theme):
    """The colours of what was painted, by how often."""
    image = shown.viewport().grab().toImage()
    places = ((x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return {image.pixelColor(x, y).name() for x, y in places}


def test_what_is_learnt_is_tinted_and_the_rest_is_not(shown, theme):
    assert theme.color("diff_added").name() in colors(shown, theme)
    shown.show_text(TrainedText(TEXT.text, TEXT.ends, [], [0, 5], [], True), 64)
    assert theme.color("diff_added").name() not in colors(shown, theme)


def test_without_tokens_what_is_learnt_is_tinted_all_the_same(shown, theme):
    shown.show_text(TrainedText(TEXT.text, [], [], [], TEXT.spans, True), 64)
    assert theme.color("diff_added").name() in colors(shown, theme)
    assert shown._token_at(point_at(shown, "Yes")) is None
