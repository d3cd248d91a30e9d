"""Records recognised by their keys."""

import pytest

from tunedesk.examples.example_kind import example_kind

CHAT = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"messages": CHAT}, "chat"),
        ({"messages": CHAT, "label": True}, "chat"),
        ({"messages": CHAT[:1]}, "chat"),
        ({"messages": CHAT[:1], "tools": []}, "chat"),
        ({"messages": None, "x": 1}, "chat"),
        ({"messages": CHAT[:1], "reference_answer": "b"}, "reinforcement"),
        ({"input": {"messages": CHAT}, "preferred_output": []}, "preference"),
        ({"input": {}, "non_preferred_completion": []}, "preference"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "dpo"),
        ({"chosen": {"messages": CHAT}, "rejected": {"messages": CHAT}}, "dpo"),
        ({"prompt": "a", "completion": "b"}, "prompt_completion"),
        ({"conversations": [{"from": "human", "value": "a"}]}, "sharegpt"),
        ({"conversations": [{"role": "user"}]}, "other"),
        ({"conversations": 1}, "other"),
        ({"instruction": "a", "input": "", "output": "b"}, "alpaca"),
        ({"instruction": "a", "context": "", "response": "b"}, "alpaca"),
        ({"instruction": "a"}, "other"),
        ({}, "other"),
    ],
)
def test_kinds(record, kind):
    assert example_kind(record) == kind
