"""The first round through a project: make, add, change, undo, close, open."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.project.made_examples import (
    add,
    example_text,
    facts_of,
    redo_name,
    retype,
    undo_name,
    words,
)

from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery


def test_a_new_project_is_empty(project):
    assert project.count() == 0
    assert list(project.ids()) == []
    assert undo_name(project) is None
    assert project.undo() is None
    assert project.totals().count == 0


def test_added_examples_stand_in_order(project):
    first = add(project, "one")
    add(project, "three")
    add(project, "two", after_id=first)
    assert words(project) == ["one", "two", "three"]
    assert [row.number for row in project.rows(project.ids())] == [1, 2, 3]


def test_a_row_tells_what_the_table_shows(project):
    text = example_text("hello")
    example_id = project.add_example(text, facts_of(text, "few_examples", tokens=12), state="draft")
    project.add_tag([example_id], "law")
    row = project.rows([example_id])[0]
    assert (row.id, row.number, row.state, row.turns, row.tokens) == (example_id, 1, "draft", 2, 12)
    assert (row.tags, row.source, row.kind) == (("law",), "Written here", "chat")
    assert project.text(example_id) == text
    assert project.facts(example_id) == facts_of(text, "few_examples", tokens=12)
    assert project.problems(example_id)[0].path == ("messages", 0)


def test_everything_is_undone_and_redone_by_name(project):
    one = add(project, "one")
    two = add(project, "two")
    retype(project, one, "changed")
    project.set_state([one, two], "approved")
    project.add_tag(ExampleQuery(), "law")
    project.move([two], one)
    project.delete([one])
    copies = project.duplicate([two])
    assert words(project) == ["two", "two"]
    assert project.rows(copies)[0].state == "approved"
    names = []
    while (name := undo_name(project)) is not None:
        names.append(name)
        project.undo()
    assert names == [
        "Duplicate 1 example",
        "Delete 1 example",
        "Move 1 example",
        "Tag 2 examples “law”",
        "Approve 2 examples",
        "Edit message 1",
        "Add 1 example",
        "Add 1 example",
    ]
    assert project.count() == 0
    while project.redo():
        pass
    assert words(project) == ["two", "two"]
    assert project.rows(project.ids())[0].tags == ("law",)
    assert undo_name(project) == "Duplicate 1 example"


def test_undo_works_after_a_restart(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        one = add(project, "one")
        retype(project, one, "two")
    with Project.open(path) as project:
        assert words(project) == ["two"]
        assert undo_name(project) == "Edit message 1"
        project.undo()
        assert words(project) == ["one"]
    with Project.open(path) as project:
        assert redo_name(project) == "Edit message 1"
        project.redo()
        assert words(project) == ["two"]


def test_a_closed_project_is_one_file(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        add(project, "one")
    assert [entry.name for entry in tmp_path.iterdir()] == ["Test.tunedesk"]


def test_a_handle_is_made_while_changes_are_written(project):
    """In another thread, as the window does it; it must not disturb a commit."""
    ids = [add(project, "one") for _ in range(20)]
    stop = threading.Event()

    def make_handles():
        while not stop.is_set():
            project.handle().close()

    with ThreadPoolExecutor(1) as threads:
        making = threads.submit(make_handles)
        for number in range(300):
            project.set_state(ids, "approved" if number % 2 else "rejected")
        stop.set()
        making.result()
    assert {row.state for row in project.rows(ids)} == {"approved"}
