"""Hashes are the same in every process, and tell apart what differs."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.examples.hashes import hash_text, plain_hashes
from tunedesk.examples.kinds.conversation import CONVERSATION, role_letters

_roles = st.sampled_from(["system", "user", "assistant"])
_conversations = st.lists(st.tuples(_roles, st.text(max_size=8)), min_size=1, max_size=5)


def _record(turns):
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def _hashes(record):
    return CONVERSATION.hashes(record)


def test_a_hash_never_changes():
    assert hash_text("Is the library open on Sunday?") == 5207354377697682497
    assert plain_hashes("ua", ["Hi", "Hello"]).fingerprint == 6076984320699294492


@given(_conversations)
def test_plain_conversations_have_the_plain_hashes(turns):
    record = _record(turns)
    contents = [content for _role, content in turns]
    assert _hashes(record) == plain_hashes(role_letters(record["messages"]), contents)


@given(_conversations, _conversations)
def test_different_conversations_differ(first, second):
    same = [(r, c) for r, c in first] == [(r, c) for r, c in second]
    assert (_hashes(_record(first)).fingerprint == _hashes(_record(second)).fingerprint) is same


def test_a_weight_changes_the_fingerprint_alone():
    plain = _hashes(_record([("user", "Hi"), ("assistant", "Hello")]))
    record = _record([("user", "Hi"), ("assistant", "Hello")])
    record["messages"][1]["weight"] = 0
    weighted = _hashes(record)
    assert weighted.fingerprint != plain.fingerprint
    assert weighted[1:] == plain[1:]


def test_tools_belong_to_the_question():
    plain = _hashes(_record([("user", "Hi"), ("assistant", "Hello")]))
    tools = [{"type": "function", "function": {"name": "oven"}}]
    with_tools = _hashes({**_record([("user", "Hi"), ("assistant", "Hello")]), "tools": tools})
    assert with_tools.question != plain.question
    assert with_tools.answer == plain.answer


def test_the_order_of_keys_makes_no_difference():
    call = {"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}}
    first = {"messages": [{"role": "assistant", "tool_calls": [call]}]}
    second = json.loads(json.dumps(first), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert _hashes(first) == _hashes(second)


def test_what_cannot_be_written_is_hashed_all_the_same():
    record = {"messages": [{"role": "user", "content": "\ud83d", "name": 10**40}]}
    assert _hashes(record) == _hashes(record)
    assert CONVERSATION.hashes({"messages": []}) is None
