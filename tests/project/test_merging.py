"""Merging copies: what was changed there alone comes in, what both changed is told, as one step."""

import shutil
from types import SimpleNamespace

import pytest
from tests.project.made_examples import (
    add,
    lose_from_index,
    new_example,
    retype,
    undo_name,
    words,
)

from tunedesk.errors import UserError
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.merging import MergeConflict, merge
from tunedesk.project.project import Project


@pytest.fixture
def copies(tmp_path):
    """A project and a copy of it, both open."""
    path, other = tmp_path / "Mine.tunedesk", tmp_path / "Theirs.tunedesk"
    with Project.create(path, author="Ann") as project:
        for name in ("Kind", "Brief", "Formal"):
            project.set_preset(name, f"Be {name.lower()}.")
    shutil.copy(path, other)
    with Project.open(path) as mine, Project.open(other, author="Ben") as theirs:
        yield SimpleNamespace(
            mine=mine,
            theirs=theirs,
            merge=lambda: merge(mine.context, theirs.context),
        )


def uid_of(project, name):
    return project.context.store.value("SELECT uid FROM preset WHERE name = ?", (name,))


def test_what_was_done_there_comes_in_as_one_step(copies):
    copies.theirs.set_preset("New", "This is new.")
    copies.theirs.set_preset("Kind", "Be very kind.")
    copies.theirs.set_preset("Brief", None)
    before = copies.mine.presets()
    told = []
    copies.mine.subscribe(told.append)
    summary = copies.merge()
    assert (summary.added, summary.changed, summary.deleted) == (1, 1, 1)
    assert summary.conflicts == []
    assert copies.mine.presets() == copies.theirs.presets()
    assert uid_of(copies.mine, "New") == uid_of(copies.theirs, "New")
    assert [set(change.kinds) for change in told] == [{"presets"}]
    assert undo_name(copies.mine) == "Merge “Theirs.tunedesk”"
    copies.mine.undo()
    assert copies.mine.presets() == before
    copies.mine.redo()
    assert copies.mine.presets() == copies.theirs.presets()


def test_what_was_done_here_stays(copies):
    copies.mine.set_preset("Kind", "Be kinder.")
    copies.mine.set_preset("Formal", None)
    copies.mine.set_preset("Mine", "This is mine.")
    before = copies.mine.presets()
    summary = copies.merge()
    assert summary.change_id is None
    assert copies.mine.presets() == before
    assert undo_name(copies.mine) == "Keep the preset “Mine”"


def test_what_both_changed_is_told_and_stays(copies):
    copies.mine.set_preset("Kind", "Be kinder.")
    copies.theirs.set_preset("Kind", "Be very kind.")
    copies.mine.set_preset("Brief", None)
    copies.theirs.set_preset("Brief", "Be briefer.")
    copies.theirs.set_preset("Formal", None)
    copies.mine.set_preset("Formal", "Be most formal.")
    summary = copies.merge()
    kind, brief, formal = (uid_of(copies.theirs, name) for name in ("Kind", "Brief", "Formal"))
    assert summary.conflicts == [
        MergeConflict("preset", kind, "text", "Be kinder.", "Be very kind."),
        MergeConflict("preset", brief, "deleted", 1, 0),
        MergeConflict("preset", formal, "deleted", 0, 1),
    ]
    assert copies.mine.presets() == {"Kind": "Be kinder.", "Formal": "Be most formal."}


def test_a_name_that_is_taken_gets_a_number(copies):
    copies.mine.set_preset("Same", "Mine.")
    copies.theirs.set_preset("Same", "Theirs.")
    copies.mine.set_preset("Equal", "The same.")
    copies.theirs.set_preset("Equal", "The same.")
    summary = copies.merge()
    assert summary.renamed == {"Same": "Same (2)"}
    assert summary.added == 1
    presets = copies.mine.presets()
    assert (presets["Same"], presets["Same (2)"]) == ("Mine.", "Theirs.")
    assert [name for name in presets if name.startswith("Equal")] == ["Equal"]


def test_merging_again_does_nothing_and_later_changes_come(copies):
    copies.theirs.set_preset("Kind", "Be very kind.")
    copies.theirs.set_preset("New", "This is new.")
    copies.merge()
    assert copies.merge().change_id is None
    copies.mine.set_preset("New", "This is mine now.")
    assert copies.merge().conflicts == []
    assert copies.mine.presets()["New"] == "This is mine now."
    copies.theirs.set_preset("Kind", "Be kindest.")
    summary = copies.merge()
    assert (summary.changed, summary.conflicts) == (1, [])
    assert copies.mine.presets()["Kind"] == "Be kindest."


def test_what_was_undone_there_is_undone_here(copies):
    copies.theirs.undo()
    assert "Formal" not in copies.theirs.presets()
    summary = copies.merge()
    assert (summary.deleted, summary.conflicts) == (1, [])
    assert copies.mine.presets() == copies.theirs.presets()


def test_an_undone_merge_can_be_made_again(copies):
    copies.theirs.set_preset("Kind", "Be very kind.")
    copies.merge()
    copies.mine.undo()
    assert copies.merge().changed == 1
    assert copies.mine.presets()["Kind"] == "Be very kind."


