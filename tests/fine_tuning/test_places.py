import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.fine_tuning.places import Place, places_in


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            'Invalid file format. Line 12, message 3, key "content": Input should be a string',
            [Place(12, 3, "content")],
        ),
        (
            "Invalid file format. Example 100, message 2 Discriminator 'role' is missing in value",
            [Place(100, 2)],
        ),
        ('Line 1, key "messages": Field required', [Place(1, None, "messages")]),
        (
            "This file failed moderation safety checks. Flagged lines: 4, 13, 20 …",
            [Place(4), Place(13), Place(20)],
        ),
        ("Lines 2-4 and line 9 are too long", [Place(2), Place(3), Place(4), Place(9)]),
        ("Flagged lines: 4, 5 and 6.", [Place(4), Place(5), Place(6)]),
        ("Left out line 11 of the training file: message 2, key “x”", [Place(11, 2)]),
        ("Left out line 11 of the validation file: bad", [Place(11, part="validation")]),
        (
            "The job failed due to an invalid validation file. Lines 1, 2",
            [Place(1, part="validation"), Place(2, part="validation")],
        ),
        ("Line 7: the last message is not from the assistant", [Place(7)]),
        (
            "Line 3, message 0, key 'name': x. Line 3, message 0, key 'name': x",
            [Place(3, 0, "name")],
        ),
        ("row #8: bad", [Place(8)]),
        ("Training file has 7 example(s), but must have at least 10 examples", []),
        ("It has 12 lines and 3 examples; headline 5; step 4/12: training loss=0.1", []),
        ("There are only 9 examples", []),
        ("line 0", []),
        ("", []),
    ],
)
def test_places(text, places):
    assert places_in(text) == places


@given(st.text())
def test_any_text_can_be_looked_through(text):
    assert all(place.line > 0 for place in places_in(text))


def test_a_range_without_end_is_cut():
    assert len(places_in("lines 1-999999999")) == 1000
    assert len(places_in("lines " + ", ".join(str(n) for n in range(1, 5000)))) == 1000
