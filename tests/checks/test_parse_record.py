"""The quick and the careful way of reading come to the same, and no duplicate slips through."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.parse_record import parse_carefully, parse_record

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
_records = st.dictionaries(st.text(max_size=8), _json, max_size=4)


@given(_records, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_both_ways_read_the_same(record, ascii_only, separators):
    text = json.dumps(record, ensure_ascii=ascii_only, separators=separators)
    data = text.encode("utf-8", "surrogatepass")
    quick, careful = parse_record(data), parse_carefully(data)
    assert quick.record == careful.record == record
    assert quick.problems == careful.problems == ()


_trick = st.text(alphabet='"\\:, {}a', max_size=10)


@given(_trick, _trick, _trick, st.booleans())
def test_a_key_that_stands_twice_is_never_missed(key, first, second, escaped):
    def spell(text):
        pieces = [json.dumps(letter)[1:-1] for letter in text]
        return '"' + "".join(pieces).replace('\\"', "\\u0022" if escaped else '\\"') + '"'

    text = f"{{{spell(key)}:{spell(first)},{spell(key)}: {spell(second)}}}".encode()
    reading = parse_record(text)
    assert reading.record == {key: second}
    assert [p.code for p in reading.problems] == ["duplicate_key"]


def test_bytes_that_are_no_text():
    reading = parse_record(b'{"messages": "\xff"}')
    assert reading.record is None
    assert reading.problems[0].code == "bytes_not_text"


def test_long_numbers_are_read():
    assert parse_record(b'{"n": 123456789012345678901234567890}').record is not None


def test_keys_are_counted_where_escaped_marks_make_up_for_them():
    text = b'{"messages": "\\u0022\\u0022\\u0022\\u0022", "messages": "\\u0022\\u0022"}'
    assert [p.code for p in parse_record(text).problems] == ["duplicate_key"]


def test_nesting_up_to_512_is_read():
    for levels, readable in ((511, True), (512, False)):
        text = b'{"a": ' + b"[" * levels + b"]" * levels + b"}"
        assert (parse_record(text).record is not None) is readable


def test_half_a_character_is_named_with_its_message():
    text = b'{"messages": [{"role": "user", "content": "a \\ud83d"}], "k\\ud83d": 1}'
    said = [sentence(problem) for problem in parse_record(text).problems]
    assert [each.split(" half")[0] for each in said] == ["The text holds", "Message 1 holds"]