@pytest.fixture
def example_copies(tmp_path):
    """A project with twelve examples and a copy of it, both open."""
    path, other = tmp_path / "Mine.tunedesk", tmp_path / "Theirs.tunedesk"
    with Project.create(path, author="Ann") as project:
        project.add_examples([new_example(f"Question {number}") for number in range(12)])
    shutil.copy(path, other)
    with Project.open(path) as mine, Project.open(other, author="Ben") as theirs:
        yield SimpleNamespace(
            mine=mine, theirs=theirs, merge=lambda: merge(mine.context, theirs.context)
        )


def seen(project):
    """All that people see of the examples, in order; the copies of facts must agree."""
    store = project.context.store
    rows = store.rows(
        "SELECT example.uid, state, members, CAST(text AS TEXT), version.uid,"
        " example.tokens = version.tokens AND turns = length(roles) FROM example"
        " JOIN version ON version.id = version_id JOIN version_text ON version_text.id = version_id"
        " JOIN tag_set ON tag_set.id = tag_set WHERE deleted = 0 ORDER BY position, example.id"
    )
    assert all(row[-1] for row in rows)
    return rows


def ids(project):
    return list(project.ids())


def edit(project, place, text):
    retype(project, ids(project)[place], text)


def test_examples_that_were_changed_there_come_in_with_all_they_are(example_copies):
    mine, theirs = example_copies.mine, example_copies.theirs
    there = ids(theirs)
    edit(theirs, 0, "Their question?")
    theirs.set_state([there[1]], "approved")
    theirs.add_tag([there[2], there[3]], "liked")
    theirs.delete([there[4]])
    theirs.move([there[6]], there[0])
    add(theirs, "New there?", after_id=there[1])
    theirs.duplicate([there[7]])
    before = seen(mine)
    summary = example_copies.merge()
    assert (summary.added, summary.deleted, summary.conflicts) == (2, 1, [])
    assert seen(mine) == seen(theirs)
    mine.undo()
    assert seen(mine) == before
    mine.redo()
    assert seen(mine) == seen(theirs)
    assert example_copies.merge().change_id is None


def test_what_was_changed_in_both_stays_and_is_told(example_copies):
    mine, theirs = example_copies.mine, example_copies.theirs
    edit(mine, 0, "Ours?")
    edit(theirs, 0, "Theirs?")
    theirs.set_state([ids(theirs)[0]], "rejected")
    mine.delete([ids(mine)[1]])
    edit(theirs, 1, "Theirs goes on?")
    summary = example_copies.merge()
    first, second = (row[0] for row in seen(theirs)[:2])
    assert {(one.uid, one.column) for one in summary.conflicts} == {
        (first, "version_id"),
        (second, "deleted"),
    }
    assert words(mine)[0] == "Ours?"
    assert seen(mine)[0][1] == seen(theirs)[0][1]


def test_two_that_were_put_at_the_same_place_both_stay(example_copies):
    mine, theirs = example_copies.mine, example_copies.theirs
    add(mine, "Ours?", after_id=ids(mine)[3])
    add(theirs, "Theirs?", after_id=ids(theirs)[3])
    example_copies.merge()
    positions = mine.context.store.rows("SELECT position FROM example WHERE deleted = 0")
    assert len(set(positions)) == len(positions) == 14
    add(mine, "Between?", after_id=ids(mine)[4])
    assert len(ids(mine)) == 15


def test_an_import_that_was_undone_there_is_undone_here(example_copies):
    example_copies.theirs.undo()
    assert ids(example_copies.theirs) == []
    assert example_copies.merge().deleted == 12
    assert ids(example_copies.mine) == []
    example_copies.mine.undo()
    assert len(ids(example_copies.mine)) == 12


def test_copies_that_go_to_and_fro_come_to_the_same(example_copies):
    mine, theirs = example_copies.mine, example_copies.theirs
    edit(theirs, 0, "Theirs?")
    add(theirs, "New there?")
    edit(mine, 1, "Ours?")
    merge(mine.context, theirs.context)
    merge(theirs.context, mine.context)
    assert seen(mine) == seen(theirs)
    edit(theirs, 0, "Theirs again?")
    assert merge(mine.context, theirs.context).conflicts == []
    assert seen(mine) == seen(theirs)


def test_another_project_is_no_copy(example_copies, tmp_path):
    with (
        Project.create(tmp_path / "Other.tunedesk") as other,
        pytest.raises(UserError, match="not a copy of this project"),
    ):
        merge(example_copies.mine.context, other.context)
    with pytest.raises(UserError):
        merge(example_copies.mine.context, example_copies.mine.context)


def test_a_copy_with_a_damaged_list_is_not_brought_in_by_halves(copies):
    path = copies.theirs.path
    for word in ("one", "two"):
        add(copies.theirs, word)
    copies.theirs.close()
    lose_from_index(path, "example_position", 2)
    with Project.open(path) as theirs, pytest.raises(ProjectDamagedError, match="left out"):
        merge(copies.mine.context, theirs.context)
    assert words(copies.mine) == []
