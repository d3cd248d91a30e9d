"""Sets that many examples share: one number for one set, in every handle, also after a rollback."""

import pytest

from tunedesk.project.interned_sets import InternedSets


@pytest.fixture
def sets(project):
    return project.context.tags


def numbered(project, sets, *members):
    with project.context.store.transaction():
        return sets.number(members)


def test_a_set_has_one_number_in_whatever_order(project, sets):
    number = numbered(project, sets, "law", "tax")
    assert numbered(project, sets, "tax", "law", "tax") == number
    assert numbered(project, sets, "law") != number
    assert sets.members(number) == ("law", "tax")


def test_another_handle_gives_the_same_number(project, sets):
    with project.handle() as handle:
        number = numbered(handle, handle.context.tags, "law", "tax")
        assert numbered(project, sets, "law", "tax") == number
        assert handle.context.tags.members(numbered(project, sets, "new")) == ("new",)


def test_what_was_rolled_back_is_forgotten(project, sets):
    numbers = []

    def fail():
        with project.context.store.transaction():
            numbers.append(sets.number(["gone"]))
            assert sets.members(numbers[0]) == ("gone",)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sets.members(numbers[0]) == ()
    # The number may go to another set now; nobody may be told the old one.
    assert sets.members(numbered(project, sets, "other")) == ("other",)
    assert ("gone",) not in sets.all().values()


def test_sets_with_any_of_some_members(project, sets):
    both = numbered(project, sets, "law", "tax")
    law = numbered(project, sets, "law")
    numbered(project, sets, "other")
    assert sorted(sets.with_any(["law"])) == sorted([both, law])
    assert sets.with_any(["tax", "nobody"]) == [both]
    assert sets.with_any([]) == []


def test_a_number_that_nobody_gave_is_the_empty_set(sets):
    assert sets.members(10**6) == ()


@pytest.mark.parametrize(
    ("stored", "members"),
    [
        ('["law"]', ("law",)),
        ('["", "law", 3, null]', ("law", "3")),
        ("no json", ()),
        ('{"law": 1}', ()),
        ("[" * 5000, ()),
    ],
)
def test_what_a_stranger_stored_is_read_as_far_as_it_goes(project, stored, members):
    store = project.context.store
    store.execute("INSERT INTO tag_set(id, members) VALUES (900, ?)", (stored,))
    found = InternedSets(store, "tag_set").members(900)
    assert set(found) <= set(members)
    assert ("law" in found) == ("law" in members)
