"""Diffs of examples: told by message, and nothing that differs is hidden."""

import json

from tunedesk.gui.examples.panel.conversation_diff import conversation_diff
from tunedesk.gui.examples.panel.word_diff import ADDED, REMOVED, SAME, Piece


def record(*messages, **more):
    return json.dumps({"messages": [{"role": r, "content": c} for r, c in messages], **more})


BASE = record(("system", "Be kind."), ("user", "Hello"), ("assistant", "Good day."))


def test_equal_versions_have_no_changes():
    assert conversation_diff(BASE, BASE) == []


def test_a_changed_word_stands_in_its_message():
    after = record(("system", "Be kind."), ("user", "Hello"), ("assistant", "Good night."))
    (change,) = conversation_diff(BASE, after)
    assert change.heading == "Assistant message 3"
    assert change.pieces == [
        Piece(SAME, "Good "),
        Piece(REMOVED, "day"),
        Piece(ADDED, "night"),
        Piece(SAME, "."),
    ]


def test_added_and_removed_messages_are_named():
    after = record(("user", "Hello"), ("assistant", "Good day."), ("user", "Bye"))
    changes = conversation_diff(BASE, after)
    assert [(c.heading, c.note) for c in changes] == [
        ("System message 1", "removed"),
        ("User message 3", "added"),
    ]


def test_a_changed_role_says_what_it_was():
    after = record(("system", "Be kind."), ("assistant", "Hello"), ("assistant", "Good day."))
    (change,) = conversation_diff(BASE, after)
    assert (change.heading, change.note) == ("Assistant message 2", "was User")


def test_weights_and_tools_count_as_changes():
    before = '{"messages":[{"role":"assistant","content":"a","weight":1}],"tools":[]}'
    after = '{"messages":[{"role":"assistant","content":"a","weight":0}],"tools":[1]}'
    first, second = conversation_diff(before, after)
    assert first.heading == "Assistant message 1"
    assert "".join(p.text for p in first.pieces if p.kind != ADDED) == "a\nweight: 1"
    assert second.heading == "Tools"


def test_a_change_of_the_writing_alone_shows_the_record():
    (change,) = conversation_diff('{"messages": []}', '{"messages":[]}')
    assert change.heading == "Raw JSON"


def test_what_is_no_json_shows_the_record():
    (change,) = conversation_diff('{"messages": [}', '{"messages": []}')
    assert change.heading == "Raw JSON"
    assert Piece(ADDED, "]") in change.pieces
