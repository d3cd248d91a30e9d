"""The History tab: who did what and when, what changed, and the way back."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from tests.project.made_examples import undo_name

from tunedesk.gui.example_diff import ADDED, REMOVED, Piece


@pytest.fixture
def history(panel):
    panel.show_tab("history")
    return panel.history


@pytest.fixture
def edited(store, show, talk, example, project, qtbot):
    """An example whose answer was written three times; its texts."""
    texts = [talk(("user", "How much?"), ("assistant", f"Take {n} pills.")) for n in (1, 2, 3)]
    show(store(texts[0])[0])
    for text in texts[1:]:
        example.apply(text, "Edit message 2")
        example.flush()
    return texts


def titles(history):
    return [row.title for row in history.list.model().rows()]


def choose(history, number):
    history.list.setCurrentIndex(history.list.model().index(number))


def test_entries_say_who_and_what(history, edited, qtbot):
    qtbot.waitUntil(lambda: len(titles(history)) == 3)
    assert titles(history) == ["Edit message 2", "Edit message 2", "Add 1 example"]
    assert history.list.model().rows()[0].note == "Ann · just now"
    assert history.list.accessibleName() == "History"
    model = history.list.model()
    told = [model.data(model.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert told[0] == "Edit message 2, Ann · just now, the text as it is now"
    assert told[1] == "Edit message 2, Ann · just now"


def test_the_latest_step_is_shown_as_words(history, edited, qtbot):
    qtbot.waitUntil(lambda: len(history.diff.changes()) == 1)
    (change,) = history.diff.changes()
    assert change.heading == "Assistant message 2"
    assert Piece(REMOVED, "2") in change.pieces
    assert Piece(ADDED, "3") in change.pieces


def test_an_entry_against_the_original(history, edited, qtbot):
    qtbot.waitUntil(lambda: len(history.diff.changes()) == 1)
    history.original_chip.click()
    qtbot.waitUntil(lambda: Piece(REMOVED, "1") in history.diff.changes()[0].pieces)
    assert Piece(ADDED, "3") in history.diff.changes()[0].pieces


def test_back_to_an_earlier_text_is_a_change_that_can_be_undone(
    history, edited, example, project, feedback, qtbot
):
    qtbot.waitUntil(lambda: len(titles(history)) == 3)
    assert not history.back_button.isEnabled()
    choose(history, 2)
    qtbot.waitUntil(history.back_button.isEnabled)
    history.back_button.click()
    qtbot.waitUntil(lambda: example.text == edited[0])
    assert project.text(example.example_id) == edited[0]
    assert undo_name(project) == "Back to an earlier version"
    (said,) = feedback.toasts()
    assert said.accessibleName() == "The example has this earlier text again."
    next(each for each in said.findChildren(QPushButton) if each.text() == "Undo").click()
    qtbot.waitUntil(lambda: example.text == edited[2])


def test_undo_stands_in_the_history(history, edited, project, qtbot):
    project.undo()
    qtbot.waitUntil(lambda: titles(history)[:1] == ["Undo: Edit message 2"])
    assert history.list.model().rows()[0].quiet


def test_states_and_tags_are_told(history, edited, example, project, qtbot):
    project.set_state([example.example_id], "approved")
    qtbot.waitUntil(lambda: [c.heading for c in history.diff.changes()] == ["State"])
    assert history.diff.changes()[0].pieces[-1] == Piece(ADDED, "Approved")
    assert not history.back_button.isEnabled()


def test_without_an_example_nothing_is_claimed(history):
    assert titles(history) == []
    assert not history.list.isVisible()
