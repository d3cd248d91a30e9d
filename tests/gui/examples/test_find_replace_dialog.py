"""Find and replace: counted while typing, shown before it is done, one step of undo."""

import json
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from tests.project.made_examples import undo_name

from tunedesk.gui.examples import find_replace_dialog
from tunedesk.gui.examples.find_replace_dialog import FindReplace
from tunedesk.gui.examples.find_replace_fields import SearchScope
from tunedesk.project.query import ExampleQuery
from tunedesk.project.row_edits import NewExample


def record(question, answer="Yes."):
    said = [("system", "Be kind."), ("user", question), ("assistant", answer)]
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in said]})


@pytest.fixture
def ids(project):
    checker = project.checker()
    texts = [record(f"Is pill {n} red?", f"The red pill {n} is red.") for n in range(6)]
    return project.add_examples([NewExample(t.encode(), checker.check(t.encode())) for t in texts])


@pytest.fixture
def dialog(context, ids, window, qtbot):
    window.show()
    dialog = FindReplace(
        context=context,
        scopes=[
            SearchScope("All examples", ExampleQuery()),
            SearchScope("The 2 selected", tuple(ids[:2])),
        ],
        parent=window,
    )
    dialog.ask()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close_project()
    dialog.close()


def found(dialog, qtbot, words):
    qtbot.waitUntil(lambda: dialog.status.text() == words, timeout=20_000)


def test_places_are_counted_while_typing(dialog, qtbot):
    qtbot.keyClicks(dialog.fields.words, "red")
    found(dialog, qtbot, "18 places in 6 examples")
    assert dialog.button.text() == "Replace all 18"
    assert dialog.button.accessibleName() == "Replace all"
    headings = [change.heading for change in dialog.diff.changes()]
    assert headings[0] == "Example 1 · User message 2"


def test_enter_never_replaces(dialog, project, ids, qtbot):
    """Who presses Enter below a word that is sought means to seek it."""
    before = [project.text(example_id) for example_id in ids]
    qtbot.keyClicks(dialog.fields.words, "red")
    found(dialog, qtbot, "18 places in 6 examples")
    for field in (dialog.fields.words, dialog.fields.replacement):
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            qtbot.keyClick(field, key)
    assert not dialog.button.isDefault()
    assert not dialog._is_replacing
    assert dialog.isVisible()
    assert [project.text(example_id) for example_id in ids] == before


def test_choices_narrow_what_is_found(dialog, qtbot):
    dialog.fields.words.setText("THE")
    found(dialog, qtbot, "6 places in 6 examples")
    dialog.fields.match_case.click()
    found(dialog, qtbot, "0 places in 0 examples")
    assert not dialog.button.isEnabled()
    dialog.fields.words.setText("re")
    found(dialog, qtbot, "18 places in 6 examples")
    dialog.fields.whole_words.click()
    found(dialog, qtbot, "0 places in 0 examples")


def test_only_in_messages_of_some_roles(dialog, qtbot):
    dialog.fields.words.setText("red")
    dialog.fields.roles[2].click()
    found(dialog, qtbot, "6 places in 6 examples")


def test_only_in_the_selection(dialog, qtbot):
    dialog.fields.words.setText("red")
    dialog.fields.where.setCurrentIndex(1)
    found(dialog, qtbot, "6 places in 2 examples")


def test_replace_all_is_one_step_of_undo(dialog, project, ids, qtbot):
    texts = [project.text(i) for i in ids]
    dialog.fields.words.setText("red")
    dialog.fields.replacement.setText('blue \\ "deep"')
    found(dialog, qtbot, "18 places in 6 examples")
    qtbot.waitUntil(dialog.button.isEnabled)
    qtbot.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    found(dialog, qtbot, "Replaced 18 places in 6 examples.")
    assert project.text(ids[0]) == texts[0].replace("red", 'blue \\\\ \\"deep\\"')
    assert undo_name(project) == "Replace “red” in 6 examples"
    project.undo()
    assert [project.text(i) for i in ids] == texts


