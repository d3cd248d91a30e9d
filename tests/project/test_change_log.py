"""The history of an example: who, when, what, with undo and redo, and every text that was."""

from tests.project.made_examples import add, example_text, facts_of, new_example, retype, undo_name

from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project


def test_everything_done_to_an_example_is_told(project):
    project.context.store.shared.clock = lambda: 1234.5
    one = add(project, "one")
    retype(project, one, "two")
    project.set_state([one], "approved")
    project.add_tag([one], "law")
    project.undo()
    project.redo()
    project.delete([one])
    project.undo()
    entries = project.history(one)
    assert [(entry.name, entry.direction) for entry in entries] == [
        ("Delete 1 example", "undone"),
        ("Delete 1 example", "done"),
        ("Tag 1 example “law”", "redone"),
        ("Tag 1 example “law”", "undone"),
        ("Tag 1 example “law”", "done"),
        ("Approve 1 example", "done"),
        ("Edit message 1", "done"),
        ("Add 1 example", "done"),
    ]
    assert {(entry.actor, entry.time) for entry in entries} == {("Ann", 1234500)}
    assert all(entry.machine for entry in entries)
    assert entries[2].details == (("tags", "", "law"),)
    assert entries[3].details == (("tags", "law", ""),)
    assert entries[5].details == (("state", "draft", "approved"),)
    texts = [
        entry.version_after and project.version_text(entry.version_after)
        for entry in (entries[7], entries[6])
    ]
    assert texts == [example_text("one"), example_text("two")]
    assert entries[6].version_before == entries[7].version_after
    assert project.version_text(10**9) is None
    assert project.history(10**9) == []


def test_only_its_own(project):
    first, second = project.add_examples([new_example("a"), new_example("b")])
    retype(project, first, "c")
    assert [entry.name for entry in project.history(second)] == ["Add 2 examples"]


def test_who_did_it_stays_after_a_restart(tmp_path):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path, author="Ann") as project:
        one = add(project, "one")
    with Project.open(path, author="Ben") as project:
        retype(project, one, "two")
        assert [entry.actor for entry in project.history(one)] == ["Ben", "Ann"]


def test_back_to_an_earlier_version(project):
    one = add(project, "one")
    retype(project, one, "two")
    first = project.history(one)[-1].version_after
    text = project.version_text(first)
    project.set_text(one, text, facts_of(text), ChangeName("back_to_version", {}))
    assert project.text(one) == example_text("one")
    assert undo_name(project) == "Back to an earlier version"
    project.undo()
    assert project.text(one) == example_text("two")
