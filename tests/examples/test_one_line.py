"""Records put into one line."""

import json

from hypothesis import given
from tests.examples.strategies import json_values

from tunedesk.examples.one_line import one_line


@given(json_values)
def test_only_line_breaks_go(value):
    text = json.dumps(value, indent=2)
    assert one_line(text) == text.replace("\n", "")
    assert one_line(text.replace("\n", "\r\n")) == text.replace("\n", "")
    assert json.loads(one_line(text)) == value


@given(json_values)
def test_without_the_indentation_it_is_as_written_at_once(value):
    assert one_line(json.dumps(value, indent=3), drop_indentation=True) == json.dumps(value)


def test_a_line_break_inside_a_string_becomes_an_escape():
    assert one_line('{"a":\n"b\r\nc\\"\rd\ne"}') == r'{"a":"b\nc\"\nd\ne"}'
    assert one_line('{"a\n') == r'{"a\n'
    assert one_line("\u2028") == "\u2028"
