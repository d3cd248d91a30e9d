import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.fine_tuning.redaction import HIDDEN, redacted

KEYS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="[]"),
    min_size=6,
    max_size=60,
)


@given(KEYS, st.text(max_size=20), st.text(max_size=20))
def test_no_key_is_left(key, before, after):
    assert key not in redacted(f"{before}{key}{after}{key}", key)


@pytest.mark.parametrize(
    "said",
    [
        "Incorrect API key provided: sk-proj-abcDEF-123_456.",
        "Incorrect API key provided: sk-proj-*********************6789.",
        "headers: {'Authorization': 'Bearer eyJhbGciOi.J9.x-y'}",
        "api-key: 0123456789abcdef was refused",
        "rk-abcdef0123",
    ],
)
def test_what_looks_like_a_key_goes_even_if_it_is_not_ours(said):
    text = redacted(said)
    assert HIDDEN in text
    for piece in ("abcDEF", "6789", "eyJh", "0123"):
        assert piece not in text


def test_what_is_no_key_stays():
    said = 'Line 12, message 3, key "content": Input should be a valid string. task-force-9, sk-1'
    assert redacted(said, "", "other-key-1") == said


def test_encoded_forms_go_too():
    key = "sk/with+slash=123"
    assert redacted("a sk%2Fwith%2Bslash%3D123 b", key) == f"a {HIDDEN} b"
    assert redacted(r"a sk\/with+slash=123 b", key) == f"a {HIDDEN} b"
    assert redacted("key k7 and k77", "k7") == f"key {HIDDEN} and k77"
