"""What keeps a version alive: the example itself, a step of the history, a run."""

import pytest
from tests.project.made_examples import add, retype

from tunedesk.project.project import Project
from tunedesk.project.versions import drop_if_unused


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk", author="Ann") as made:
        yield made


def versions(project, example):
    return [
        row[0]
        for row in project.context.store.rows(
            "SELECT id FROM version WHERE example_id = ? ORDER BY id", (example,)
        )
    ]


def test_typing_leaves_one_version_a_step(project):
    example = add(project, "one")
    for words in ("two", "three", "four"):
        retype(project, example, words, merge_key="field")
    assert len(versions(project, example)) == 2
    project.undo()
    assert "one" in project.text(example)
    project.redo()
    assert "four" in project.text(example)


def test_a_version_that_something_points_at_is_not_dropped(project):
    example = add(project, "one")
    retype(project, example, "two")
    retype(project, example, "three")
    first, second, current = versions(project, example)
    store = project.context.store
    for kept in (first, second, current):
        with store.transaction():
            assert not drop_if_unused(store, example, kept)
    assert versions(project, example) == [first, second, current]


def test_a_version_that_nothing_points_at_goes_with_its_text(project):
    example = add(project, "one")
    retype(project, example, "two")
    store = project.context.store
    unused = versions(project, example)[0]
    with store.transaction():
        store.execute(f"DELETE FROM change_item WHERE row_id = {example}")
        assert drop_if_unused(store, example, unused)
    assert store.value("SELECT count(*) FROM version_text WHERE id = ?", (unused,)) == 0
