"""The line that shows what a record is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.preview import one_line, preview


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (
            {
                "messages": [
                    {"role": "system", "content": "Be kind"},
                    {"role": "user", "content": "Hi\nyou"},
                ]
            },
            "Hi you",
        ),
        ({"messages": [{"role": "assistant", "content": "  Yes  "}]}, "Yes"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Look"}]}]}, "Look"),
        ({"prompt": "Question", "completion": "Answer"}, "Question"),
        ({"conversations": [{"from": "human", "value": "Who are you?"}]}, "Who are you?"),
        ({"messages": 5}, ""),
        ({}, ""),
    ],
)
def test_previews(record, line):
    assert preview(record) == line


@given(st.text(max_size=500))
def test_it_is_one_short_line(text):
    line = one_line(text)
    assert len(line) <= 160
    assert "\n" not in line
    line.encode()
