"""The menu of rows offers what can be done with the selection and with all of the filter."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton

from tunedesk.gui.examples.row_menu import ask_tag, fill_tag_menu


@pytest.fixture
def done():
    return []


def fill(theme, window, done, **keywords):
    menu = QMenu(window)
    fill_tag_menu(menu, set_tag=lambda tag, add: done.append((tag, add)), theme=theme, **keywords)
    return {action.text(): action for action in menu.actions()}


def test_tags_are_put_on_and_taken_off(theme, window, done):
    entries = fill(
        theme,
        window,
        done,
        tags=[("on all", 4), ("on some", 2), ("off & away", 9)],
        on_all=frozenset({"on all"}),
        on_some=frozenset({"on all", "on some"}),
    )
    assert entries["on all"].isChecked()
    entries["on all"].trigger()
    entries["on some (on some)"].trigger()
    entries["off && away"].trigger()
    assert done == [("on all", False), ("on some", True), ("off & away", True)]


def test_a_new_tag_is_asked_for(theme, window, done, qtbot):
    dialog = ask_tag(theme, window, lambda tag, add: done.append((tag, add)))
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Tag")
    assert not button.isEnabled()
    qtbot.keyClicks(dialog.line, "   ")
    assert not button.isEnabled()
    qtbot.keyClicks(dialog.line, "night shift ")
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert json.dumps(done) == '[["night shift", true]]'
