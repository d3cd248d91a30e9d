"""Review, tags, deletion, moving and duplicating, one by one and by query."""

import pytest
from tests.project.made_examples import add, example_text, facts_of, new_example, undo_name, words

from tunedesk.errors import UserError
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def ids(project):
    return project.add_examples([new_example(name) for name in "abcdef"])


def test_what_a_query_finds_is_changed(project, ids):
    project.set_state(ids[:3], "approved")
    assert project.add_tag(ExampleQuery(states=("approved",)), "law") == 3
    assert project.delete(ExampleQuery(tags=("law",))) == 3
    assert words(project) == list("def")
    assert project.set_state(ExampleQuery(), "rejected") == 3


def test_tags_are_tidied(project, ids):
    assert project.add_tag(ids[:2], "  family   law ") == 2
    assert project.add_tag(ids[:3], "family law") == 1
    assert [(tag.name, tag.examples) for tag in project.tags()] == [("family law", 3)]
    assert project.remove_tag(ids, "family law") == 3
    assert project.tags() == []
    with pytest.raises(UserError, match="needs a name"):
        project.add_tag(ids, "  ")


def test_tags_in_any_script_and_with_any_sign(project, ids):
    for tag in ('"quoted"', "法律", "a,b", "[x]", "Ö", "ö"):
        project.add_tag(ids[:1], tag)
    assert set(project.rows(ids[:1])[0].tags) == {'"quoted"', "法律", "a,b", "[x]", "Ö", "ö"}
    assert project.count(ExampleQuery(tags=("法律",))) == 1


@pytest.mark.parametrize(
    ("moved", "before", "order"),
    [
        ([0], 3, "bcadef"),
        ([5], 0, "fabcde"),
        ([2], None, "abdefc"),
        ([4, 1], 3, "acebdf"),
        ([0, 2, 4], 5, "bdacef"),
        ([1, 2], 3, "abcdef"),
        ([2], 2, "abcdef"),
    ],
)
def test_moving(project, ids, moved, before, order):
    target = None if before is None else ids[before]
    project.move([ids[place] for place in moved], target)
    assert "".join(words(project)) == order
    if order != "abcdef":
        project.undo()
        assert "".join(words(project)) == "abcdef"
    else:
        assert undo_name(project) == "Add 6 examples"


def test_examples_go_behind_another(project, ids):
    project.add_examples([new_example("x"), new_example("y")], after_id=ids[2])
    assert "".join(words(project)) == "abcxydef"
    add(project, "z", after_id=ids[5])
    assert "".join(words(project)) == "abcxydefz"


def test_a_copy_keeps_all_but_its_identity(project):
    text = example_text("original")
    facts = facts_of(text, "blanks_around")
    original = project.add_example(text, facts, state="approved")
    project.add_tag([original], "law")
    (copy,) = project.duplicate([original])
    assert project.text(copy) == text
    assert project.facts(copy) == facts
    row = project.rows([copy])[0]
    assert (row.state, row.tags, row.number) == ("approved", ("law",), 2)
    uids = project.context.store.rows("SELECT uid FROM example")
    assert len(set(uids)) == 2
    assert project.duplicate([]) == []


def test_examples_that_are_not_there(project, ids):
    with pytest.raises(UserError, match="no longer"):
        project.set_text(10**6, "{}", facts_of("{}"), "Edit")
    with pytest.raises(UserError, match="no longer"):
        project.text(10**6)
    with pytest.raises(UserError, match="no longer"):
        add(project, "x", after_id=10**6)
    assert project.set_state([10**6], "approved") == 0
    assert project.delete([10**6, *ids[:1]]) == 1
    assert project.rows([10**6, ids[0], ids[1]])[0].id == ids[1]
    assert project.number_of(ids[0]) is None


def test_views_are_told_what_changed(project, ids):
    told = []
    project.subscribe(told.append)
    project.set_state(ids[:1], "approved")
    project.add_tag(ids[:2], "law")
    project.move(ids[:1], None)
    project.delete(ids[:1])
    project.duplicate(ids[1:2])
    project.set_setting("target", "azure")
    project.set_preset("a", "b")
    assert [set(change.kinds) for change in told] == [
        {"state", "set"},
        {"tags", "set"},
        {"order"},
        {"deleted", "set"},
        {"added", "set"},
        {"settings"},
        {"presets"},
    ]
    assert told[1].ids == tuple(ids[:2])
    assert told[1].name == "Tag 2 examples “law”"


def test_settings_of_the_project(project):
    assert project.setting("target") == "local"
    assert project.setting("absent", 5) == 5
    project.set_setting("absent", {"a": [1, "ü"]})
    assert project.setting("absent") == {"a": [1, "ü"]}
    project.set_setting("absent", None)
    assert project.setting("absent") is None


@pytest.mark.parametrize("count", [3, 900])
def test_one_of_each_stays_with_the_tags_of_all_as_one_step(project, count):
    ids = project.add_examples([new_example(str(number)) for number in range(2 * count)])
    groups = [[ids[1], ids[0], *ids[3 : count + 1]], [ids[2], *ids[count + 1 :]]]
    project.add_tag(ids[:1], "law")
    project.add_tag([ids[1], ids[3]], "sea")
    assert project.keep_first_of_each(groups) == 2 * count - 2
    assert list(project.ids()) == [ids[1], ids[2]]
    assert [row.tags for row in project.rows(project.ids())] == [("law", "sea"), ()]
    assert undo_name(project) == f"Delete {2 * count - 2:,} examples"
    project.undo()
    assert list(project.ids()) == ids
    tags = {row.id: row.tags for row in project.rows(ids) if row.tags}
    assert tags == {ids[0]: ("law",), ids[1]: ("sea",), ids[3]: ("sea",)}
    project.redo()
    assert list(project.ids()) == [ids[1], ids[2]]
    assert project.keep_first_of_each([[ids[1]], []]) == 0
