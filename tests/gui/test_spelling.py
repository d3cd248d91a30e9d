"""The wavy lines in a box, the menu, and the choice of a language."""

import pytest
from PySide6.QtGui import QTextCharFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.spelling import Spelling
from tunedesk.paths import resource
from tunedesk.settings import Settings


@pytest.fixture
def box(qtbot):
    box = MessageText()
    qtbot.addWidget(box)
    box.resize(400, 200)
    return box


@pytest.fixture
def spelling(background, theme, settings, box, qtbot):
    spelling = Spelling(settings, background, theme, box, [resource("dictionaries")])
    spelling.watch(box)
    return spelling


@pytest.fixture
def english(spelling, qtbot):
    spelling.choose("en_GB")
    qtbot.waitUntil(lambda: spelling.ready)
    return spelling


def underlined(box):
    """The stretches with a wavy line."""
    found = []
    block = box.document().begin()
    while block.isValid():
        found += [
            block.text()[each.start : each.start + each.length]
            for each in block.layout().formats()
            if each.format.underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline
        ]
        block = block.next()
    return found


def entries(menu):
    return [action.text() for action in menu.actions()]


def test_it_is_off_until_a_language_is_chosen(spelling, box, settings):
    box.set_text("A libarian.")
    assert settings.spelling == ""
    assert underlined(box) == []


def test_wrong_words_get_a_wavy_line_and_lose_it(english, box, qtbot):
    box.set_text("A libarian 🦉 and boks.\nAnd a thrid line.")
    assert underlined(box)[0] == "libarian"
    assert len(underlined(box)) == 3
    english.choose("")
    assert underlined(box) == []


def test_a_text_that_was_there_before_is_looked_at_too(spelling, box, qtbot):
    box.set_text("A libarian.")
    spelling.choose("en_US")
    qtbot.waitUntil(lambda: underlined(box) == ["libarian"])


def test_the_word_that_is_being_typed_waits(english, box, qtbot):
    box.show()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    QTest.keyClicks(box, "boks")
    assert underlined(box) == []
    QTest.keyClicks(box, " a")
    assert underlined(box) == ["boks"]


def test_marking_changes_no_text(english, box, qtbot):
    told = []
    box.edited.connect(told.append)
    box.set_text("A libarian.")
    english.choose("en_US")
    qtbot.waitUntil(lambda: english.ready)
    assert told == []
    assert box.text == "A libarian."


def test_the_menu_offers_what_may_be_meant(english, box, qtbot):
    told = []
    box.edited.connect(told.append)
    box.set_text("🦉 A libarian.")
    box.set_cursor_position(6)
    menu = QMenu(box)
    english.fill_suggestions(menu, box, box.mapToGlobal(box.rect().bottomRight()))
    assert "librarian" in entries(menu)
    assert "“libarian” is right" in entries(menu)
    next(a for a in menu.actions() if a.text() == "librarian").trigger()
    assert told[-1] == "🦉 A librarian."


def test_a_word_can_be_called_right_for_good(english, box, settings):
    box.set_text("A libarian.")
    box.set_cursor_position(4)
    menu = QMenu(box)
    english.fill_suggestions(menu, box, box.mapToGlobal(box.rect().bottomRight()))
    next(a for a in menu.actions() if a.text().endswith("is right")).trigger()
    assert underlined(box) == []
    assert settings.spelling_words == ["libarian"]


def test_the_languages_are_offered_and_the_choice_is_kept(english, box, tmp_path):
    menu = QMenu(box)
    english.fill_languages(menu)
    assert entries(menu)[0] == "Off"
    assert len(entries(menu)) == 3
    assert [a.isChecked() for a in menu.actions()].count(True) == 1


def test_a_language_that_was_taken_away_marks_nothing(background, theme, box, qtbot, tmp_path):
    settings = Settings(spelling="xx_XX")
    spelling = Spelling(settings, background, theme, box, [tmp_path])
    spelling.watch(box)
    box.set_text("A libarian.")
    assert not spelling.ready
    assert underlined(box) == []
