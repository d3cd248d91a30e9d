"""Order keys: between any two there is room for any number of others."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.project.order_keys import keys_after, keys_between


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
