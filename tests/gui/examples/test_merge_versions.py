"""The versions that a Git merge left: side by side, and one step that keeps one of them."""

import json

import pytest
from tests.project.made_examples import undo_name

from tunedesk.gui.example_diff import ADDED
from tunedesk.gui.examples.merge_versions import MergeVersionsDialog, side_by_side
from tunedesk.gui.examples.panel.problem_rows import CHOOSE_VERSION, example_rows, rule_rows
from tunedesk.project.check_project import merge_conflicts
from tunedesk.project.row_edits import NewExample


def record(answer):
    said = [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": said})


TWO = ("<<<<<<< HEAD", record("Yes."), record("Till four."), "=======", record("No."), ">>>>>>> x")
THREE = ("<<<<<<<", record("a"), "||||||| 1a2b", record("b"), "=======", record("c"), ">>>>>>> y")


@pytest.fixture
def store(project):
    def store(*texts):
        checker = project.checker()
        return project.add_examples(
            [NewExample(text.encode(), checker.check(text.encode())) for text in texts]
        )

    return store


@pytest.fixture
def open_dialog(context, window, qtbot):
    def open_dialog(conflicts):
        window.resize(1280, 800)
        window.show()
        dialog = MergeVersionsDialog(context, window)
        dialog.open()
        qtbot.waitUntil(lambda: len(dialog._conflicts) == conflicts)
        return dialog

    return open_dialog


def test_conflicts_are_found_with_their_versions(project, store):
    ids = store(record("first"), *TWO, record("between"), *THREE, "<<<<<<< alone")
    two, three = merge_conflicts(project)
    assert (two.first, two.last, two.marks) == (2, 7, (ids[1], ids[4], ids[6]))
    assert two.versions == (("HEAD", (ids[2], ids[3])), ("x", (ids[5],)))
    assert [version.label for version in three.versions] == ["Yours", "1a2b", "y"]
    assert [version.ids for version in three.versions] == [(ids[9],), (ids[11],), (ids[13],)]
    assert three.without(None) == [ids[8], ids[10], ids[12], ids[14], ids[11]]


@pytest.mark.parametrize(
    ("chosen", "left"), [(0, [0, 2, 3, 7]), (1, [0, 5, 7]), (None, [0, 2, 3, 5, 7])]
)
def test_one_version_stays_and_one_undo_brings_all_back(
    project, store, open_dialog, qtbot, chosen, left
):
    ids = store(record("first"), *TWO, record("last"))
    dialog = open_dialog(1)
    assert dialog.columns[0].heading.text() == "HEAD: 2 rows"
    assert dialog.columns[1].heading.text() == "x: 1 row"
    assert dialog.columns[2].isHidden()
    assert "rows 2 to 7" in dialog._summary.text()
    button = dialog.both_button if chosen is None else dialog.columns[chosen].keep_button
    button.click()
    assert list(project.ids()) == [ids[number] for number in left]
    qtbot.waitUntil(lambda: not dialog._conflicts)
    assert not dialog.both_button.isEnabled()
    assert undo_name(project) == f"Delete {len(ids) - len(left)} examples"
    project.undo()
    assert list(project.ids()) == ids


def test_merges_are_gone_through_one_after_the_other(project, store, open_dialog, qtbot):
    ids = store(*TWO, *THREE)
    dialog = open_dialog(2)
    assert dialog._summary.text().startswith("2 merges are unfinished.")
    dialog.columns[1].keep_button.click()
    qtbot.waitUntil(lambda: len(dialog._conflicts) == 1)
    assert not dialog.columns[2].isHidden()
    dialog.columns[2].keep_button.click()
    assert list(project.ids()) == [ids[4], ids[11]]


def test_what_has_changed_meanwhile_is_not_deleted(project, store, open_dialog, feedback):
    ids = store(*TWO)
    dialog = open_dialog(1)
    other = project.handle()
    other.delete([ids[5]])
    other.close()
    dialog.columns[0].keep_button.click()
    assert list(project.ids()) == ids[:5]
    assert "changed meanwhile" in feedback.toasts()[-1].accessibleName()


def test_what_only_one_version_says_is_marked():
    first, second = side_by_side([[record("Yes, till four.")], [record("Yes, till six.")]])
    marked = [
        ["".join(p.text for p in change.pieces if p.kind == ADDED) for change in version]
        for version in (first, second)
    ]
    assert marked == [["", "four"], ["", "six"]]


def test_the_marks_offer_to_choose(checker_problems):
    (row, _problem), *_others = example_rows(checker_problems, "local", {}, lambda _p: False)
    assert CHOOSE_VERSION in [action.name for action in row.actions]
    (row,) = rule_rows({"merge_marker": 3}, "local", {}, may_fix=True)
    assert CHOOSE_VERSION in [action.name for action in row.actions]


@pytest.fixture
def checker_problems(project):
    return project.checker().check(b"<<<<<<< HEAD").problems
