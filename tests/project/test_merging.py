"""Merging copies: what was changed there alone comes in, what both changed is told, as one step."""

import shutil
from types import SimpleNamespace

import pytest
from tests.project.made_examples import undo_name

from tunedesk.project.merging import MergeConflict, merge_table
from tunedesk.project.project import Project
from tunedesk.project.undoable_tables import EXAMPLES, PRESETS


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
            merge=lambda: merge_table(mine.context, theirs.context, PRESETS),
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
        MergeConflict(kind, "text", "Be kinder.", "Be very kind."),
        MergeConflict(brief, "deleted", 1, 0),
        MergeConflict(formal, "deleted", 0, 1),
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


def test_examples_are_not_whole_by_themselves(copies):
    with pytest.raises(ValueError, match="other tables"):
        merge_table(copies.mine.context, copies.theirs.context, EXAMPLES)
