"""The groups of examples that are the same: all their rows, and one step that keeps one of each."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from tests.project.made_examples import undo_name

from tunedesk.gui.examples.duplicates import DuplicatesDialog
from tunedesk.project.row_edits import NewExample


def record(question, **others):
    said = [{"role": "user", "content": question}, {"role": "assistant", "content": "Yes."}]
    return json.dumps({"messages": said, **others})


@pytest.fixture
def store(project):
    def store(*texts):
        checker = project.checker()
        return project.add_examples(
            [NewExample(text.encode(), checker.check(text.encode())) for text in texts]
        )

    return store


@pytest.fixture
def ids(store):
    """Two groups: a (3), c (2); one other key; b and d stand alone."""
    return store(*[record(letter) for letter in "abacad"], record("c", seed=7))


@pytest.fixture
def dialog(context, ids, window, qtbot):
    window.resize(1280, 800)
    window.show()
    dialog = DuplicatesDialog(context, window)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.groups.rowCount() == 2)
    return dialog


def test_all_groups_with_all_their_rows(dialog, ids):
    assert dialog._summary.text() == "2 groups, 5 examples in all."
    groups = dialog.groups
    assert [groups.data(groups.index(row)) for row in range(2)] == ["3 ×  a", "2 ×  c"]
    assert list(dialog.rows.ids) == [ids[0], ids[2], ids[4]]
    rows = dialog.rows
    assert [rows.data(rows.index(row, 0)) for row in range(3)] == ["1", "3", "5"]
    assert [rows.data(rows.index(row, 4)) for row in range(3)] == ["stays", "", ""]


def test_two_of_a_group_stand_side_by_side_with_what_differs(dialog, ids):
    shown = [[change.heading for change in view.changes()] for view in dialog._texts]
    assert shown[0] == shown[1]
    dialog.group_list.setCurrentIndex(dialog.groups.index(1))
    assert list(dialog.rows.ids) == [ids[3], ids[6]]
    added = [p.text for c in dialog._texts[1].changes() for p in c.pieces if p.kind == "added"]
    assert any("7" in text for text in added)


def test_the_first_of_each_stays_and_one_undo_brings_the_others_back(
    dialog, project, ids, feedback, qtbot
):
    assert dialog.keep_button.text() == "Keep one of each, delete 3"
    dialog.keep_button.click()
    assert list(project.ids()) == [ids[0], ids[1], ids[3], ids[5]]
    said = feedback.toasts()[-1].accessibleName()
    assert "3 copies deleted. Of each of 2 groups the one that was reviewed furthest stays" in said
    assert undo_name(project) == "Delete 3 examples"
    project.undo()
    assert list(project.ids()) == ids


def test_what_is_no_copy_any_more_is_not_deleted(dialog, project, ids, qtbot):
    text = record("changed meanwhile")
    other = project.handle()
    other.set_text(ids[2], text, other.checker().check(text.encode()), "Edit")
    other.close()
    dialog._query.close()
    dialog.keep_button.click()
    assert ids[2] in project.ids()
    assert project.count() == 5


def test_without_copies_it_says_so(context, window, project, qtbot):
    dialog = DuplicatesDialog(context, window)
    dialog.open()
    qtbot.waitUntil(lambda: dialog._stack.currentIndex() == 1)
    assert not dialog.keep_button.isEnabled()
    dialog.close()


def test_what_was_reviewed_furthest_stays_with_the_tags_of_all(
    dialog, project, ids, qtbot, feedback
):
    project.set_state([ids[0]], "rejected")
    project.set_state([ids[4]], "approved")
    project.set_state([ids[6]], "to_review")
    project.add_tag([ids[0]], "law")
    project.add_tag([ids[2]], "sea")
    qtbot.waitUntil(lambda: list(dialog.rows.ids) == [ids[4], ids[0], ids[2]])
    assert [dialog.rows.data(dialog.rows.index(row, 4)) for row in range(3)] == ["stays", "", ""]
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert project.count() == 7
    dialog.keep_button.click()
    assert list(project.ids()) == [ids[1], ids[4], ids[5], ids[6]]
    rows = {row.id: row for row in project.rows(project.ids())}
    assert (rows[ids[4]].state, rows[ids[4]].tags) == ("approved", ("law", "sea"))
    assert rows[ids[6]].tags == ()
    project.undo()
    assert list(project.ids()) == ids
    assert [row.tags for row in project.rows([ids[0], ids[2], ids[4]])] == [("law",), ("sea",), ()]
