"""Word diffs: the laws that hold for any two texts, and how they read."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.gui.example_diff import (
    ADDED,
    REMOVED,
    SAME,
    Piece,
    example_diff,
    shortened,
    word_diff,
)

TEXTS = st.text(alphabet=st.sampled_from("ab c\n.,{}é日本กा\u0301"), max_size=40)


@given(TEXTS, TEXTS)
def test_the_pieces_hold_both_texts_whole(before, after):
    pieces = word_diff(before, after)
    assert "".join(p.text for p in pieces if p.kind != ADDED) == before
    assert "".join(p.text for p in pieces if p.kind != REMOVED) == after
    assert all(p.text for p in pieces)


def test_a_changed_word_is_one_change():
    assert word_diff("Take two pills a day.", "Take three pills a day.") == [
        Piece(SAME, "Take "),
        Piece(REMOVED, "two"),
        Piece(ADDED, "three"),
        Piece(SAME, " pills a day."),
    ]


def test_neighbouring_changed_words_read_as_one_change():
    assert word_diff("see the old house", "see a new house") == [
        Piece(SAME, "see "),
        Piece(REMOVED, "the old"),
        Piece(ADDED, "a new"),
        Piece(SAME, " house"),
    ]


def test_a_sentence_that_stayed_is_not_given_up_for_single_words():
    stayed = "that The Planets should be played in full"
    pieces = word_diff(
        f"Based on the text the name of the man who was not sure {stayed} is Holst the composer.",
        f"After the answer to the question, of the two, the one who doubted {stayed} was Boult.",
    )
    assert any(piece.kind == SAME and stayed in piece.text for piece in pieces)


def test_a_short_word_between_long_changes_is_part_of_them():
    pieces = word_diff(
        "Call reception a physiotherapist answers.",
        "Write something a practitioner listening.",
    )
    assert [piece.kind for piece in pieces] == [REMOVED, ADDED, SAME]


def test_blanks_around_a_changed_word_stay_outside():
    assert word_diff("I am sorry to hear it", "I'm sorry to hear it")[1:3] == [
        Piece(REMOVED, " am"),
        Piece(ADDED, "'m"),
    ]


@pytest.mark.parametrize("words", [600, 12_000])
def test_texts_that_share_nothing_are_compared_in_a_moment(words):
    before = " ".join(f"a{n * 7919 % 997}" for n in range(words))
    after = " ".join(f"b{n * 7907 % 991}" for n in range(words))
    began = time.process_time()
    word_diff(before, after)
    assert time.process_time() - began < 0.5


def test_chinese_is_compared_letter_by_letter():
    assert Piece(REMOVED, "二") in word_diff("每天吃二片药", "每天吃三片药")


def test_long_texts_are_compared_in_a_moment():
    before = "\n".join(f"line {n} of the contract says {n * 7 % 13}" for n in range(4_000))
    after = before.replace("says 5", "states five").replace("line 777 ", "")
    began = time.process_time()
    pieces = word_diff(before, after)
    assert time.process_time() - began < 5
    assert "".join(p.text for p in pieces if p.kind != ADDED) == before
    assert "".join(p.text for p in pieces if p.kind != REMOVED) == after


def test_long_stretches_that_stayed_are_cut():
    pieces = word_diff("a" * 10 + " word " * 100 + "end", "a" * 10 + " word " * 100 + "END")
    short = shortened(pieces, around=20)
    assert short[0].text.startswith("…")
    assert len(short[0].text) < 30
    assert short[1:] == [Piece(REMOVED, "end"), Piece(ADDED, "END")]


def test_blanks_beside_a_change_are_kept_and_words_whole():
    before = "some long words before it will water to can my use little from people"
    short = shortened(word_diff(before, before.replace("water", "wine")), around=16)
    assert short[0].text == "… before it will "
    assert short[-1].text == " to can my use …"


def record(*messages, **more):
    return json.dumps({"messages": [{"role": r, "content": c} for r, c in messages], **more})


BASE = record(("system", "Be kind."), ("user", "Hello"), ("assistant", "Good day."))


def test_equal_versions_have_no_changes():
    assert example_diff(BASE, BASE) == []


def test_a_changed_word_stands_in_its_message():
    after = record(("system", "Be kind."), ("user", "Hello"), ("assistant", "Good night."))
    (change,) = example_diff(BASE, after)
    assert change.heading == "Assistant message 3"
    assert change.pieces == [
        Piece(SAME, "Good "),
        Piece(REMOVED, "day"),
        Piece(ADDED, "night"),
        Piece(SAME, "."),
    ]


def test_added_and_removed_messages_are_named():
    after = record(("user", "Hello"), ("assistant", "Good day."), ("user", "Bye"))
    changes = example_diff(BASE, after)
    assert [(c.heading, c.note) for c in changes] == [
        ("System message 1", "removed"),
        ("User message 3", "added"),
    ]


def test_a_changed_role_says_what_it_was():
    after = record(("system", "Be kind."), ("assistant", "Hello"), ("assistant", "Good day."))
    (change,) = example_diff(BASE, after)
    assert (change.heading, change.note) == ("Assistant message 2", "was User")


def test_weights_and_tools_count_as_changes():
    before = '{"messages":[{"role":"assistant","content":"a","weight":1}],"tools":[]}'
    after = '{"messages":[{"role":"assistant","content":"a","weight":0}],"tools":[1]}'
    first, second = example_diff(before, after)
    assert first.heading == "Assistant message 1"
    assert "".join(p.text for p in first.pieces if p.kind != ADDED) == "a\nweight: 1"
    assert second.heading == "Tools"


def test_a_change_of_the_writing_alone_shows_the_record():
    (change,) = example_diff('{"messages": []}', '{"messages":[]}')
    assert change.heading == "Raw JSON"


def test_what_is_no_json_shows_the_record():
    (change,) = example_diff('{"messages": [}', '{"messages": []}')
    assert change.heading == "Raw JSON"
    assert Piece(ADDED, "]") in change.pieces
