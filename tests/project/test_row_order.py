"""Order keys leave room between any two; numbers of examples stay right whatever moves."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.project.made_examples import add, new_example

from tunedesk.project.row_order import keys_after, keys_between


def rising(keys):
    return all(low < high for low, high in pairwise(keys))


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 5)), max_size=40))
def test_any_number_of_keys_fits_anywhere(insertions):
    keys = []
    for place, count in insertions:
        at = place % (len(keys) + 1)
        low = keys[at - 1] if at else None
        high = keys[at] if at < len(keys) else None
        new = keys_after(low, count) if high is None else keys_between(low, high, count)
        assert len(new) == count
        keys[at:at] = new
        assert rising(keys)
        assert not any(key.endswith(b"\0") for key in keys)
        assert b"" not in keys


def test_thousands_of_keys_at_the_same_place_stay_short():
    low, high = keys_after(None, 2)
    for _time in range(2000):
        high = keys_between(low, high, 1)[0]
    assert low < high
    assert len(high) < 270


def test_appended_keys_are_short():
    key = None
    for _time in range(3):
        keys = keys_after(key, 100_000)
        assert rising(keys)
        assert key is None or key < keys[0]
        key = keys[-1]
        assert len(key) <= 6


def test_there_is_room_behind_the_last_possible_key():
    keys = keys_after(b"\xff" * 6, 3)
    assert rising([b"\xff" * 6, *keys])


def check(project):
    ids = list(project.ids())
    chance = random.Random(len(ids))
    places = sorted([*chance.sample(range(len(ids)), min(60, len(ids))), 0, len(ids) - 1])
    assert [row.number for row in project.rows([ids[place] for place in places])] == [
        place + 1 for place in places
    ]
    for place in places[::10]:
        assert project.number_of(ids[place]) == place + 1
        assert project.id_at(place + 1) == ids[place]
    assert project.id_at(len(ids) + 1) is None
    assert project.id_at(0) is None


def test_numbers_stay_right(project):
    assert project.id_at(1) is None
    ids = project.add_examples([new_example(str(number)) for number in range(2000)])
    check(project)
    project.delete(ids[100:400])
    check(project)
    with project.handle() as handle:
        project.move(ids[1500:1600], ids[0])
        check(handle)
        add(handle, "new", after_id=ids[50])
        check(project)
        handle.undo()
        handle.undo()
        check(project)
        project.undo()
        check(handle)
        project.redo()
        project.duplicate(ids[1000:1300])
        check(handle)
        project.add_examples([new_example("x")] * 600)
        check(handle)
    assert project.number_of(ids[100]) is None


def test_numbers_of_rows_that_stand_together_are_those_of_each(project):
    ids = project.add_examples([new_example(f"row {number}") for number in range(1200)])
    project.delete(ids[100:400:3])
    visible = list(project.ids())
    chance = random.Random(3)
    numbers = project.context.numbers
    keys = dict(project.context.store.rows("SELECT id, position FROM example WHERE deleted = 0"))
    for start, count in ((0, 64), (200, 64), (900, 200), (0, len(visible)), (5, 1), (0, 0)):
        chosen = visible[start : start + count]
        chance.shuffle(chosen)
        wanted = [visible.index(one) + 1 for one in chosen]
        assert numbers.numbers([keys[one] for one in chosen]) == wanted
        assert [numbers.number(keys[one]) for one in chosen[:20]] == wanted[:20]
