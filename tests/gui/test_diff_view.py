"""The view of changes: plain text whatever the text is, and nothing cut off in silence."""

import pytest

from tunedesk.gui import diff_view
from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.example_diff import Change, word_diff


@pytest.fixture
def view(qtbot, theme):
    view = DiffView(name="What changed", theme=theme)
    qtbot.addWidget(view)
    return view


def change(before, after, note=""):
    return Change("Assistant message 3", "assistant", note, word_diff(before, after))


def test_markup_in_a_text_is_shown_as_it_is(view):
    view.show_changes([change("", "<b>bold</b> <img src='http://a.b/c.png'>")])
    assert "<b>bold</b> <img src='http://a.b/c.png'>" in view.toPlainText()


def test_what_went_is_struck_out_and_what_came_is_underlined(view):
    view.show_changes([change("two pills", "three pills")])
    formats = {}
    block = view.document().begin()
    while block.isValid():
        for run in block:
            formats[run.fragment().text()] = run.fragment().charFormat()
        block = block.next()
    assert formats["two"].fontStrikeOut()
    assert formats["three"].underlineColor() == view._theme.color("success")
    assert not formats[" pills"].fontStrikeOut()


def test_blanks_that_went_are_seen(view):
    view.show_changes([change("Yes. \n", "Yes.")])
    assert "·↵" in view.toPlainText()


def test_a_text_too_long_to_read_is_counted(view, monkeypatch):
    monkeypatch.setattr(diff_view, "_MOST_CHARACTERS", 100)
    view.show_changes([change("", "word " * 50)])
    assert "150 more characters are not shown here." in view.toPlainText()


def test_it_follows_the_theme(view, theme):
    view.show_changes([change("two", "three")])
    theme.set_choice("dark")
    assert "three" in view.toPlainText()


def test_changes_are_told_in_words(view):
    view.show_changes([change("two pills", "three pills"), change("", "a\n b", note="new")])
    assert view.accessibleDescription() == (
        "Assistant message 3: Removed “two”. Added “three”. Assistant message 3, new: Added “a b”."
    )
    view.show_changes([change("a " * 200, "b " * 200)])
    assert len(view.accessibleDescription()) < 2000
    view.show_changes([])
    assert view.accessibleDescription() == ""
