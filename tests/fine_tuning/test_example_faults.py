import pytest

from tunedesk.fine_tuning.example_faults import fault_in


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
    assert meant in fault_in(text)


def test_a_key_with_braces_is_shown_as_it_is():
    assert "“{key}”" in fault_in('Line 1, key "{key}": Field required')


def test_what_is_not_known_has_no_words():
    assert fault_in("Line 1: the moon is in the wrong house") == ""