def test_a_regular_expression_with_groups(dialog, project, ids, qtbot):
    dialog.fields.regular.click()
    dialog.fields.words.setText(r"pill (\d)")
    dialog.fields.replacement.setText(r"tablet \1")
    found(dialog, qtbot, "12 places in 6 examples")
    qtbot.waitUntil(dialog.button.isEnabled)
    dialog.button.click()
    found(dialog, qtbot, "Replaced 12 places in 6 examples.")
    assert "Is tablet 0 red?" in project.text(ids[0])


def test_what_was_replaced_stays_until_something_else_is_asked(dialog, project, ids, qtbot):
    project.set_state(ids[:2], "approved")
    dialog.fields.words.setText("red")
    dialog.fields.replacement.setText("blue")
    found(dialog, qtbot, "18 places in 6 examples")
    qtbot.waitUntil(dialog.button.isEnabled)
    dialog.button.click()
    said = "Replaced 18 places in 6 examples. 2 of them were approved and are to be reviewed again."
    found(dialog, qtbot, said)
    # Something else changes in the project: it is counted anew, and nothing found says the same.
    project.delete(ids[5:])
    with qtbot.waitSignal(dialog._soon.timeout):
        pass
    qtbot.waitUntil(lambda: not dialog.searching)
    assert dialog.status.text() == said
    assert dialog._empty.accessibleName() != "Nothing found"
    project.undo()
    project.undo()
    found(dialog, qtbot, "18 places in 6 examples")


def test_few_examples_are_looked_through_without_worker_processes(dialog, qtbot, monkeypatch):
    def no_workers(*_arguments):
        raise AssertionError("workers were started")

    monkeypatch.setattr(dialog._pool, "map_ordered", no_workers)
    dialog.fields.words.setText("red")
    found(dialog, qtbot, "18 places in 6 examples")


def test_a_wrong_expression_is_said_in_a_sentence(dialog, qtbot):
    dialog.fields.regular.click()
    dialog.fields.words.setText("(red")
    qtbot.waitUntil(lambda: "a parenthesis ( is not closed" in dialog.status.text())
    assert not dialog.button.isEnabled()
    dialog.fields.words.setText("(red)")
    found(dialog, qtbot, "18 places in 6 examples")


def test_an_expression_that_never_ends_is_stopped(dialog, project, qtbot, monkeypatch):
    text = record("a" * 60 + "!")
    project.add_example(text, project.checker().check(text.encode()))
    dialog.fields.regular.click()
    dialog.fields.words.setText("red")
    found(dialog, qtbot, "18 places in 6 examples")
    monkeypatch.setattr(find_replace_dialog, "TOO_LONG_MS", 300)
    dialog.fields.words.setText("(a+)+$")
    qtbot.waitUntil(lambda: "takes too long" in dialog.status.text(), timeout=20_000)
    monkeypatch.setattr(find_replace_dialog, "TOO_LONG_MS", 20_000)
    dialog.fields.words.setText("red")
    found(dialog, qtbot, "18 places in 6 examples")


def test_typing_on_stops_an_expression_that_never_ends(dialog, project, qtbot):
    text = record("a" * 60 + "!")
    project.add_example(text, project.checker().check(text.encode()))
    dialog.fields.regular.click()
    dialog.fields.words.setText("(a+)+$")
    qtbot.waitUntil(lambda: dialog.searching)
    dialog.fields.words.setText("red")
    found(dialog, qtbot, "18 places in 6 examples")


def test_what_changes_meanwhile_is_counted_anew(dialog, project, ids, qtbot):
    dialog.fields.words.setText("red")
    found(dialog, qtbot, "18 places in 6 examples")
    project.delete(ids[:1])
    found(dialog, qtbot, "15 places in 5 examples")


def test_workers_do_without_the_window():
    code = "import sys, tunedesk.gui.examples.find_replace;sys.exit(int('PySide6' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
