"""Batches: bare lists get their frame, very many problems of one kind are counted."""

import json

import pytest

from tunedesk.formats.record_batch import BatchBuilder

USER = {"role": "user", "content": "Open?"}
ANSWER = {"role": "assistant", "content": "Yes."}


def _added(text):
    found = BatchBuilder()
    found.add(7, text)
    return found.take(0)


def test_a_bare_list_of_messages_becomes_a_conversation():
    spelled = '[{"role":"user", "content":"Open?"},{"role":"assistant","content":"1e2"} ]'
    batch = _added(spelled)
    assert batch.texts == [b'{"messages": ' + spelled.encode() + b"}"]
    assert [(line, problem.code) for line, problem in batch.problems] == [(7, "messages_bare")]


@pytest.mark.parametrize(
    "value",
    [[], [1], [USER, 7], [{"content": "x"}, ANSWER], [[USER, ANSWER]], "text"],
)
def test_other_lists_stay_as_they_are(value):
    batch = _added(json.dumps(value))
    assert batch.texts == [json.dumps(value).encode()]
    assert batch.problems == []


def test_very_many_problems_of_one_kind_are_counted():
    found = BatchBuilder()
    for line in range(1, 5_001):
        found.report(line, "blank_line")
    found.report(5_001, "byte_order_mark")
    problems = found.take(0).problems
    counted = [problem.parameters.get("count", 1) for _line, problem in problems]
    assert sum(counted) == 5_001
    assert len(problems) < 1_100
    assert found.take(0).problems == []
