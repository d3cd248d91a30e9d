import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.services.file_references import (
    FileReference,
    explain_example_error,
    find_file_references,
)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            'Invalid file format. Line 12, message 3, key "content": Input should be a string',
            [FileReference(12, 3, "content")],
        ),
        (
            "Invalid file format. Example 100, message 2 Discriminator 'role' is missing in value",
            [FileReference(100, 2)],
        ),
        ('Line 1, key "messages": Field required', [FileReference(1, None, "messages")]),
        (
            "This file failed moderation safety checks. Flagged lines: 4, 13, 20 …",
            [FileReference(4), FileReference(13), FileReference(20)],
        ),
        (
            "Lines 2-4 and line 9 are too long",
            [FileReference(2), FileReference(3), FileReference(4), FileReference(9)],
        ),
        ("Flagged lines: 4, 5 and 6.", [FileReference(4), FileReference(5), FileReference(6)]),
        ("Left out line 11 of the training file: message 2, key “x”", [FileReference(11, 2)]),
        ("Left out line 11 of the validation file: bad", [FileReference(11, part="validation")]),
        (
            "The job failed due to an invalid validation file. Lines 1, 2",
            [FileReference(1, part="validation"), FileReference(2, part="validation")],
        ),
        ("Line 7: the last message is not from the assistant", [FileReference(7)]),
        (
            "Line 3, message 0, key 'name': x. Line 3, message 0, key 'name': x",
            [FileReference(3, 0, "name")],
        ),
        ("row #8: bad", [FileReference(8)]),
        ("Training file has 7 example(s), but must have at least 10 examples", []),
        ("It has 12 lines and 3 examples; headline 5; step 4/12: training loss=0.1", []),
        ("There are only 9 examples", []),
        ("line 0", []),
        ("", []),
    ],
)
def test_places(text, places):
    assert find_file_references(text) == places


@given(st.text())
def test_any_text_can_be_looked_through(text):
    assert all(place.line > 0 for place in find_file_references(text))


def test_a_range_without_end_is_cut():
    assert len(find_file_references("lines 1-999999999")) == 1000
    assert len(find_file_references("lines " + ", ".join(str(n) for n in range(1, 5000)))) == 1000


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            'Line 1, message 3, key "content": Input should be a valid string',
            "“content” must be a text",
        ),
        ("Line 1, message 3: Input should be a valid string", "where a text must stand"),
        ('Line 2, key "messages": Field required', "“messages” is missing"),
        ("Example 100, message 2 Discriminator 'role' is missing in value", "whose it is"),
        ("Line 4: key 'mood': Extra inputs are not permitted", "“mood”, which the service"),
        ("Line 5: Invalid JSON: EOF while parsing", "not valid JSON"),
        ("Line 6: the example exceeds the maximum of 65536 tokens", "too long"),
    ],
)
def test_what_pydantic_says_is_told_plainly(text, meant):
    assert meant in explain_example_error(text)


def test_a_key_with_braces_is_shown_as_it_is():
    assert "“{key}”" in explain_example_error('Line 1, key "{key}": Field required')


def test_what_is_not_known_has_no_words():
    assert explain_example_error("Line 1: the moon is in the wrong house") == ""
